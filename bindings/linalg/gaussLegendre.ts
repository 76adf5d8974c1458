// Gauss–Legendre quadrature.

/** Points and weights of Gauss–Legendre with n points on [−1, 1], by Newton's iteration from Tricomi's estimates. */
export function gaussLegendre(n: number): [x: number, weight: number][] {
  return Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    for (let step = 0; ; step++) {
      let p = 1;
      let before = 0;
      for (let k = 0; k < n; k++) [p, before] = [((2 * k + 1) * x * p - k * before) / (k + 1), p];
      const slope = (n * (x * p - before)) / (x * x - 1);
      if (step === 8) return [x, 2 / ((1 - x * x) * slope * slope)];
      x -= p / slope;
    }
  });
}
