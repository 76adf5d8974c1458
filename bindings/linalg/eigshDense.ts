// eigsh of a dense matrix: which operator to iterate with, and how often, until no eigenvalue is missing.
//
// Lanczos with A itself is the cheapest where the wanted end is separated from the rest. Where it is not,
// a first run ends at a budget, somewhat less than a factorization costs, and gives a shift σ near the end;
// from there A − σI = UᵀDU and its inverse do. How many eigenvalues lie beyond σ is then known from D: if
// they are all found, and enough, none is missing.

import type { Runtime } from "../core/runtime.ts";
import { isComplete, isCompleteNear, type Moments } from "./count.ts";
import type { EigshInfo } from "./eigsh.ts";
import { basisSize, CONVERGED, Lanczos, STOPPED, type LanczosSettings, type Pair, type Wanted } from "./lanczos.ts";
import type { Matrix, Placed } from "./matrix.ts";
import { largestOf, powerNear } from "./scale.ts";
import { factor, type Factors } from "./shiftInvert.ts";

/** What was found, in no order, and how. */
export type Found = Pick<EigshInfo, "converged" | "method" | "iterations" | "products" | "complete"> & { pairs: Pair[] };

/** What all steps of a solution share. */
interface Problem {
  rt: Runtime;
  A: Placed;
  moments: Moments;
  settings: LanczosSettings;
}

/** Random blocks that are tried for eigenvalues that are missing. */
const TRIALS = 8;

/** Products that the first run may cost: some part of n, of which n/6 cost as much as a factorization. */
const budget = (n: number) => Math.max(120, Math.ceil(n / 30));

/** Up to so many eigenvalues beyond the shift are all sought, if k of n are wanted. */
const most = (k: number, n: number) => Math.max(k, Math.min(3 * k + 32, n >> 1));

/** Shifts that are tried until one has few eigenvalues beyond, and none of them too near. */
const SHIFTS = 8;

/** A value is as good as found when its residual is so small a part of its distance from the innermost wanted. */
const NEARLY = 0.1;

/** Restarts with an inverse; a good shift needs none to ten. */
const RESTARTS = 20;

/** Sums of squares in this range come from numbers that need no scaling. */
const SAFE = 1e200;

/** The wanted eigenpairs of A (given, as it lies in wasm memory), or those nearest to sigma. */
export function solveDense(
  rt: Runtime, given: Matrix, A: Placed, wanted: Wanted, settings: LanczosSettings, sigma: number | undefined,
): Found {
  let moments = measure(rt, A, 1);
  if (!(moments.squares > 1 / SAFE && moments.squares < SAFE)) moments = measure(rt, A, powerNear(largestOf(given.data)));
  const found = solve({ rt, A, moments, settings }, wanted, sigma);
  const pairs = found.pairs.map(({ value, residual, at }) => ({ value: value / moments.by, residual: residual / moments.by, at }));
  return { ...found, pairs };
}

/** A := by·A, and its moments. */
function measure(rt: Runtime, A: Placed, by: number): Moments {
  const { kernels, memory } = rt;
  return memory.scope(() => {
    const out = memory.push(16, "eigsh: workspace");
    const work = memory.push(kernels.moments_work_f64(A.rows), "eigsh: workspace");
    rt.checkAborted(kernels.moments_f64(A.rows, A.at, A.stride, by, out, work));
    const [trace, squares] = memory.f64(out, 2) as unknown as [number, number];
    return { by, trace, squares };
  });
}

function solve(problem: Problem, wanted: Wanted, sigma: number | undefined): Found {
  const { low, high, magnitude } = wanted;
  if (sigma !== undefined) return nearest(problem, low + high, sigma * problem.moments.by);
  // a basis of n vectors ends by itself
  const finite = basisSize(problem.A.rows, Math.max(low, high), problem.settings.blockSize) === problem.A.rows;
  if (magnitude || finite) return direct(problem, wanted).found;
  if (low === 0 || high === 0) return oneEnd(problem, wanted);
  const a = oneEnd(problem, { ...wanted, high: 0 });
  const b = oneEnd(problem, { ...wanted, low: 0 });
  // vectors of one eigenvalue are orthogonal only within a run
  const top = a.pairs.reduce((x, { value, residual }) => Math.max(x, value + residual), -Infinity);
  if (b.pairs.some(({ value, residual }) => value - residual <= top)) return direct(problem, wanted).found;
  return together(a, b);
}

