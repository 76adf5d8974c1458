// The Marchenko–Pastur law by its edges.
//
// Based on: Marchenko & Pastur, Distribution of eigenvalues for some sets of random matrices, 1967.
//
// With a = lower and b = upper the density is √((b − x)(x − a))/(2π·v·x), v = ((√b − √a)/2)², whatever σ², the ratio of
// the sides and the scale of the eigenvalues are. It is that of the min(rows, cols) eigenvalues that are not 0 by shape.

/** The edges of the law, 0 ≤ lower < upper. */
export interface Edges {
  lower: number;
  upper: number;
}

const { atan2, PI, sqrt } = Math;

/** The density at x; 0 outside the edges. Where lower is 0 it is infinite at 0. */
export function marchenkoPasturPdf(x: number, { lower: a, upper: b }: Edges): number {
  if (!(x >= a && x <= b)) return 0;
  const v = ((b - a) / (sqrt(a) + sqrt(b))) ** 2 / 4;
  return a === 0 ? sqrt((b - x) / x) / (2 * PI * v) : sqrt((b - x) * (x - a)) / (2 * PI * v * x);
}

/**
 * P(λ ≤ x) = θ/π + (r − 2√(ab)·φ)/(2πv) with r = √((b − x)(x − a)), tan²(θ/2) = (x − a)/(b − x) and φ the small
 * difference of two arctangents, so that nothing cancels for narrow laws. Absolute error eps·√b/(√b − √a).
 */
export function marchenkoPasturCdf(x: number, { lower: a, upper: b }: Edges): number {
  if (x <= a) return 0;
  if (x >= b) return 1;
  const width = (b - a) / (sqrt(a) + sqrt(b));
  const r = sqrt((b - x) * (x - a));
  const theta = 2 * atan2(sqrt(x - a), sqrt(b - x));
  const phi = atan2(width * r, sqrt(a) * (b - x) + sqrt(b) * (x - a));
  return theta / PI + (2 * (r - 2 * sqrt(a * b) * phi)) / (PI * width * width);
}

/** The median, by bisection. */
export function marchenkoPasturMedian(edges: Edges): number {
  let { lower, upper } = edges;
  for (let step = 0; step < 60; step++) {
    const x = (lower + upper) / 2;
    if (marchenkoPasturCdf(x, edges) < 0.5) lower = x;
    else upper = x;
  }
  return (lower + upper) / 2;
}
