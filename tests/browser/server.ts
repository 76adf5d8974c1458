// The files of the package, and a page that runs the contract against them, as a server of any site would
// give them: each place under a path of its own with headers of its own.

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { bundle, ROOT } from "./bundle.ts";
import { places, type Place } from "./places.ts";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};
const page = (script: string) => `<!doctype html><meta charset="utf-8"><title>contract</title><script type="module" src="${script}"></script>`;
const START_WORKER = `new Worker("page.js", { type: "module" });`;

export interface Server {
  /** Where a place's page is; in a frame, where the page around it is. */
  url(place: Place): string;
  close(): Promise<void>;
}

/** Serves every place on this machine, until closed. */
export async function serve(): Promise<Server> {
  const script = await bundle("tests/browser/page.ts", "./");
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    const [, path, ...rest] = normalize(pathname).split("/");
    const place = places.find((p) => p.path === path);
    const file = rest.join("/");
    const send = (body: string | Buffer, status = 200) =>
      response.writeHead(status, { "Content-Type": TYPES[extname(file)] ?? "text/plain", "Cache-Control": "no-store", ...place?.headers }).end(body);
    if (!place) send("no such place", 404);
    else if (file === "page.html") send(page(place.inWorker ? "start.js" : "page.js"));
    else if (file === "page.js") send(script);
    else if (file === "start.js") send(START_WORKER);
    else if (file === "around.html") send(around(place, port));
    else if (file.startsWith("dist/")) await readFile(join(ROOT, file)).then(send, () => send("no such file", 404));
    else send("no such file", 404);
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (place) => place.framed
      ? `http://127.0.0.1:${port}/${place.path}/around.html`
      : `http://localhost:${port}/${place.path}/page.html`,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

/** A page of another site (127.0.0.1 to localhost) with the place's page in a frame. */
function around({ path, framed }: Place, port: number): string {
  return `<!doctype html><meta charset="utf-8"><title>around</title>` +
    `<iframe allow="${framed?.allow ?? ""}" src="http://localhost:${port}/${path}/page.html"></iframe>`;
}
