// Model files that make_models.py wrote, and what they hold.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { FormatError } from "../bindings/errors.ts";
import type { ModelFile } from "../bindings/io/index.ts";

/** In memory of its own, so that a test may change it. */
export const readModel = (name: string) => new Uint8Array(readFileSync(new URL(`./fixtures/models/${name}`, import.meta.url)));

const expected = JSON.parse(readFileSync(new URL("./fixtures/models/expected.json", import.meta.url), "utf8")) as
  Record<string, Record<string, { shape: number[]; data: number[] }>>;

/** Names, shapes and every number are those of `file` in expected.json. */
export async function assertModel({ tensors }: ModelFile, file: string): Promise<void> {
  const wanted = expected[file]!;
  assert.deepEqual(tensors.map(({ name }) => name).sort(), Object.keys(wanted).sort());
  for (const tensor of tensors) {
    const { shape, data } = wanted[tensor.name]!;
    assert.deepEqual(tensor.shape, shape, tensor.name);
    assert.deepEqual([...(await tensor.data())], data, tensor.name);
  }
}

/** What is refused is so with one line that starts with the file's name. */
export async function assertRefused(call: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(call, (error: Error) => {
    assert.ok(error instanceof FormatError, String(error));
    assert.match(error.message, message);
    assert.match(error.message, /^[^\n:]+: [^\n]+$/);
    return true;
  });
}

/** A Blob that counts what is read of it. */
export function countingBlob(bytes: Uint8Array<ArrayBuffer>): { blob: Blob; read(): number } {
  const blob = new Blob([bytes]);
  let read = 0;
  const slice = blob.slice.bind(blob);
  blob.slice = (start, end) => {
    read += end! - start!;
    return slice(start, end);
  };
  return { blob, read: () => read };
}
