// The 1-norm condition number, estimated with a few solves.
//
// Based on: N. J. Higham, FORTRAN codes for estimating the one-norm of a real or complex matrix, ACM Trans.
// Math. Softw. 14, 1988 (LAPACK dlacn2). A lower bound, in practice rarely less than a third of the truth.

const ITERATIONS = 5;

/**
 * ‖A⁻¹‖₁ estimated from below. `solve` replaces the vector that `view` shows by A⁻¹ times it, or by A⁻ᵀ times it.
 */
export function inverseNorm1(view: () => Float64Array, solve: (transposed: boolean) => void): number {
  const n = view().length;
  view().fill(1 / n);
  solve(false);
  let estimate = sumAbs(view());
  if (n === 1) return estimate;
  let signs = toSigns(view());
  solve(true);
  let j = argMax(view());
  for (let iteration = 2; iteration <= ITERATIONS; iteration++) {
    view().fill(0)[j] = 1;
    solve(false);
    const before = estimate;
    estimate = sumAbs(view());
    const found = view().map(Math.sign);
    if (found.every((s, i) => s === signs[i] || s === 0) || !(estimate > before)) {
      estimate = Math.max(estimate, before);
      break;
    }
    signs = toSigns(view());
    solve(true);
    const last = j;
    j = argMax(view());
    if (Math.abs(view()[last]!) === Math.abs(view()[j]!)) break;
  }
  // a vector that the iteration cannot be led astray on
  const x = view();
  for (let i = 0; i < n; i++) x[i] = (i % 2 === 0 ? 1 : -1) * (1 + i / (n - 1));
  solve(false);
  return Math.max(estimate, (2 * sumAbs(view())) / (3 * n));
}

function sumAbs(x: Float64Array): number {
  let sum = 0;
  for (const value of x) sum += Math.abs(value);
  return sum;
}

/** The signs of x, which they also replace. */
function toSigns(x: Float64Array): Float64Array {
  for (let i = 0; i < x.length; i++) x[i] = x[i]! < 0 ? -1 : 1;
  return x.slice();
}

function argMax(x: Float64Array): number {
  let best = 0;
  for (let i = 1; i < x.length; i++) if (Math.abs(x[i]!) > Math.abs(x[best]!)) best = i;
  return best;
}
