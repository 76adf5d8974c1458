// A site of its own for each test: pages and data given as text, the built package under dist/, as static hosts do.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

export interface Page {
  body: string | Uint8Array;
  headers?: Record<string, string>;
  status?: number;
}

export interface Site {
  origin: string;
  /** What it gives besides files of the package, by path. */
  pages: Map<string, Page>;
  /** The paths that were asked for. */
  asked: string[];
  close(): Promise<void>;
}

/** Starts a site; `headers` go with every file. */
export async function startSite(headers: Record<string, string> = {}): Promise<Site> {
  const pages = new Map<string, Page>();
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url!, "http://x").pathname);
    asked.push(path);
    const page = pages.get(path);
    try {
      if (!page && !/^\/(dist|examples)\//.test(path)) throw new Error("not of the site");
      const body = page ? page.body : await readFile(join(ROOT, path));
      const type = page ? TYPES[".html"]! : TYPES[extname(path)] ?? "application/octet-stream";
      response.writeHead(page?.status ?? 200, { "Content-Type": type, ...headers, ...page?.headers }).end(body);
    } catch {
      response.writeHead(404, { "Content-Type": "text/html", ...headers }).end("<!doctype html><title>404</title>");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pages,
    asked,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
