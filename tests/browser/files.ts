// The package's files as a server might give them, well or badly: the query of a URL says how.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ROOT } from "./bundle.ts";

/** In place of what a good server sends. */
export interface Answer {
  type?: string;
  headers?: Record<string, string>;
  /** Only so many bytes. */
  length?: number;
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>loading</title><script type="module" src="page.js"></script>`;

const SCRIPTS: Record<string, string> = {
  // tries an engine: what it says of itself and computes, or its error
  "/page.js": `
    import { createEngine } from "./dist/index.js";
    globalThis.runCase = async (options) => {
      try {
        const es = await createEngine(await options());
        const values = [...await es.linalg.eigvalsh([[2, 1], [1, 2]])];
        await es.close();
        return { info: es.info, values };
      } catch ({ code, message }) {
        return { code, message };
      }
    };
    globalThis.runCore = (options, url) => new Promise((resolve) => {
      const worker = new Worker(url, { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = () => resolve({ message: "the worker of the test did not start" });
      worker.postMessage(options);
    });`,
  // the same with a core in a worker
  "/core.js": `
    import { createCore } from "./dist/core.js";
    onmessage = async ({ data: options }) => {
      try {
        const la = await createCore(options);
        const values = [...la.eigvalsh([[2, 1], [1, 2]])];
        la.close();
        postMessage({ info: { threads: la.threads }, values });
      } catch ({ code, message }) {
        postMessage({ code, message });
      }
    };`,
};

const TYPES: Record<string, string> = { html: "text/html", js: "text/javascript", wasm: "application/wasm" };

export interface Files {
  /** The URL of a file that is answered so. */
  at(path: string, answer?: Answer): string;
  /** The same on another origin. */
  elsewhere(path: string, answer?: Answer): string;
  close(): void;
}

export async function serveFiles(): Promise<Files> {
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://localhost");
    const { type, headers, length } = JSON.parse(searchParams.get("answer") ?? "{}") as Answer;
    const body = pathname === "/page.html" ? Buffer.from(PAGE)
      : SCRIPTS[pathname] ? Buffer.from(SCRIPTS[pathname])
        : pathname.startsWith("/dist/") ? await readFile(join(ROOT, pathname)).catch(() => undefined) : undefined;
    if (!body) return response.writeHead(404, { "Content-Type": "text/html" }).end("<!doctype html>no such file");
    const ending = pathname.split(".").at(-1)!;
    // a page of no origin may load scripts too
    const foreign = ending === "js" ? { "Access-Control-Allow-Origin": "*" } : {};
    response.writeHead(200, { "Content-Type": type ?? TYPES[ending] ?? "text/plain", ...foreign, ...headers });
    response.end(body.subarray(0, length));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const on = (host: string) => (path: string, answer?: Answer) =>
    `http://${host}:${port}/${path}${answer ? `?answer=${encodeURIComponent(JSON.stringify(answer))}` : ""}`;
  return {
    at: on("localhost"),
    elsewhere: on("127.0.0.1"),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
