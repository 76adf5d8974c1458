// What activations without a closed form leave of a kernel's accuracy.
//
// Errors are relative to √(K(x, x) K(z, z)), e of the covariance and f of the tangent kernel. Variances are integrated
// themselves, so only correlations err. With the Hermite coefficients a_k of φ at a row's variance, 𝔼 φ² = Σ a_k², an error
// e of the correlation becomes at most Σ a_k² min(2, k·e)/𝔼 φ² (the power k of a correlation errs by at most that), and so
// with φ′ for K̇; for two variances by Cauchy and Schwarz. To these comes what the series leaves out, by Parseval. An affine
// layer and a sum of branches are averages: neither errs more than its worst part. A sum Σ w_t K_t of kernels errs by at
// most Σ |w_t| e_t K_t(x, x), relative to K(x, x), at the worst row, again by Cauchy and Schwarz.

import type { Runtime } from "../core/runtime.ts";
import { toMatrix, type Matrix, type MatrixLike } from "../linalg/matrix.ts";
import type { Activation } from "../networks/activations.ts";
import { degreesOf, fillTable, MOMENTS, quadratureError, seriesError, termsOf } from "../networks/coefficients.ts";
import type { Kernel } from "./descriptions.ts";
import { OP, WIDTH } from "./instructions.ts";
import { kernelDiagonal, placeRows, prepare, type KernelRows, type Prepared } from "./place.ts";

interface Errors {
  e: number;
  f: number;
}

/**
 * How far entries of K(X, X) are from those of the kernel, X (n×d), where activations have no closed form: a bound on
 * |K̂ᵢⱼ − Kᵢⱼ|/√(Kᵢᵢ Kⱼⱼ) over all pairs of rows, carried through the layers. 0 where all is in closed form.
 *
 * The ends of the Hermite series are bounded strictly (Parseval). The error of the quadrature behind their coefficients
 * is estimated, by doubling its panels at the largest variance. Rounding is not in it. Infinity where a sum with negative
 * weights has no positive diagonal to relate errors to.
 *
 * Costs what the coefficients of the activations cost, no product of rows.
 */
export function errorBound(rt: Runtime, kernel: Kernel, X: MatrixLike): number {
  const fn = "kernels.errorBound";
  const rows = toMatrix(fn, "X", X);
  rt.memory.scope(() => prepare(rt, fn, kernel, rows.cols)); // names what is wrong by its place in the whole
  return boundOf(rt, fn, kernel, rows).error;
}

/** With k(x, x) of every row. */
function boundOf(rt: Runtime, fn: string, kernel: Kernel, X: Matrix): { error: number; diagonal: Float64Array } {
  if (kernel.kind === "product") {
    const factors = kernel.factors.map((factor) => boundOf(rt, fn, factor, X));
    return {
      error: factors.reduce((error, factor) => error + factor.error + error * factor.error, 0),
      diagonal: factors[0]!.diagonal.map((_, i) => factors.reduce((value, { diagonal }) => value * diagonal[i]!, 1)),
    };
  }
  if (kernel.kind === "sum") {
    const terms = kernel.terms.map((term) => boundOf(rt, fn, term, X));
    const weight = (t: number) => kernel.weights?.[t] ?? 1;
    const total = (i: number) => terms.reduce((sum, term, t) => sum + weight(t) * term.diagonal[i]!, 0);
    const diagonal = terms[0]!.diagonal.map((_, i) => total(i));
    const error = diagonal.reduce((worst, value, i) => {
      const own = terms.reduce((sum, term, t) => sum + Math.abs(weight(t)) * term.error * Math.abs(term.diagonal[i]!), 0);
      return own > 0 ? Math.max(worst, value > 0 ? own / value : Infinity) : worst;
    }, 0);
    return { error, diagonal };
  }
  return rt.memory.scope(() => {
    const prepared = prepare(rt, fn, kernel, X.cols);
    const placed = placeRows(rt, fn, prepared, "X", X);
    const error = prepared.program.series.length > 0 ? networkBound(rt, fn, prepared, placed) : 0;
    return { error, diagonal: kernelDiagonal(rt, placed) };
  });
}

/** Of one network, by its instructions. */
function networkBound(rt: Runtime, fn: string, { program, code: placedCode }: Prepared, { n, stride, table }: KernelRows): number {
  const { code, series, size, watched } = program;
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
      case OP.SWAP: stack.splice(-2, 2, stack.at(-1)!, stack.at(-2)!); break;
      case OP.RECTIFIER: pass(top(), top().e, ((a - b) ** 2 / (Math.PI * (a * a + b * b))) * angle(top().e)); break;
      case OP.ACTIVATION: {
        const { activation } = watched.find(({ stage }) => stage === second)!;
        closed(rt, fn, top(), activation, variances(first));
        break;
      }
      case OP.SERIES: {
        stack.pop(); // scratch
        const { activation, base, terms } = series.find(({ at }) => at === i)!;
        const filled = { at: table + 8 * base * stride, stride, terms };
        const used = rt.memory.f64(placedCode + 8 * (WIDTH * i + 4), 1)[0]!;
        const p = variances(first);
        const { value, slope } = seriesError(rt, filled, p, degreesOf(activation), used, top().e, 1);
        const byQuadrature = quadratureError(activation, largest(p));
        pass(top(), value + byQuadrature, slope + byQuadrature);
        break;
      }
      default: stack.push({ e: 0, f: 0 });
    }
  }
  return top().e;
}

const largest = (p: Float64Array) => p.reduce((most, x) => Math.max(most, x), 0);

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

/** An activation in closed form: what errors of the correlations become, by its series. */
function closed(rt: Runtime, fn: string, errors: Errors, activation: Activation, variances: Float64Array): void {
  const { e } = errors;
  if (e === 0) return;
  const power = activation.kind === "rectifiedMonomial" ? activation.degree : -1;
  if (activation.kind === "sign" || activation.kind === "step" || power === 0) return pass(errors, (2 / Math.PI) * angle(e), 0);
  if (power === 2) return pass(errors, (4 / 3) * e, e);
  const terms = termsOf(activation);
  const stride = variances.length;
  rt.memory.scope(() => {
    const table = { at: rt.memory.push(8 * (MOMENTS + terms) * stride, `${fn}: workspace`), stride, terms };
    const used = fillTable(rt, fn, activation, variances, 1, table);
    // what the series leaves out is there, and errs like the rest
    const { value, slope } = seriesError(rt, table, variances, degreesOf(activation), used, e, 2);
    const byQuadrature = 2 * quadratureError(activation, largest(variances));
    pass(errors, value + byQuadrature, slope + byQuadrature);
  });
}
