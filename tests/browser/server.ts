// A static server on this machine: folders, and pages in memory.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

/** Of the repository, ends in a slash. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".gz": "application/gzip",
};

export interface Page {
  body: string | Uint8Array;
  headers?: Record<string, string>;
}

export interface Content {
  /** What stands before the path in a folder, and the folder; the first that has the file gives it. */
  folders?: [prefix: string, folder: string][];
  /** By path, or by path and query. */
  pages?: Record<string, Page>;
  /** Sent with everything, or with a path. */
  headers?: Record<string, string> | ((path: string) => Record<string, string>);
}

export interface Site {
  /** At localhost, without a slash at its end. */
  origin: string;
  /** The same by the address: to a browser another site. */
  elsewhere: string;
  port: number;
  pages: Map<string, Page>;
  /** The paths that were asked for. */
  asked: string[];
  close(): Promise<void>;
}

/** Serves until closed, on a free port if none is given. */
export async function serve({ folders = [], pages: given = {}, headers = {} }: Content, port = 0): Promise<Site> {
  const pages = new Map(Object.entries(given));
  const asked: string[] = [];
  const find = async (path: string, query: string): Promise<Page | undefined> => {
    const page = pages.get(path + query) ?? pages.get(path);
    if (page) return page;
    for (const [prefix, folder] of folders) {
      if (!path.startsWith(prefix)) continue;
      const body = await readFile(join(folder, path.slice(prefix.length))).catch(() => undefined);
      if (body) return { body };
    }
    return undefined;
  };
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url!, "http://localhost");
    const path = normalize(decodeURIComponent(pathname)) + (pathname.endsWith("/") ? "index.html" : "");
    asked.push(path);
    const page = await find(path, search);
    const type = page ? TYPES[extname(path)] ?? "application/octet-stream" : TYPES[".html"];
    const sent = typeof headers === "function" ? headers(path) : headers;
    response.writeHead(page ? 200 : 404, { "Content-Type": type, ...sent, ...page?.headers });
    response.end(page?.body ?? "<!doctype html><title>404</title>no such file");
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
  return {
    origin: `http://localhost:${port}`,
    elsewhere: `http://127.0.0.1:${port}`,
    port,
    pages,
    asked,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
