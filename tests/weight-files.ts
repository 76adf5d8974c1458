// Model files that tests of the analysis write: layers of given numbers, as safetensors.

import { uniform } from "./harness.ts";

export interface Numbers {
  shape: number[];
  data: ArrayLike<number>;
}

/** A safetensors file of f64 tensors. */
export function safetensors(tensors: Record<string, Numbers>): Buffer {
  let at = 0;
  const header = Object.fromEntries(Object.entries(tensors).map(([name, { shape, data }]) =>
    [name, { dtype: "F64", shape, data_offsets: [at, (at += 8 * data.length)] }]));
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...Object.values(tensors).map(({ data }) => Buffer.from(Float64Array.from(data).buffer))]);
}

export const fill = (shape: number[], of: (e: number) => number): Numbers =>
  ({ shape, data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, e) => of(e)) });
/** diag(1, …, 10), whose numbers are published. */
export const diagonal = fill([10, 10], (e) => (e % 11 === 0 ? e / 11 + 1 : 0));

/** Numbers of a bell's shape, the same at each run. */
export function noiseOf(seed: number): (shape: number[], scale?: number) => Numbers {
  const next = uniform(seed);
  return (shape, scale = 1) => fill(shape, () => scale * (next() + next() + next() - 1.5));
}
