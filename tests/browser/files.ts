// The package's files as a server might give them, well or badly.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, serve } from "./server.ts";

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
      setTimeout(() => resolve({ silent: true }), 20_000);
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

export interface Files {
  /** The URL of a file that is answered so. */
  at(path: string, answer?: Answer): string;
  /** The same on another origin. */
  elsewhere(path: string, answer?: Answer): string;
  close(): Promise<void>;
}

export async function serveFiles(): Promise<Files> {
  const pages = Object.fromEntries(Object.entries({ "/page.html": PAGE, ...SCRIPTS }).map(([path, body]) => [path, { body }]));
  const site = await serve({
    folders: [["/dist/", `${ROOT}dist`]],
    pages,
    // a page of no origin may load scripts too
    headers: (path): Record<string, string> => path.endsWith(".js") ? { "Access-Control-Allow-Origin": "*" } : {},
  });
  const on = (origin: string) => (path: string, { type, headers, length }: Answer = {}) => {
    if (!type && !headers && length === undefined) return `${origin}/${path}`;
    const query = `?${site.pages.size}`; // the file by another name, answered otherwise
    const body = Buffer.from(site.pages.get(`/${path}`)?.body ?? readFileSync(join(ROOT, path)));
    site.pages.set(`/${path}${query}`, {
      body: body.subarray(0, length),
      headers: { ...(type && { "Content-Type": type }), ...headers },
    });
    return `${origin}/${path}${query}`;
  };
  return { at: on(site.origin), elsewhere: on(site.elsewhere), close: site.close };
}
