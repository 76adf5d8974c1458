// The Hermite coefficients of an activation at the variances of the rows: what the instruction SERIES works with
// (assembly/kernel/series.ts), by Gauss–Legendre quadrature on panels, or exactly for polynomials.
//
// φ′ at the points of all panels, rows × points, times the weighted Hermite polynomials, points × terms, is one product of
// matrices. Only a panel that holds a kink is integrated apart, in pieces that end there.

import type { Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import { gaussLegendre } from "../linalg/gaussLegendre.ts";
import type { Activation } from "./activations.ts";
import { phiOf, powersOf, type Phi } from "./functions.ts";

/** Coefficients that are computed. */
export const TERMS = 256;

/** Standard deviations of the normal distribution that are integrated over at least, and at most. */
export const LEAST_DEVIATIONS = 9;
const MOST_DEVIATIONS = 13;

/** Panels on either side of 0 for a standard deviation, which follow the polynomials of degree 2·TERMS, and at most. */
const PANELS_PER_DEVIATION = 1.6;
const MOST_PANELS = 512;

/** Rows whose φ′ is computed between two looks at the abort word. */
const ROWS = 128;

/** Series end where what follows is this share of 𝔼 φ′². */
const NEGLIGIBLE = 1e-17;

/** Rows of the tables before those of the coefficients. */
export const MOMENTS = 3;

/** Which of b_k(p) = 𝔼 φ′(√p·z) h_k(z) are kept, k = 0, first, first + step, …; by the symmetry of φ the others are 0. */
export interface Degrees {
  first: number;
  step: number;
}

export function degreesOf(activation: Activation): Degrees {
  const { symmetry } = phiOf(activation);
  return { first: symmetry === "even" ? 2 : 1, step: symmetry ? 2 : 1 };
}

/** The degree of coefficient j. */
export const degree = ({ first, step }: Degrees, j: number) => (j === 0 ? 0 : first + (j - 1) * step);

/** How many coefficients an activation has at most. */
export function termsOf(activation: Activation): number {
  const powers = polynomial(activation);
  return powers ? Math.max(1, powers.length - 1) : TERMS;
}

/**
 * Where series go: MOMENTS + terms rows, stride `stride`, with a column for each variance p:
 * 𝔼 φ, 𝔼 φ², 𝔼 φ′², then the b that are kept. 𝔼 φ(√p·z) h_{k+1}(z) = √(p/(k + 1))·b_k.
 */
export interface SeriesTable {
  at: Pointer;
  stride: number;
  terms: number;
}

/** Fills a table with the series of √factor·φ at the variances; returns how many coefficients some of them need. */
export function fillTable(
  rt: Runtime, fn: string, activation: Activation, variances: Float64Array, factor: number, table: SeriesTable,
): number {
  const { at, stride, terms } = table;
  const n = variances.length;
  const powers = polynomial(activation);
  if (powers) {
    const view = rt.memory.f64(at, (MOMENTS + terms) * stride);
    variances.forEach((p, i) => {
      const { mean, square, slopeSquare, b } = polynomialSeries(powers, p);
      [Math.sqrt(factor) * mean, factor * square, factor * slopeSquare].forEach((x, row) => { view[row * stride + i] = x; });
      for (let j = 0; j < terms; j++) view[(MOMENTS + j) * stride + i] = Math.sqrt(factor) * (b[j] ?? 0);
    });
    return terms;
  }
  rt.memory.scope(() => integrate(rt, fn, activation, variances, factor, table));
  return needed(rt.memory.f64(at, (MOMENTS + terms) * stride), n, table);
}

/** How many coefficients leave NEGLIGIBLE out at most, at all variances; at least 1. */
function needed(view: Float64Array, n: number, { stride, terms }: SeriesTable): number {
  const tails = new Float64Array(n);
  for (let j = terms - 1; j > 0; j--) {
    for (let i = 0; i < n; i++) {
      tails[i]! += view[(MOMENTS + j) * stride + i]! ** 2;
      if (tails[i]! > NEGLIGIBLE * view[2 * stride + i]!) return j + 1;
    }
  }
  return 1;
}

/** 𝔼 φ(z)² */
export function squareOf(activation: Activation): number {
  const powers = polynomial(activation);
  if (powers) return polynomialSeries(powers, 1).square;
  const phi = phiOf(activation);
  return squareAt(phi, 1, panelsFor(phi, 1));
}

/**
 * An estimate of the relative error of 𝔼 φ² and of the coefficients from quadrature, at variances up to `largest`: what
 * twice as many panels change, what lies beyond them, and what a table of φ leaves out.
 */
export function quadratureError(activation: Activation, largest: number): number {
  if (polynomial(activation) || !(largest > 0)) return 0;
  const phi = phiOf(activation);
  const panels = panelsFor(phi, largest);
  const { reach } = panels;
  const square = squareAt(phi, largest, panels);
  const twice = squareAt(phi, largest, { reach, count: 2 * panels.count });
  const end = reach * Math.sqrt(largest);
  const beyond = (phi.value(end) ** 2 + phi.value(-end) ** 2) * Math.exp((-reach * reach) / 2);
  return (square > 0 ? (Math.abs(twice - square) + beyond) / square : 0) + 2 * phi.error;
}

/**
 * What errors of the correlations up to e, and the series' own, make of 𝔼 φ(u) φ(v) and of 𝔼 φ′(u) φ′(v), relative to
 * 𝔼 φ² and 𝔼 φ′²: Σ a_k² min(2, k·e), since ρᵏ errs by at most that, and `beyond` times what the first `used` coefficients
 * leave out, by Parseval. The most at any of the variances.
 */
export function seriesError(
  rt: Runtime, { at, stride }: SeriesTable, variances: Float64Array, degrees: Degrees, used: number, e: number, beyond: number,
): { value: number; slope: number } {
  const view = rt.memory.f64(at, (MOMENTS + used) * stride);
  const n = variances.length;
  const value = new Float64Array(n);
  const slope = new Float64Array(n);
  const left = new Float64Array(n);
  const slopeLeft = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    left[i] = view[stride + i]! - view[i]! ** 2;
    slopeLeft[i] = view[2 * stride + i]!;
  }
  for (let j = 0; j < used; j++) {
    const k = degree(degrees, j);
    for (let i = 0; i < n; i++) {
      const square = view[(MOMENTS + j) * stride + i]! ** 2;
      const share = (variances[i]! * square) / (k + 1);
      value[i]! += share * Math.min(2, (k + 1) * e);
      slope[i]! += square * Math.min(2, k * e);
      left[i]! -= share;
      slopeLeft[i]! -= square;
    }
  }
  const most = (errors: Float64Array, rest: Float64Array, row: number) => errors.reduce((worst, x, i) => {
    const whole = view[row * stride + i]!;
    return whole > 0 ? Math.max(worst, (x + beyond * Math.max(0, rest[i]!)) / whole) : worst;
  }, 0);
  return { value: most(value, left, 1), slope: most(slope, slopeLeft, 2) };
}

