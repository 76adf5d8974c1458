// The data of `src`: fetched, recognised by content; every failure says what happened and what to do.

import { FileError, FormatError } from "../errors.ts";
import { parseMatrix, type ParsedMatrix } from "../io/index.ts";
import { absolute } from "./settings.ts";

/** The matrix at `src`, relative to `base`. */
export async function loadMatrix(src: string, base: string, signal: AbortSignal): Promise<ParsedMatrix> {
  const url = absolute("src", src, base);
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await fetch(url, { signal });
    bytes = response.ok ? new Uint8Array(await response.arrayBuffer()) : new Uint8Array();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new FileError(`${src}: could not be fetched (${(error as Error).message}): ${remedy(url, base)}`);
  }
  if (!response.ok) throw new FileError(`${src}: the server answered ${response.status}${response.statusText && ` ${response.statusText}`}`);
  if (bytes.length === 0) throw new FormatError(`${src}: is empty, expected .npy, .npz, .csv, .csv.gz or .idx`);
  if (isHtml(bytes)) {
    throw new FormatError(`${src}: the server answered with an HTML page, expected .npy, .npz, .csv, .csv.gz or .idx: is the URL right?`);
  }
  return parseMatrix(bytes, src);
}

/** A browser does not tell a script why it got nothing. */
function remedy(url: string, base: string): string {
  const { origin, protocol } = new URL(url);
  if (protocol === "file:") return "a page cannot fetch from file:, serve it by HTTP or set the property data";
  if (origin === new URL(base).origin) return "is the network there, and does the page's Content-Security-Policy (connect-src) allow it?";
  return `${origin} must send Access-Control-Allow-Origin, and the page's Content-Security-Policy (connect-src) must allow it`;
}

/** Does it begin as a document does? No format of numbers begins with "<". */
function isHtml(bytes: Uint8Array): boolean {
  return /^\s*<(!|\?|[a-z])/i.test(new TextDecoder().decode(bytes.subarray(0, 256)));
}