/** Two ends as one result. */
function together(a: Found, b: Found): Found {
  return {
    pairs: [...a.pairs, ...b.pairs],
    converged: a.converged && b.converged,
    method: a.method === "lanczos" ? b.method : a.method,
    iterations: a.iterations + b.iterations,
    products: a.products + b.products,
    complete: a.complete === undefined || b.complete === undefined ? undefined : a.complete && b.complete,
  };
}

/** By products with A; also the end and the residual of the outermost Ritz values. */
function direct(problem: Problem, wanted: Wanted, maxProducts = problem.settings.maxProducts) {
  const { rt, A, moments } = problem;
  const lanczos = new Lanczos(rt, "eigsh", A.rows, wanted, { ...problem.settings, maxProducts });
  for (let trial = 0; ; trial++) {
    const outcome = lanczos.symmetric(A);
    const ritz = lanczos.ritz();
    const pairs = finish(problem, lanczos);
    const complete = outcome === CONVERGED ? isComplete(rt, A, moments, wanted, pairs, ritz) : undefined;
    if (complete !== false || trial === TRIALS) return { found: report(lanczos, outcome, "lanczos", pairs, complete), ritz };
    lanczos.refresh();
  }
}

function report(lanczos: Lanczos, outcome: number, method: EigshInfo["method"], pairs: Pair[], complete: boolean | undefined): Found {
  const [iterations, products] = [lanczos.get("restarts"), lanczos.get("products")];
  return { pairs, converged: outcome === CONVERGED, method, iterations, products, complete };
}

/** The vectors that Lanczos ended with, their Rayleigh quotients and how far these can be off, by one more product. */
function finish({ rt, A, moments }: Problem, lanczos: Lanczos): Pair[] {
  const { kernels, memory } = rt;
  const n = A.rows;
  lanczos.finish();
  const k = lanczos.get("low") + lanczos.get("high");
  const ld = lanczos.get("ld");
  return memory.scope(() => {
    const y = memory.push(8 * k * ld, "eigsh: residuals");
    rt.checkAborted(kernels.multiply_rows_f64(n, n, k, 0, A.at, A.stride, lanczos.get("block"), ld, y, ld));
    return lanczos.pairs(y, roundingOf(n, moments));
  });
}

/** What the product with a unit vector rounds at most: γ·|A|·|x|, ‖|A|‖ ≤ ‖A‖_F; see multiply_rows. */
function roundingOf(n: number, { squares }: Moments): number {
  return (Math.min(n, 1024) / 2 + n / 1024 + 8) * (Number.EPSILON / 2) * Math.sqrt(squares);
}

/** A shift that is surely another one. */
const slack = ({ squares }: Moments) => 1e-10 * (Math.sqrt(squares) || 1);