function polynomial(activation: Activation): readonly number[] | undefined {
  switch (activation.kind) {
    case "monomial": case "hermite": case "polynomial": return powersOf(activation);
    default: return undefined;
  }
}

/** Σ c_j x^j at √p·z:  b_k = p^(k/2) Σ_i c′_{2i+k} (2i + k)!/(2ⁱ i! √k!) pⁱ, c′ the coefficients of the derivative. */
function polynomialSeries(c: readonly number[], p: number) {
  const moments = (powers: readonly number[], k: number) => {
    let sum = 0;
    let factor = 1; // (2i + k)!/(2ⁱ i! √k!) pⁱ
    for (let j = 2; j <= k; j++) factor *= Math.sqrt(j);
    for (let i = 0; 2 * i + k < powers.length; i++) {
      sum += powers[2 * i + k]! * factor;
      factor *= ((2 * i + k + 1) * (2 * i + k + 2) * p) / (2 * (i + 1));
    }
    return sum;
  };
  const slope = c.slice(1).map((value, i) => value * (i + 1));
  const b = Float64Array.from(slope, (_, k) => moments(slope, k) * p ** (k / 2));
  const mean = moments(c, 0);
  const slopeSquare = b.reduce((sum, x) => sum + x * x, 0);
  const square = b.reduce((sum, x, k) => sum + (p * x * x) / (k + 1), mean * mean);
  return { mean, square, slopeSquare, b };
}

