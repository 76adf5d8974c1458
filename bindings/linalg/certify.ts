// certify.lambdaMin: an interval that is proved to hold the smallest eigenvalue of a symmetric matrix.
//
//    lower   the largest tried s for which the Cholesky factorization of A − sI, its diagonal damped by
//            as much as all roundings together can amount to, runs to its end: then A − sI is positive
//            semidefinite in exact arithmetic
//    upper   the Rayleigh quotient of a vector, all roundings added
//
// Any s and any vector give valid bounds; inverse Lanczos finds good ones. The proof, with every
// constant below, is docs/certificate.md. Numbers in the comments (§) are its sections.
//
// Based on: S. M. Rump, Verification of positive definiteness, BIT 46, 2006.

import { ConvergenceError, ShapeError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { pushEmpty, pushSymmetric, toSquare, type MatrixLike, type Placed } from "./matrix.ts";
import { extremeExponent, largestOf, timesPowerOfTwo } from "./scale.ts";

export interface Certificate {
  /** The best approximation of λ_min; lower ≤ lambdaMin ≤ upper. */
  lambdaMin: number;
  /** lower ≤ λ_min ≤ upper holds for the exact matrix. */
  lower: number;
  upper: number;
  /** A unit vector whose Rayleigh quotient is lambdaMin. */
  vector: Float64Array;
  info: CertificateInfo;
}

export interface CertificateInfo {
  /** Cholesky factorizations tried. */
  factorizations: number;
  /** Steps of inverse Lanczos. */
  steps: number;
  /** Whether the vector reached its tolerance. The interval is valid in any case. */
  converged: boolean;
}

/** What the given matrix Â has to do with the exact one, A. */
export interface Model {
  /** |aᵢⱼ − âᵢⱼ| ≤ error·√(âᵢᵢ·âⱼⱼ) for all i, j. */
  error: number;
  /** A is known to be positive semidefinite. */
  semidefinite: boolean;
}

/** Half the distance from 1 to the next f64. */
const U = 2 ** -53;
/** More than all underflows together, for matrices with largest elements in [2⁻³⁰⁰, 2³⁰⁰]. §4 */
const TINY = 2 ** -880;

const LANCZOS_STEPS = 40;
const LANCZOS_TOL = 1e-7;
/** Rounds of inverse Lanczos, each from a closer shift. */
const ROUNDS = 4;
/** Shifts tried in a round, each 16 times as far below the estimate as the one before. */
const TRIES = 16;

/** At least one f64 above x, so also above anything that was rounded to x. */
export const up = (x: number) => x + (Math.abs(x) * 2 ** -52 + Number.MIN_VALUE);
/** At least one f64 below x. */
export const down = (x: number) => x - (Math.abs(x) * 2 ** -52 + Number.MIN_VALUE);
/** An upper bound of γ_k = ku/(1 − ku). */
const gamma = (k: number) => up(up(k * U) / down(1 - k * U));

/**
 * λ_min of the symmetric matrix whose lower triangle A holds, enclosed. Any matrix has an answer: where
 * λ_min is closer to 0 than rounding errors reach, lower is below 0.
 */
export function lambdaMin(rt: Runtime, A: MatrixLike): Certificate {
  const given = toSquare("certify.lambdaMin", "A", A);
  const n = given.rows;
  if (n === 0) throw new ShapeError("certify.lambdaMin: A is 0×0, it has no eigenvalues");
  return rt.memory.scope(() => {
    // far from 1 the matrix is scaled by a power of two; NaN is left to pushSymmetric
    const exponent = extremeExponent(largestOf(given.data));
    const placed = pushSymmetric(rt, "certify.lambdaMin", "A", exponent === 0 ? given : {
      ...given, data: given.data.map((x) => timesPowerOfTwo(x, -exponent)),
    });
    return scaleCertificate(enclose(rt, "certify.lambdaMin", placed, { error: 0, semidefinite: false }), exponent);
  });
}

/** The certificate of 2ᵉ·A from that of A. */
export function scaleCertificate(of: Certificate, e: number): Certificate {
  if (e === 0) return of;
  // exact but for what over- or underflows
  const bound = (x: number, outwards: number) => {
    const scaled = timesPowerOfTwo(x, e);
    return x !== 0 && Math.abs(scaled) < 2 ** -1022 ? scaled + 2 * outwards * Number.MIN_VALUE : scaled;
  };
  const lower = bound(of.lower, -1);
  return {
    ...of,
    lambdaMin: timesPowerOfTwo(of.lambdaMin, e),
    lower: Math.min(of.lower >= 0 ? Math.max(0, lower) : lower, Number.MAX_VALUE),
    upper: Math.max(bound(of.upper, 1), -Number.MAX_VALUE),
  };
}

/** The certificate for Â in wasm memory; its lower triangle is read. Â is not changed. */
export function enclose(rt: Runtime, fn: string, A: Placed, model: Model): Certificate {
  const { kernels, memory } = rt;
  const n = A.rows;
  const given = memory.f64(A.at, n * A.stride);
  const diagonal = Float64Array.from({ length: n }, (_, i) => given[i * (A.stride + 1)]!);
  const B = pushEmpty(rt, fn, n, n);
  const choleskyWork = memory.push(kernels.cholesky_work_f64(n), `${fn}: workspace`);
  const lanczosWork = memory.push(kernels.lanczos_inverse_work_f64(n, LANCZOS_STEPS), `${fn}: workspace`);
  const formWork = memory.push(kernels.quadratic_form_work_f64(n), `${fn}: workspace`);
  const vectorAt = memory.push(8 * n, `${fn}: workspace`);
  const out = memory.push(24, `${fn}: workspace`);
  const info: CertificateInfo = { factorizations: 0, steps: 0, converged: false };

  // §1: relative damping of the diagonal that outweighs the roundings of Cholesky; §3: and those of Â
  const choleskyError = up(n * up(gamma(n + 1) / down(1 - gamma(n + 1))));
  const matrixError = up(n * model.error);
  const damp = down(1 - up(choleskyError + 3 * U));
  const keep = model.error === 0 ? 1 : down(1 - up(matrixError + 2 * U));

  /** Whether A − sI is proved to be positive semidefinite (up to TINY); then B holds its factor. */
  const factor = (s: number): boolean => {
    // mostly there are two
    const [from, to] = info.factorizations++ === 0 ? [0, 0.45] as const : [0.55, 1] as const;
    rt.checkAborted(kernels.shift_diagonal_f64(n, A.at, A.stride, keep, s, damp, B.at, B.stride));
    return rt.checkAborted(kernels.cholesky_f64(n, B.at, B.stride, from, to, choleskyWork)) === 0;
  };

  // a shift to start from: 0, or as far below it as is needed
  let largest = 0;
  for (const x of diagonal) largest = Math.max(largest, Math.abs(x));
  let shift = 0;
  let lower = -Infinity;
  if (factor(0)) {
    lower = 0;
  } else {
    memory.f64(vectorAt, n).fill(1);
    rt.checkAborted(kernels.quadratic_form_f64(n, A.at, A.stride, vectorAt, out, formWork));
    const norm = memory.f64(out, 3)[1]!; // Σ|aᵢⱼ|
    if (norm === 0) return { lambdaMin: 0, lower: 0, upper: 0, vector: unit(n, 0), info: { ...info, converged: true } };
    const floor = -1.125 * norm; // there A − floor·I has eigenvalues over norm/8
    shift = -8 * (choleskyError + matrixError) * Math.max(largest, norm / n);
    while (!factor(shift)) {
      if (shift <= floor) throw new ConvergenceError(`${fn}: no shift makes the ${n}×${n} matrix positive definite`);
      shift = Math.max(4096 * shift, floor);
    }
    lower = shift;
  }

  let quotient!: Quotient;
  let vector!: Float64Array;
  let lambda = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const reached = kernels.lanczos_inverse_f64(n, B.at, B.stride, LANCZOS_STEPS, LANCZOS_TOL, vectorAt, out, lanczosWork);
    info.converged = rt.checkAborted(reached) === 0;
    const [value, residual, steps] = memory.f64(out, 3) as unknown as [number, number, number];
    info.steps += steps;
    rt.checkAborted(kernels.quadratic_form_f64(n, A.at, A.stride, vectorAt, out, formWork));
    const [form, size, square] = memory.f64(out, 3) as unknown as [number, number, number];
    quotient = { form, size, square };
    vector = memory.f64(vectorAt, n).slice();
    lambda = form / square;
    if (!Number.isFinite(lambda)) { // the inverse overflowed: a unit vector will do
      const least = diagonal.indexOf(diagonal.reduce((x, y) => Math.min(x, y)));
      vector = unit(n, least);
      lambda = diagonal[least]!;
      quotient = { form: lambda, size: Math.abs(lambda), square: 1 };
    }

    // what the damping costs at this vector; the largest shift that leaves room for it and a little more,
    // and if it does not hold, for the error of the eigenvalue as well
    let weight = 0;
    for (let i = 0; i < n; i++) weight += diagonal[i]! * vector[i]! ** 2;
    const cost = (choleskyError + 4 * U) * Math.max(0, weight - lambda) + matrixError * weight
      + U * (Math.abs(lambda) + U * Math.abs(shift));
    const reach = (lambda - shift) * (residual / value || 0);
    let margin = info.converged ? cost / 16 : reach;
    let proved = false;
    for (let tries = 0; tries < TRIES && !proved; tries++) {
      const s = lambda - cost - margin;
      if (!(s > lower) || (model.semidefinite && s <= 0)) break;
      proved = factor(s);
      if (proved) lower = shift = s;
      else margin = Math.max(16 * margin, cost, reach);
    }
    if (!proved) break;
    if (margin <= cost) break; // as good as it gets; otherwise B now holds a factor to start closer from
  }

  lower = down(lower - TINY);
  if (model.semidefinite) lower = Math.max(0, lower);
  const upper = upperBound(quotient, vector, diagonal, model);
  return { lambdaMin: Math.min(Math.max(lambda, lower), upper), lower, upper, vector, info };
}