/** One end of the spectrum: with A while that is cheap, then with an inverse. */
function oneEnd(problem: Problem, wanted: Wanted): Found {
  const { rt, A, moments, settings } = problem;
  const { found, ritz } = direct(problem, wanted, Math.min(settings.maxProducts, budget(A.rows)));
  if (found.converged || found.iterations >= settings.maxRestarts) return found;

  const upper = wanted.high > 0;
  const k = wanted.low + wanted.high;
  // from the outside: just outside of the first value that is not nearly found, as outliers are
  const theta = upper ? ritz.theta.slice().reverse() : ritz.theta;
  const residual = upper ? ritz.residual.slice().reverse() : ritz.residual;
  const first = theta.findIndex((x, i) => i === k - 1 || residual[i]! > NEARLY * Math.abs(x - theta[k - 1]!));
  const gap = (i: number) => Math.abs(theta[i + 1]! - theta[i]!);
  const outwards = 0.5 * Math.max(first === 0 ? gap(0) : Math.min(gap(first), gap(first - 1)), slack(moments));
  let step = upper ? outwards : -outwards;
  let shift = theta[first]! + step;
  const norm = (sigma: number) => Math.max(Math.abs(theta[0]! - sigma), Math.abs(theta.at(-1)! - sigma));
  let { products, iterations } = found;
  for (let trial = 1; ; trial++) {
    const mark = rt.memory.mark();
    const factors = factor(rt, "eigsh", A, shift);
    const beyond = upper ? factors.above : factors.below;
    if (beyond <= most(k, A.rows) || trial === SHIFTS) {
      // 1/(λ − σ): those beyond σ are one end of it, and the nearest on this side of it the other
      const others = Math.max(0, k - beyond);
      const inverted = upper ? { low: others, high: beyond } : { low: beyond, high: others };
      const isDone = (pairs: Pair[]) => {
        const outside = pairs.filter(({ value }) => (upper ? value > factors.shift : value < factors.shift)).length;
        return outside === beyond && (others === 0 || isComplete(rt, A, moments, wanted, outer(pairs, upper, k)));
      };
      const result = invert(problem, { ...inverted, magnitude: false }, factors, norm(factors.shift), isDone);
      products += result.products;
      iterations += result.iterations;
      const pairs = outer(result.pairs, upper, k);
      if (result.converged || trial === SHIFTS) return { ...result, pairs, products, iterations };
    }
    rt.memory.release(mark);
    shift += step;
    step *= 2;
  }
}

/** The k outermost pairs. */
function outer(pairs: Pair[], upper: boolean, k: number): Pair[] {
  const sorted = pairs.slice().sort((a, b) => a.value - b.value);
  return upper ? sorted.slice(-k) : sorted.slice(0, k);
}

/**
 * The k eigenvalues nearest to sigma. Where one is so near that its share of the inverse drowns the others,
 * the shift is moved a little.
 */
function nearest(problem: Problem, k: number, sigma: number): Found {
  const { rt, A, moments } = problem;
  const norm = Math.sqrt(moments.squares) + Math.abs(sigma);
  let shift = sigma;
  let [products, iterations] = [0, 0];
  for (let trial = 1; ; trial++) {
    const mark = rt.memory.mark();
    const factors = factor(rt, "eigsh", A, shift);
    const wanted = { low: 0, high: k, magnitude: true };
    const result = invert(problem, wanted, factors, norm, (pairs) => isCompleteNear(rt, A, moments, sigma, pairs));
    products += result.products;
    iterations += result.iterations;
    if (result.converged || trial === SHIFTS) return { ...result, products, iterations };
    const radius = result.pairs.reduce((r, { value }) => Math.max(r, Math.abs(value - sigma)), slack(moments));
    rt.memory.release(mark);
    shift = sigma + (radius * trial) / 1024;
  }
}

/** By products with the inverse, until `isDone` says that none is missing. Converged if the residuals with A are small too. */
function invert(
  problem: Problem, wanted: Wanted, factors: Factors, norm: number, isDone: (pairs: Pair[]) => boolean,
): Found {
  const { rt, A, settings, moments } = problem;
  const maxRestarts = Math.min(settings.maxRestarts, RESTARTS);
  const lanczos = new Lanczos(rt, "eigsh", A.rows, wanted, { ...settings, maxRestarts }, { shift: factors.shift, norm });
  for (let trial = 0; ; trial++) {
    let outcome = lanczos.inverted(factors);
    const pairs = finish(problem, lanczos);
    const limit = 4 * roundingOf(A.rows, moments) + 64 * Math.sqrt(A.rows) * Number.EPSILON * norm;
    if (pairs.some(({ value, residual }) => residual > limit + 10 * settings.tol * Math.abs(value))) outcome = STOPPED;
    const complete = outcome === CONVERGED ? isDone(pairs) : undefined;
    if (complete !== false || trial === TRIALS) return report(lanczos, outcome, "lanczos-shift-invert", pairs, complete);
    lanczos.refresh();
  }
}
