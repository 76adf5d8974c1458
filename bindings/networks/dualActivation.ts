// The dual of one activation, for looking at it.

import { OptionError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { OP, Program } from "../kernels/instructions.ts";
import { placeBlock, placeProgram, placeRows } from "../kernels/place.ts";
import { pullMatrix, pushEmpty } from "../linalg/matrix.ts";
import { checkCount } from "../options.ts";
import type { Activation } from "./activations.ts";
import { checkActivation } from "./check.ts";
import { closedFormOf, rectifierOf } from "./closedForms.ts";
import { degree, degreesOf, fillTable, MOMENTS, quadratureError, seriesError, TERMS, termsOf } from "./coefficients.ts";
import { emitActivation } from "./emit.ts";

export interface DualActivationOptions {
  /** p and q. Default [1, 1]. */
  variances?: [number, number];
  /** How many Hermite coefficients are wanted, at most 257. Default 0. */
  terms?: number;
}

export interface DualActivation {
  /** 𝔼 φ(u) φ(v) at each correlation */
  value: Float64Array;
  /** 𝔼 φ′(u) φ′(v), the derivative of the value by the covariance; 0 for `step` and `sign`, NaN for other functions that jump */
  derivative: Float64Array;
  /** 𝔼 φ(√p·z) h_k(z), k = 0, 1, …: Σ of their squares times ξᵏ is the value where p = q */
  hermite: Float64Array;
  /**
   * Bound on |error of value|/√(𝔼 φ(u)² 𝔼 φ(v)²) beyond rounding: 0 where there is a closed form. Strict in what the Hermite
   * series leaves out, an estimate (twice as many panels) in the error of its quadrature
   */
  error: number;
  /** The same of the derivative */
  derivativeError: number;
}

/**
 * The dual activation of φ: 𝔼 φ(u) φ(v) for Gaussian (u, v) with variances p, q and covariance r = ξ√(pq), at each
 * correlation ξ from −1 to 1, with its derivative by r and the Hermite series of φ(√p·z).
 *
 * In closed form for the activations that have one, otherwise by quadrature, with what that leaves of the accuracy.
 */
export function dualActivation(
  rt: Runtime, activation: Activation, correlations: ArrayLike<number>, options: DualActivationOptions = {},
): DualActivation {
  const fn = "dualActivation";
  const { variances = [1, 1], terms = 0 } = Object(options) as DualActivationOptions;
  checkActivation(fn, "activation", activation);
  checkCount(fn, "terms", terms, 0, TERMS + 1);
  const { 0: p, 1: q } = Object(variances) as [number, number];
  if (!(p >= 0 && q >= 0 && p + q < Infinity)) throw new OptionError(`${fn}: variances are ${p} and ${q}, expected numbers from 0 on`);
  const xi = Float64Array.from(Object(correlations) as ArrayLike<number>);
  if (xi.length === 0) throw new OptionError(`${fn}: correlations is ${correlations?.length === 0 ? "empty" : String(correlations)}, expected an array of numbers from −1 to 1`);
  const outside = xi.findIndex((x) => !(Math.abs(x) <= 1));
  if (outside >= 0) throw new OptionError(`${fn}: correlation ${outside + 1} is ${xi[outside]}, expected a number from −1 to 1`);

  // one row against those at the angles arccos ξ to it
  const row = { data: Float64Array.of(Math.sqrt(p), 0), rows: 1, cols: 2 };
  const rows = { data: new Float64Array(2 * xi.length), rows: xi.length, cols: 2 };
  xi.forEach((x, i) => {
    rows.data[2 * i] = Math.sqrt(q) * x;
    rows.data[2 * i + 1] = Math.sqrt(q) * Math.sqrt((1 - x) * (1 + x));
  });
  const entries = (tangent: boolean) => rt.memory.scope(() => {
    const program = new Program();
    program.emit(OP.STATE, 1, 0);
    program.emit(OP.DENSE, program.stage(), 1, 0, 0, 0, 1); // Θ = 1
    emitActivation({ fn, program, convention: "ntk", tangent: false }, activation, "activation");
    if (tangent) program.emit(OP.THETA);
    const prepared = placeProgram(rt, fn, program, 2);
    const x = placeRows(rt, fn, prepared, "variances", row);
    const z = placeRows(rt, fn, prepared, "correlations", rows);
    const out = pushEmpty(rt, fn, 1, xi.length);
    placeBlock(rt, fn, prepared, x, 0, 1, z, 0, xi.length, out);
    return pullMatrix(rt, out).data as Float64Array;
  });
  const value = entries(false);
  const jumps = activation.kind === "tabulated" && activation.jumps;
  const derivative = jumps ? new Float64Array(xi.length).fill(NaN) : entries(true);
  const closed = rectifierOf(activation) !== undefined || closedFormOf(activation) !== undefined;
  const hermite = new Float64Array(terms);
  if (closed && terms === 0) return { value, derivative, hermite, error: 0, derivativeError: 0 };
  const errors = rt.memory.scope(() => {
    const degrees = degreesOf(activation);
    const kept = termsOf(activation);
    const stride = 2;
    const table = { at: rt.memory.push(8 * (MOMENTS + kept) * stride, `${fn}: workspace`), stride, terms: kept };
    const used = fillTable(rt, fn, activation, Float64Array.of(p, q), 1, table);
    const view = rt.memory.f64(table.at, (MOMENTS + kept) * stride);
    if (terms > 0) hermite[0] = view[0]!;
    for (let j = 0; j < kept && degree(degrees, j) + 1 < terms; j++) {
      const k = degree(degrees, j) + 1;
      hermite[k] = Math.sqrt(p / k) * view[(MOMENTS + j) * stride]!;
    }
    return [p, q].map((variance, i) => seriesError(rt, { ...table, at: table.at + 8 * i }, Float64Array.of(variance), degrees, used, 0, 1));
  });
  const byQuadrature = quadratureError(activation, Math.max(p, q));
  const both = (of: "value" | "slope") => (closed ? 0 : Math.sqrt(errors[0]![of] * errors[1]![of]) + byQuadrature);
  return { value, derivative, hermite, error: both("value"), derivativeError: both("slope") };
}
