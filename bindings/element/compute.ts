// What each kind of spectrum computes.

import type { Engine, EngineInfo } from "../engine.ts";
import { matrix, toMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import { columns, normalizeRows } from "../linalg/rows.ts";
import { OptionError, ShapeError } from "../errors.ts";
import type { CallOptions } from "../options.ts";
import { rowWarnings } from "../plot/rowWarnings.ts";
import type { Range, Settings, SpectrumKind } from "./settings.ts";

/** What an element has computed. */
export interface SpectrumResult {
  readonly kind: SpectrumKind;
  /** Of the matrix of which the spectrum is, as far as `rows` and `columns` chose it. */
  readonly rows: number;
  readonly cols: number;
  /** Was each row scaled to length 1? */
  readonly unitRows: boolean;
  /** Eigenvalues ascending, or singular values descending; all of them. */
  readonly values: Float64Array;
  /** How many values are above max(rows, cols)·eps·max|value|, NumPy's rule. */
  readonly rank: number;
  /** Kind "hinf": lower ≤ λ_min(H∞) ≤ upper is proved for the rows, every rounding counted. */
  readonly certificate?: { readonly lambdaMin: number; readonly lower: number; readonly upper: number };
  /** Kind "hinf" with `features`: the spectrum with so many random neurons, and a one-sided 95 % limit on λ_min(H∞). */
  readonly monteCarlo?: { readonly features: number; readonly seed: number; readonly values: Float64Array; readonly upperConfidence: number };
  /** What was read differently from what one may expect, and rows that make H∞ singular; one line each. */
  readonly warnings: readonly string[];
  /** From the first call of the engine to the last answer. */
  readonly seconds: number;
  /** Of the engine that computed it. */
  readonly info: EngineInfo;
}

/** Hears of the work: how much of it is done, 0 to 1, and what is being done. */
export type Report = (fraction: number, step: string) => void;

/** The rows and columns that the settings choose, rows scaled if they say so. */
export function prepare(data: MatrixLike, { kind, rows, cols, unitRows }: Settings): Matrix {
  let X = toMatrix("eigenscope-spectrum", "data", data);
  if (rows) {
    const [from, to] = indices("rows", rows, X.rows);
    X = matrix(to - from, X.cols, X.data.subarray(from * X.cols, to * X.cols) as Float64Array);
  }
  if (X.rows === 0 || X.cols === 0) throw new ShapeError(`eigenscope-spectrum: data are ${X.rows}×${X.cols}, they must hold a number`);
  if (cols) X = columns(X, ...indices("columns", cols, X.cols));
  if (unitRows && kind === "eig") throw new OptionError('eigenscope-spectrum: unit-rows is not for kind "eig", whose matrix is taken as it is');
  return unitRows ? normalizeRows(X) : X;
}

/** A range as half-open indices of n. */
function indices(name: string, { text, from = 0, to }: Range, n: number): [number, number] {
  const index = (k: number) => (k < 0 ? n + k : k);
  const [first, end] = [index(from), index(to ?? n)];
  if (!(first >= 0 && first < end && end <= n)) {
    throw new OptionError(`eigenscope-spectrum: ${name} is "${text}", the data have ${n} ${name}`);
  }
  return [first, end];
}

/** The spectrum of X on an engine. */
export async function compute(
  es: Engine, X: Matrix, settings: Settings, warnings: readonly string[], report: Report, signal: AbortSignal,
): Promise<SpectrumResult> {
  const { kind, features, seed, unitRows } = settings;
  const { rows, cols } = X;
  const step = steps(kind === "hinf" ? (features === undefined ? 3 : 6) : kind === "gram" ? 2 : 1, report, signal);
  const start = performance.now();
  const done = (values: Float64Array, size: number, more: Partial<SpectrumResult> = {}): SpectrumResult =>
    Object.freeze({
      kind, rows, cols, unitRows, values, rank: rankOf(values, size), warnings,
      seconds: (performance.now() - start) / 1000, info: es.info, ...more,
    });
  const eigenvalues = (A: Matrix, name: string) => es.linalg.eigvalsh(A, step(name));

  if (kind === "svd") return done(await es.linalg.svdvals(X, step("singular values")), Math.max(rows, cols));
  if (kind === "eig") return done(await eigenvalues(X, "eigenvalues"), rows);
  if (kind === "gram") return done(await eigenvalues(await es.linalg.gram(X, step("X·Xᵀ")), "eigenvalues"), rows);
  const exact = await es.hinf.exact(X, step("H∞"));
  const values = await eigenvalues(exact.matrix, "eigenvalues");
  const { lambdaMin, lower, upper, vector } = await es.hinf.lambdaMin(X, step("certificate"));
  const more: Partial<SpectrumResult> = {
    certificate: Object.freeze({ lambdaMin, lower, upper }),
    warnings: [...warnings, ...rowWarnings(exact, upper === 0)],
  };
  if (features === undefined) return done(values, rows, more);
  const sample = await es.hinf.monteCarlo(X, { features, seed, ...step("random neurons") });
  const sampled = await eigenvalues(sample.matrix, "eigenvalues with random neurons");
  const limit = await es.hinf.upperConfidence(X, sample, vector, step("95 % limit"));
  const monteCarlo = Object.freeze({ features, seed, values: sampled, upperConfidence: limit.upper });
  return done(values, rows, { ...more, monteCarlo });
}

/** Call options for one step after the other, `count` of them, taken as equally long. */
function steps(count: number, report: Report, signal: AbortSignal): (name: string) => CallOptions {
  let begun = 0;
  return (name) => {
    const before = begun++;
    const tell = (fraction: number) => {
      if (!signal.aborted) report((before + fraction) / count, name);
    };
    tell(0);
    return { signal, onProgress: ({ fraction }) => tell(fraction) };
  };
}

function rankOf(values: Float64Array, size: number): number {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const cutoff = size * Number.EPSILON * largest;
  return values.reduce((count, value) => count + (Math.abs(value) > cutoff ? 1 : 0), 0);
}
