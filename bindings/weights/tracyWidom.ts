// The Tracy–Widom law for β = 1: that of the largest eigenvalue of a real noise matrix, centred and scaled.
//
// Based on: Ferrari & Spohn, A determinantal formula for the GOE Tracy–Widom distribution, 2005; Bornemann, On the
// numerical evaluation of distributions in random matrix theory, 2010; Ma, Accuracy of the Tracy–Widom limits for the
// extreme eigenvalues in white Wishart matrices, 2012 (centring and scaling).
//
// F₁(s) = det(1 − K) on L²(s, ∞) with K(x, y) = ½·Ai((x + y)/2). Gauss–Legendre with m points turns it into a determinant
// of an m×m matrix; the kernel is entire, so that this converges exponentially.
//
// Limits: the error is absolute. Below 1e-14 the probabilities have no correct digit.

import type { Runtime } from "../core/runtime.ts";
import { OptionError } from "../errors.ts";
import { gaussLegendre } from "../linalg/gaussLegendre.ts";
import { slogdet, solve } from "../linalg/solve.ts";
import { airyAi } from "./airy.ts";

/** Where (x + y)/2 is above 13 the kernel is below Ai(13)/2 = 2e-15. 32 points suffice for s ≥ −10, 40 for s ≥ −12. */
const REACH = 13;
const POINTS = 40;

/** F₁(−12) = 1e-34, 1 − F₁(13) = 1e-16. */
const START = -12;
const END = REACH;

/** What quantiles are given for: outside, F₁ has too few digits. */
const SMALLEST = 1e-10;

let legendre: [number, number][] | undefined;

/** 1 − K at the points of [s, 2·13 − s], and K between s and these. */
function discretize(s: number) {
  legendre ??= gaussLegendre(POINTS);
  const half = REACH - s;
  const x = legendre.map(([node]) => s + half * (node + 1));
  const root = legendre.map(([, weight]) => Math.sqrt(half * weight));
  const data = new Float64Array(POINTS * POINTS);
  for (let i = 0; i < POINTS; i++) {
    for (let j = 0; j <= i; j++) {
      const k = 0.5 * root[i]! * root[j]! * airyAi((x[i]! + x[j]!) / 2);
      data[i * POINTS + j] = data[j * POINTS + i] = (i === j ? 1 : 0) - k;
    }
  }
  const edge = Float64Array.from(x, (y, i) => 0.5 * root[i]! * airyAi((s + y) / 2));
  return { matrix: { data, rows: POINTS, cols: POINTS }, edge };
}

function checkNumber(fn: string, s: unknown): asserts s is number {
  if (typeof s !== "number" || Number.isNaN(s)) throw new OptionError(`${fn}: s is ${String(s)}, expected a number`);
}

/**
 * F₁(s) = P(TW₁ ≤ s), the Tracy–Widom distribution for β = 1, to 1e-14 absolute: 0 below −12, 1 above 13. For an n×m
 * matrix W of independent N(0, σ²) numbers, P(λ_max(WᵀW)/σ² ≤ μ + s·τ) → F₁(s) with μ = a², a = √(n − ½) + √(m − ½),
 * τ = a·(1/√(n − ½) + 1/√(m − ½))^⅓.
 */
export function tracyWidomCdf(rt: Runtime, s: number): number {
  checkNumber("weights.tracyWidomCdf", s);
  if (s <= START) return 0;
  if (s >= END) return 1;
  const { sign, logabsdet } = slogdet(rt, discretize(s).matrix);
  return Math.min(1, Math.max(0, sign * Math.exp(logabsdet)));
}

/**
 * The density F₁′(s), to 1e-13 absolute. d ln det(1 − K)/ds is the resolvent K·(1 − K)⁻¹ at (s, s).
 */
export function tracyWidomPdf(rt: Runtime, s: number): number {
  checkNumber("weights.tracyWidomPdf", s);
  return s <= START || s >= END ? 0 : valueAndSlope(rt, s).slope;
}

function valueAndSlope(rt: Runtime, s: number): { value: number; slope: number } {
  const { matrix, edge } = discretize(s);
  const { sign, logabsdet } = slogdet(rt, matrix);
  const value = sign * Math.exp(logabsdet);
  const y = solve(rt, matrix, edge);
  let resolvent = 0.5 * airyAi(s);
  for (let i = 0; i < POINTS; i++) resolvent += edge[i]! * y[i]!;
  return { value, slope: value * resolvent };
}

const logit = (p: number) => Math.log(p / (1 - p));

/**
 * The s with F₁(s) = p, 1e-10 ≤ p ≤ 1 − 1e-10, to 1e-14/F₁′(s): 0.97931605 for p = 0.95, 2.02344928 for 0.99. Newton's
 * method on ln(F₁/(1 − F₁)), which is nearly straight, kept within a bracket by bisection.
 */
export function tracyWidomQuantile(rt: Runtime, p: number): number {
  if (!(p >= SMALLEST && p <= 1 - SMALLEST)) {
    throw new OptionError(`weights.tracyWidomQuantile: p is ${String(p)}, expected a number from 1e-10 to 1 − 1e-10`);
  }
  let low = START;
  let high = END;
  let s = -1.2;
  for (let step = 0; step < 60; step++) {
    const { value, slope } = valueAndSlope(rt, s);
    if (value < p) low = s;
    else high = s;
    const newton = s + ((logit(p) - logit(value)) * value * (1 - value)) / slope;
    // the error after a step is of the order of its square
    if (Math.abs(newton - s) <= 1e-8) return newton;
    s = newton > low && newton < high ? newton : (low + high) / 2;
  }
  return s;
}