/** Every row's numbers are the same sums in the same order, whatever block it falls in. */
function integrate(
  rt: Runtime, fn: string, activation: Activation, variances: Float64Array, factor: number, { at, stride, terms }: SeriesTable,
): void {
  const { kernels, memory } = rt;
  const phi = phiOf(activation);
  const degrees = degreesOf(activation);
  const panels = panelsFor(phi, variances.reduce((most, p) => Math.max(most, p), 0));
  const edges = edgesOf(panels);
  const { z, w } = points(edges);
  const count = z.length;
  const polynomials = memory.push(8 * terms * count, `${fn}: workspace`);
  const slopes = memory.push(8 * ROWS * count, `${fn}: workspace`);
  const work = memory.push(kernels.gemm_work_f64(terms, ROWS, count), `${fn}: workspace`);
  const moments = memory.f64(at, MOMENTS * stride);
  const h = new Float64Array(terms);
  const weighted = memory.f64(polynomials, terms * count);
  z.forEach((x, m) => {
    polynomialsAt(x, degrees, phi.jumps, h);
    for (let j = 0; j < terms; j++) weighted[j * count + m] = w[m]! * h[j]!;
  });
  for (let i0 = 0; i0 < variances.length; i0 += ROWS) {
    const rows = Math.min(ROWS, variances.length - i0);
    const apart = new Map<number, Float64Array>(); // of rows, what the panels with kinks give
    for (let i = i0; i < i0 + rows; i++) {
      const p = variances[i]!;
      const row = memory.f64(slopes + 8 * (i - i0) * count, count);
      const kinks = kinksIn(phi, panels, p);
      const weights = kinks.size ? w.slice() : w;
      for (const panel of kinks.keys()) weights.fill(0, 16 * panel, 16 * (panel + 1));
      const sums = evaluate(phi, p, z, weights, row);
      for (const [panel, at] of kinks) {
        row.fill(0, 16 * panel, 16 * (panel + 1));
        const pieces = points([edges[panel]!, ...at, edges[panel + 1]!]);
        const own = new Float64Array(pieces.z.length);
        evaluate(phi, p, pieces.z, pieces.w, own).forEach((x, k) => { sums[k]! += x; });
        const b = apart.get(i) ?? new Float64Array(terms);
        apart.set(i, b);
        pieces.z.forEach((x, m) => {
          polynomialsAt(x, degrees, phi.jumps, h);
          for (let j = 0; j < terms; j++) b[j]! += pieces.w[m]! * own[m]! * h[j]!;
        });
      }
      moments[i] = Math.sqrt(factor) * sums[0];
      moments[stride + i] = factor * sums[1];
      moments[2 * stride + i] = factor * sums[2];
    }
    const b = at + 8 * (MOMENTS * stride + i0);
    rt.checkAborted(kernels.gemm_f64(
      false, true, terms, rows, count, Math.sqrt(factor), polynomials, count, slopes, count, 0, b, stride, work,
    ));
    const view = memory.f64(b, (terms - 1) * stride + rows);
    for (const [i, own] of apart) own.forEach((x, j) => { view[j * stride + i - i0]! += Math.sqrt(factor) * x; });
  }
}