/** vᵀÂv, |v|ᵀ|Â||v| and vᵀv as computed. */
interface Quotient {
  form: number;
  size: number;
  square: number;
}

/** §5: the Rayleigh quotient of v in A with all roundings added, or a diagonal element if that is less. */
function upperBound({ form, size, square }: Quotient, v: Float64Array, diagonal: Float64Array, model: Model): number {
  const n = v.length;
  const g = gamma(Math.ceil(n / 8) + Math.ceil(n / 32) + 48);
  let root = 0; // Σ √aᵢᵢ·|vᵢ|
  let least = Infinity;
  for (let i = 0; i < n; i++) {
    const a = diagonal[i]!;
    least = Math.min(least, model.error === 0 ? a : up(up(a * up(1 + model.error)) + TINY));
    if (model.error > 0) root = up(root + up(up(Math.sqrt(a)) * Math.abs(v[i]!)));
  }
  const rounding = up(up(g * size) / down(1 - g));
  const numerator = up(up(form + rounding) + up(up(model.error * up(root * root)) + TINY));
  const quotient = numerator >= 0 ? up(up(numerator * up(1 + g)) / square) : up(up(numerator * down(1 - g)) / square);
  return Math.min(quotient, least);
}

function unit(n: number, i: number): Float64Array {
  const e = new Float64Array(n);
  e[i] = 1;
  return e;
}
