// Numbers of one spectrum. λ: the eigenvalues of W·Wᵀ in any scale (squared singular values), ascending, λ ≥ 0.
//
// Based on: Martin & Mahoney, Implicit self-regularization in deep neural networks, 2021 (stable rank, entropy);
// Martin & Hinrichs, SETOL, 2025 (det X).

/** Σλ. From the smallest on, so that small ones are not lost. */
export function traceOf(eigenvalues: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < eigenvalues.length; i++) sum += eigenvalues[i]!;
  return sum;
}

/** ‖W‖²_F/‖W‖² = Σλ/λ_max, from 1 to the rank; NaN where all λ are 0. */
export function stableRank(eigenvalues: ArrayLike<number>): number {
  return traceOf(eigenvalues) / eigenvalues[eigenvalues.length - 1]!;
}

/** How many singular values √λ are above longer·eps·√λ_max, NumPy's rule; `longer` is the longer side of the matrix. */
export function matrixRank(eigenvalues: ArrayLike<number>, longer: number): number {
  const n = eigenvalues.length;
  const tolerance = longer * Number.EPSILON * Math.sqrt(eigenvalues[n - 1] ?? 0);
  let rank = n;
  while (rank > 0 && !(Math.sqrt(eigenvalues[n - rank]!) > tolerance)) rank--;
  return rank;
}

/** −Σ p·ln p/ln rank with p = λ/Σλ: 1 where all of them are equal; 0 where the rank is at most 1. */
export function matrixEntropy(eigenvalues: ArrayLike<number>, rank: number): number {
  if (rank <= 1) return 0;
  const total = traceOf(eigenvalues);
  let sum = 0;
  for (let i = 0; i < eigenvalues.length; i++) {
    const p = eigenvalues[i]! / total;
    if (p > 0) sum -= p * Math.log(p);
  }
  return sum / Math.log(rank);
}

/** log₁₀ Σλ^α (Martin & Mahoney's log α-norm), without overflow. */
export function logAlphaNorm(eigenvalues: ArrayLike<number>, alpha: number): number {
  const largest = eigenvalues[eigenvalues.length - 1]!;
  let sum = 0;
  for (let i = 0; i < eigenvalues.length; i++) sum += (eigenvalues[i]! / largest) ** alpha;
  return alpha * Math.log10(largest) + Math.log10(sum);
}

/** Where the product of the largest eigenvalues, scaled to mean 1, falls below 1. */
export interface DetX {
  /** How many there are in the product, the one that brings it below 1 among them. */
  count: number;
  /** The smallest of these eigenvalues, as it was given. */
  value: number;
}

/**
 * The trace-log condition det X = 1: of the eigenvalues scaled to mean 1, multiplied from the largest down, those up to
 * the first at which the product is below 1. By sums of logarithms, so that nothing overflows. All are scaled to 1 in
 * the mean, so the product of all is at most 1; where it is exactly 1 (all are equal), and where there are fewer than 2,
 * the count is 0 and the value the smallest.
 */
export function detX(eigenvalues: ArrayLike<number>): DetX {
  const n = eigenvalues.length;
  const smallest = eigenvalues[0] ?? NaN;
  if (n < 2 || !(smallest < eigenvalues[n - 1]!)) return { count: 0, value: smallest };
  const mean = traceOf(eigenvalues) / n;
  let i = n - 1;
  for (let sum = Math.log(eigenvalues[i]! / mean); i > 0 && !(sum < 0); sum += Math.log(eigenvalues[i]! / mean)) i--;
  return { count: n - i, value: eigenvalues[i]! };
}
