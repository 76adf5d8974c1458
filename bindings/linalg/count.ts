// Whether eigenvalues are missing among those that an iterative method found.
//
// With an orthonormal basis V of Ritz vectors of a symmetric A,
//
//     A ~ [ Θ   C ]      Θ = diag(θ), row i of C has the norm of the i-th residual,
//         [ Cᵀ  B ]      B what is not seen: of order N = n − dim, but tr B and ‖B‖_F are known from those of A.
//
// λ(B) ≤ U = m + s·√(N − 1) with m = tr B/N, s² = ‖B‖_F²/N − m²   [Wolkowicz & Styan 1980]. Where U < μ, inertia
// is additive over the Schur complement of B − μ [Haynsworth 1968]: A has as many eigenvalues above μ as
// Θ + C·(μ − B)⁻¹·Cᵀ, and that is no more than the number of θᵢ > μ if
//
//     Σ |Cᵢ|²/((μ − θᵢ)·(μ − U)) < 1   over θᵢ < μ,
//
// since deleting the others takes away one each. This costs nothing, and suffices where the spectrum
// decays. Elsewhere the eigenvalues above μ are counted by the signs of the factors of A − μI. The low end
// is the same of −A.

import type { Runtime } from "../core/runtime.ts";
import type { Pair, Ritz, Wanted } from "./lanczos.ts";
import type { Placed } from "./matrix.ts";
import { factor } from "./shiftInvert.ts";

export interface Moments {
  /** What A was multiplied by. */
  by: number;
  trace: number;
  /** ‖A‖_F² */
  squares: number;
}

/** Beyond `mu`, outwards, lie `count` of the values returned. */
interface Beyond {
  mu: number;
  count: number;
}

/**
 * Whether every eigenvalue beyond the innermost that was found, at each end, is among those found. `ritz`,
 * if given, are all the Ritz values of the basis that they come from.
 */
export function isComplete(rt: Runtime, A: Placed, moments: Moments, wanted: Wanted, found: Pair[], ritz?: Ritz): boolean {
  const n = A.rows;
  if (ritz?.theta.length === n) return true;
  return ends(wanted, found, n * Number.EPSILON * (Math.sqrt(moments.squares) || 1)).every(([sign, beyond]) => {
    if (ritz && provenByTrace(n, sign, beyond, moments, ritz)) return true;
    return rt.memory.scope(() => {
      const { below, above } = factor(rt, "eigsh", A, sign * beyond.mu);
      return (sign > 0 ? above : below) === beyond.count;
    });
  });
}

/** Whether every eigenvalue nearer to sigma than the farthest that was found is among those found. */
export function isCompleteNear(rt: Runtime, A: Placed, { squares }: Moments, sigma: number, found: Pair[]): boolean {
  if (found.length === A.rows) return true;
  const slack = A.rows * Number.EPSILON * (Math.sqrt(squares) || 1);
  const { mu, count } = innermost(found.map((pair) => ({ value: -Math.abs(pair.value - sigma), margin: margin(pair, slack) })));
  if (count === 0 && mu >= 0) return true; // all of them in one cluster at sigma
  const below = (shift: number) => rt.memory.scope(() => factor(rt, "eigsh", A, shift).below);
  return below(sigma - mu) - below(sigma + mu) === count;
}

/** How far from a value found it is certain on which side of a shift its eigenvalue lies. */
const margin = ({ residual }: Pair, slack: number) => 2 * Math.max(residual, slack);

/** For each end (the low one as that of −A, sign −1) what has to be counted. */
function ends({ low, high, magnitude }: Wanted, found: Pair[], slack: number): [sign: 1 | -1, beyond: Beyond][] {
  const all = found.map((pair) => ({ value: pair.value, margin: margin(pair, slack) })).sort((a, b) => a.value - b.value);
  const negative = all.map(({ value, margin }) => ({ value: -value, margin }));
  if (magnitude) {
    const { mu } = innermost(all.map(({ value, margin }) => ({ value: Math.abs(value), margin })));
    const count = (side: typeof all) => side.filter(({ value }) => value > mu).length;
    return [[1, { mu, count: count(all) }], [-1, { mu, count: count(negative) }]];
  }
  const result: [1 | -1, Beyond][] = [];
  if (high > 0) result.push([1, innermost(all.slice(low))]);
  if (low > 0) result.push([-1, innermost(negative.slice(0, low))]);
  return result;
}

/**
 * Just beyond the innermost value: far enough that rounding leaves no doubt on which side an eigenvalue
 * is that was found, so beyond the whole cluster that begins there.
 */
function innermost(side: { value: number; margin: number }[]): Beyond {
  side.sort((a, b) => a.value - b.value);
  let mu = -Infinity;
  let inner = 0;
  for (const { value, margin } of side) {
    if (inner > 0 && value - margin > mu) break;
    mu = value + margin;
    inner++;
  }
  return { mu, count: side.length - inner };
}

function provenByTrace(n: number, sign: 1 | -1, { mu, count }: Beyond, { trace, squares }: Moments, { theta, residual }: Ritz): boolean {
  let m = trace;
  let left = squares;
  for (let i = 0; i < theta.length; i++) {
    m -= theta[i]!;
    left -= theta[i]! ** 2 + 2 * residual[i]! ** 2;
  }
  const N = n - theta.length;
  // rounding of both sums, at most
  m = (sign * m + n * Number.EPSILON * Math.sqrt(n * squares)) / N;
  left += n * Number.EPSILON * squares;
  const U = m + Math.sqrt(Math.max(0, left / N - m * m) * (N - 1));
  if (!(U < mu)) return false;
  let beyond = 0;
  let sum = 0;
  for (let i = 0; i < theta.length; i++) {
    const value = sign * theta[i]!;
    if (value > mu) beyond++;
    else sum += residual[i]! ** 2 / ((mu - value) * (mu - U));
  }
  return beyond === count && sum < 1;
}
