// What the quadrature of activations without a closed form leaves of a kernel's accuracy.
//
// Errors are relative to √(K(x, x) K(z, z)), e of the covariance and f of the tangent kernel. Variances are integrated
// themselves, so only correlations err. With the Hermite coefficients a_k of φ at a row's variance, 𝔼 φ² = Σ a_k², an error
// e of the correlation becomes at most Σ a_k² min(2, k·e)/𝔼 φ² (the power k of a correlation errs by at most that), and so
// with φ′ for K̇; for two variances by Cauchy and Schwarz. To these comes what the series leaves out, by Parseval. An affine
// layer, a sum of branches and a sum of kernels with positive weights are averages: none errs more than its worst part.

import { OptionError } from "../errors.ts";
import type { Runtime } from "../core/runtime.ts";
import { toMatrix, type MatrixLike } from "../linalg/matrix.ts";
import type { Activation } from "../networks/activations.ts";
import { seriesOf, type Series } from "../networks/coefficients.ts";
import type { Kernel } from "./descriptions.ts";
import { OP, WIDTH } from "./instructions.ts";
import { placeRows, prepare } from "./place.ts";

interface Errors {
  e: number;
  f: number;
}

/**
 * A bound on |K̂ᵢⱼ − Kᵢⱼ|/√(Kᵢᵢ Kⱼⱼ) over all pairs of rows of X (n×d) from activations whose kernels are integrated by
 * quadrature, beyond rounding. 0 where all is in closed form.
 *
 * Costs what the coefficients of the activations cost, no product of rows.
 */
export function errorBound(rt: Runtime, kernel: Kernel, X: MatrixLike): number {
  const fn = "kernels.errorBound";
  const rows = toMatrix(fn, "X", X);
  return rt.memory.scope(() => {
    const prepared = prepare(rt, fn, kernel, rows.cols);
    const { code, series, size, watched } = prepared.program;
    if (series.length === 0) return 0;
    const { n, stride, table } = placeRows(rt, fn, prepared, "X", rows);
    const variances = (stage: number) => rt.memory.f64(table + 8 * stage * stride, n).slice();
    const stack: Errors[] = [];
    const top = () => stack.at(-1)!;
    for (let i = 0; i < size; i++) {
      const [op, first, second, a, b] = code.slice(WIDTH * i, WIDTH * (i + 1)) as [number, number, number, number, number];
      switch (op) {
        case OP.DENSE: top().f = Math.max(top().e, top().f); break;
        case OP.DUPLICATE: stack.push({ ...top() }); break;
        case OP.JOIN: worst(stack); break;
        case OP.THETA: top().e = top().f; break;
        case OP.ADD:
        case OP.SCALE:
          if (first < 0 && stack.some(({ e }) => e > 0)) throw new OptionError(`${fn}: kernel.weights holds ${first}, expected no weight below 0 where activations are integrated`);
          if (op === OP.ADD) worst(stack);
          break;
        case OP.MULTIPLY: {
          const { e } = stack.pop()!;
          top().e += e + e * top().e;
          break;
        }
        case OP.SWAP: stack.splice(-2, 2, stack.at(-1)!, stack.at(-2)!); break;
        case OP.RECTIFIER: pass(top(), top().e, ((a - b) ** 2 / (Math.PI * (a * a + b * b))) * angle(top().e)); break;
        case OP.ACTIVATION: case OP.SERIES: {
          if (op === OP.SERIES) stack.pop(); // scratch
          const { activation } = watched.find(({ stage }) => stage === second)!;
          activate(top(), activation, op === OP.SERIES, variances(first));
          break;
        }
        default: stack.push({ e: 0, f: 0 });
      }
    }
    return top().e;
  });
}

/** The error of the upper two frames together. */
function worst(stack: Errors[]): void {
  const above = stack.pop()!;
  const below = stack.at(-1)!;
  below.e = Math.max(below.e, above.e);
  below.f = Math.max(below.f, above.f);
}

/** e and the error g of K̇ after an activation. */
function pass(errors: Errors, e: number, g: number): void {
  errors.e = e;
  errors.f += g + g * errors.f;
}

/** How far apart two angles can be whose cosines differ by e. */
const angle = (e: number) => Math.acos(Math.max(-1, 1 - e));

function activate(errors: Errors, activation: Activation, integrated: boolean, variances: Float64Array): void {
  const { e } = errors;
  if (!integrated && e === 0) return;
  const power = activation.kind === "rectifiedMonomial" ? activation.degree : -1;
  if (activation.kind === "sign" || activation.kind === "step" || power === 0) return pass(errors, (2 / Math.PI) * angle(e), 0);
  if (power === 2) return pass(errors, (4 / 3) * e, e);
  const sorted = [...new Set(variances)].sort((a, b) => b - a);
  const series = seriesOf(activation, sorted[0]!);
  let own = 0;
  let slope = 0;
  const beyond = integrated ? 1 : 2; // what the series leaves out is missing, or it is there and errs like the rest
  for (const p of sorted) {
    const at = series(p);
    own = Math.max(own, spread(p, at, e) + beyond * at.error);
    slope = Math.max(slope, slopeSpread(at, e) + beyond * at.slopeError);
  }
  pass(errors, own, slope);
}

/** Σ a_k² min(2, k·e)/𝔼 φ², a_{k+1}² = p·b_k²/(k + 1). */
function spread(p: number, { b, square }: Series, e: number): number {
  const sum = b.reduce((total, x, k) => total + ((p * x * x) / (k + 1)) * Math.min(2, (k + 1) * e), 0);
  return square > 0 ? sum / square : 0;
}

function slopeSpread({ b, slopeSquare }: Series, e: number): number {
  const sum = b.reduce((total, x, k) => total + x * x * Math.min(2, k * e), 0);
  return slopeSquare > 0 ? sum / slopeSquare : 0;
}
