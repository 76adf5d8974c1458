// hinf.lambdaMin: an interval that is proved to hold λ_min of the exact H∞ of the given rows.

import { ShapeError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { enclose, scaleCertificate, up, type Certificate, type CertificateInfo } from "../linalg/certify.ts";
import { toMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import { placeExact, type SpecialRows } from "./exact.ts";

export interface HinfCertificate extends Certificate {
  info: CertificateInfo & SpecialRows;
}

/**
 * λ_min(H∞) ∈ [lower, upper] for the rows of X (n×d) as they are, every rounding counted: those of
 * forming H∞ too (docs/certificate.md). lower is never negative, since H∞ is positive semidefinite.
 * A zero row, or two rows of which one is exactly a positive multiple of the other: [0, 0].
 */
export function lambdaMin(rt: Runtime, X: MatrixLike): HinfCertificate {
  const fn = "hinf.lambdaMin";
  const given = toMatrix(fn, "X", X);
  const { rows: n, cols: d } = given;
  if (n === 0) throw new ShapeError(`${fn}: X has no rows`);
  return rt.memory.scope(() => {
    // scaled so that the largest element is in [1, 2)
    let largest = 0;
    for (const x of given.data) largest = Math.max(largest, Math.abs(x));
    const shift = largest > 0 && largest < Infinity ? exponent(largest) : 0;
    const { placed, special } = placeExact(rt, fn, given, shift);
    const zeroVector = nullVector(given, special);
    if (zeroVector) {
      const info = { factorizations: 0, steps: 0, converged: true, ...special };
      return { lambdaMin: 0, lower: 0, upper: 0, vector: zeroVector, info };
    }
    // §2 of the proof: the error of an entry, relative to √(hᵢᵢ·hⱼⱼ) = |xᵢ||xⱼ|/2
    const error = up((1.5 * d + 17) * 2 ** -53);
    const certificate = scaleCertificate(enclose(rt, fn, placed, { error, semidefinite: true }), 2 * shift);
    return { ...certificate, info: { ...certificate.info, ...special } };
  });
}

/** ⌊log₂ x⌋. */
function exponent(x: number): number {
  let e = Math.floor(Math.log2(x));
  while (2 ** e > x) e--;
  while (2 ** (e + 1) <= x) e++;
  return e;
}

/** A unit vector v with H∞·v = 0 for a zero row, or for two rows exactly in the same direction. */
function nullVector(X: Matrix, { zeroRows, parallelRows }: SpecialRows): Float64Array | undefined {
  const v = new Float64Array(X.rows);
  if (zeroRows.length > 0) {
    v[zeroRows[0]!] = 1;
    return v;
  }
  const seen = new Map<string, number>();
  for (const pair of parallelRows) {
    for (const j of pair) {
      const key = direction(X.data.subarray(j * X.cols, (j + 1) * X.cols));
      const i = seen.get(key) ?? j;
      if (i !== j) {
        // xⱼ = c·xᵢ makes row j of H∞ c times row i
        const k = X.data.subarray(i * X.cols, (i + 1) * X.cols).findIndex((x) => x !== 0);
        const c = X.data[j * X.cols + k]! / X.data[i * X.cols + k]!;
        v[i] = 1 / Math.hypot(1, 1 / c);
        v[j] = -1 / Math.hypot(1, c);
        return v;
      }
      seen.set(key, j);
    }
  }
  return undefined;
}

/** The direction of a row as the smallest whole numbers that have it: equal if and only if the directions are. */
function direction(row: ArrayLike<number>): string {
  const numbers = Array.from(row, toInteger);
  let divisor = 0n;
  for (const x of numbers) divisor = gcd(divisor, x);
  return numbers.map((x) => x / divisor).join();
}

/** x·2¹⁰⁷⁴, a whole number for every finite f64. */
function toInteger(x: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Math.abs(x));
  const word = bits.getBigUint64(0);
  const exponent = word >> 52n;
  const fraction = word & ((1n << 52n) - 1n);
  const magnitude = exponent === 0n ? fraction : (fraction | (1n << 52n)) << (exponent - 1n);
  return x < 0 ? -magnitude : magnitude;
}

function gcd(a: bigint, b: bigint): bigint {
  if (b < 0n) b = -b;
  while (b) [a, b] = [b, a % b];
  return a;
}
