// Powers of two that bring numbers of extreme size to order 1.

import type { Runtime } from "../core/runtime.ts";
import type { Placed } from "./matrix.ts";

/** Numbers within 2^±HARMLESS are left as they are. */
const HARMLESS = 300;

/** The largest |x|. */
export function largestOf(data: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(data[i]!));
  return largest;
}

/** The e with 2ᵉ ≤ largest < 2ᵉ⁺¹, or 0 if that is harmless; NaN and infinity are left to other checks. */
export function extremeExponent(largest: number): number {
  const e = largest > 0 && largest < Infinity ? Math.floor(Math.log2(largest)) : 0;
  return Math.abs(e) > HARMLESS ? e : 0;
}

/** 2ᵉ at e + 1074, where it is neither zero nor infinite. */
const POWERS = Float64Array.from({ length: 2098 }, (_, i) => 2 ** (i - 1074));

const power = (e: number) => POWERS[Math.max(-1074, Math.min(1023, e)) + 1074]!;

/** x·2ᵉ with one rounding at most, also where 2ᵉ is out of range. */
export function timesPowerOfTwo(x: number, e: number): number {
  const half = Math.trunc(e / 2);
  return x * power(half) * power(e - half);
}

/** A := A·2ᵉ in wasm memory, for a matrix of f64. */
export function scalePlaced(rt: Runtime, { at, rows, stride }: Placed, e: number): void {
  if (e === 0) return;
  const view = rt.memory.f64(at, rows * stride);
  for (let i = 0; i < view.length; i++) view[i] = timesPowerOfTwo(view[i]!, e);
}

/** The power of two that brings x > 0 near 1, and whose inverse is a number too; 1 for 0. */
export function powerNear(x: number): number {
  return x === 0 ? 1 : 2 ** -Math.max(-1022, Math.min(1022, Math.floor(Math.log2(x))));
}
