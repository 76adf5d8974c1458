// A static host that sends no headers but the type.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".gz": "application/gzip",
};

export interface Host {
  /** Ends in a slash. */
  url: string;
  close(): Promise<void>;
}

/** Serves `folder` under /some/folder/, on `port` if given. */
export async function serve(folder: string, port = 0): Promise<Host> {
  const prefix = "/some/folder/";
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    let path = pathname.startsWith(prefix) ? join(folder, normalize(`/${decodeURIComponent(pathname.slice(prefix.length))}`)) : "";
    if (path.endsWith("/")) path += "index.html";
    if (!path || !existsSync(path) || !statSync(path).isFile()) {
      response.writeHead(404).end("not found");
      return;
    }
    response.writeHead(200, { "Content-Type": TYPES[extname(path)] ?? "application/octet-stream" });
    createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}${prefix}`;
  return {
    url,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
