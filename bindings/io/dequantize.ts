// Numbers from whole ones that have more than one scale: along an axis, or of blocks along it.

import { decodeTensor, elementCount } from "./decode.ts";
import type { StoredTensor, TensorData } from "./tensors.ts";

/** scale·(q − zero) in f32; `block`: how many along the axis have a scale together, 0 if each has its own for all of its numbers. */
export function dequantized(
  codes: StoredTensor, scale: TensorData, zero: TensorData | undefined, { axis, block }: { axis: number; block: number },
): StoredTensor {
  const { shape } = codes;
  const values = Float32Array.from(decodeTensor(codes));
  const length = shape[axis]!;
  const inner = elementCount(shape.slice(axis + 1));
  const blocks = block ? Math.ceil(length / block) : 0;
  for (let run = 0; run * inner < values.length; run++) {
    const k = run % length;
    const outer = (run - k) / length;
    for (let i = 0; i < inner; i++) {
      const s = block ? (outer * blocks + Math.floor(k / block)) * inner + i : k;
      values[run * inner + i] = scale[s]! * (values[run * inner + i]! - (zero?.[s] ?? 0));
    }
  }
  return { shape, dtype: "f32", bytes: new Uint8Array(values.buffer) };
}
