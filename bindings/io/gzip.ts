// Bytes that may be gzipped.

import { FormatError } from "../errors.ts";

export const isGzip = (bytes: Uint8Array) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** What is in a gzipped file, or the bytes of any other as they are. */
export async function gunzipped(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  if (!isGzip(bytes)) return bytes;
  const inflated = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("gzip"));
  try {
    return new Uint8Array(await new Response(inflated).arrayBuffer());
  } catch (error) {
    throw new FormatError(`${name}: damaged gzip data (${(error as Error).message})`);
  }
}