/** φ′(√p·z), where φ jumps φ(√p·z)/√p, at the points; returns 𝔼 φ, 𝔼 φ², 𝔼 φ′² by the weights. */
function evaluate(phi: Phi, p: number, z: Float64Array, w: Float64Array, slopes: Float64Array): [number, number, number] {
  const root = Math.sqrt(p);
  let mean = 0;
  let square = 0;
  let slopeSquare = 0;
  for (let m = 0; m < z.length; m++) {
    const f = phi.value(root * z[m]!);
    const g = phi.slope(root * z[m]!);
    mean += w[m]! * f;
    square += w[m]! * f * f;
    slopeSquare += w[m]! * g * g;
    if (!phi.jumps) slopes[m] = g;
    else slopes[m] = p > 0 ? f / root : 0;
  }
  return [mean, square, slopeSquare];
}

/** `count` panels on either side of 0, to `reach` standard deviations. */
interface Panels {
  reach: number;
  count: number;
}

/** Panels for variances up to `largest`: no longer than what φ takes to change. */
function panelsFor(phi: Phi, largest: number): Panels {
  const reach = Math.min(MOST_DEVIATIONS, phi.reach / Math.sqrt(largest));
  const perDeviation = Math.max(PANELS_PER_DEVIATION, Math.sqrt(largest) / phi.scale);
  return { reach, count: Math.min(MOST_PANELS, Math.ceil(reach * perDeviation)) };
}

/** 0 is one of them. */
const edgesOf = ({ reach, count }: Panels) => Array.from({ length: 2 * count + 1 }, (_, i) => reach * (i / count - 1));

/** Points, and weights with the density of N(0, 1), of Gauss–Legendre on the panels between edges. */
function points(edges: number[]): { z: Float64Array; w: Float64Array } {
  const z = new Float64Array(16 * (edges.length - 1));
  const w = new Float64Array(z.length);
  for (let i = 1; i < edges.length; i++) {
    const half = (edges[i]! - edges[i - 1]!) / 2;
    const middle = (edges[i]! + edges[i - 1]!) / 2;
    LEGENDRE.forEach(([x, weight], l) => {
      const m = 16 * (i - 1) + l;
      z[m] = middle + half * x;
      w[m] = (half * weight * Math.exp(-0.5 * z[m]! ** 2)) / Math.sqrt(2 * Math.PI);
    });
  }
  return { z, w };
}

/** Kinks away from 0, in standard deviations, by the panel that holds them. */
function kinksIn({ breakpoints }: Phi, { reach, count }: Panels, p: number): Map<number, number[]> {
  const kinks = new Map<number, number[]>();
  for (const x of breakpoints) {
    const z = x / Math.sqrt(p);
    if (x === 0 || !(Math.abs(z) < reach)) continue;
    const panel = Math.min(2 * count - 1, Math.floor((z / reach + 1) * count));
    kinks.set(panel, [...(kinks.get(panel) ?? []), z]);
  }
  return kinks;
}

function squareAt(phi: Phi, p: number, panels: Panels): number {
  const kinks = [...kinksIn(phi, panels, p).values()].flat();
  const { z, w } = points([...edgesOf(panels), ...kinks].sort((a, b) => a - b));
  return z.reduce((sum, x, m) => sum + w[m]! * phi.value(Math.sqrt(p) * x) ** 2, 0);
}

/** to[j] := h_k(z), k the degree of coefficient j; where φ jumps √(k + 1)·h_{k+1}(z), which give b_k with φ/√p instead of φ′. */
function polynomialsAt(z: number, degrees: Degrees, jumps: boolean, to: Float64Array): void {
  let before = 0;
  let h = 1;
  for (let j = 0, k = 0; j < to.length; k++) {
    const next = (z * h - Math.sqrt(k) * before) / Math.sqrt(k + 1);
    if (k === degree(degrees, j)) to[j++] = jumps ? Math.sqrt(k + 1) * next : h;
    before = h;
    h = next;
  }
}

const LEGENDRE = gaussLegendre(16);
