// Bytes that may be gzipped.

import { EigenscopeError, FormatError } from "../errors.ts";
import type { Source } from "./tensors.ts";

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

/** Numbers hardly shrink: what grows more than this, beyond 64 MiB, is no model. */
const LARGEST_RATIO = 100;

/** What is in a gzipped model, at most 2 GiB. */
export async function gunzippedModel(source: Source, name: string): Promise<Uint8Array> {
  const blob = source instanceof Uint8Array ? new Blob([source as Uint8Array<ArrayBuffer>]) : source;
  const limit = Math.min(2 ** 31, Math.max(2 ** 26, LARGEST_RATIO * blob.size));
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    const reader = blob.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      pieces.push(step.value);
      size += step.value.length;
      if (size > limit) {
        await reader.cancel();
        throw new FormatError(`${name}: inflates to more than ${limit} bytes`);
      }
    }
  } catch (error) {
    if (error instanceof EigenscopeError) throw error;
    throw new FormatError(`${name}: damaged gzip data (${(error as Error).message})`);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
