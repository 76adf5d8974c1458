// The complementary error function, its scaled form and its logarithm, without underflow.
//
//    erfc x = 2/√π·∫ₓ^∞ e^(−t²) dt,   erfcx x = e^(x²)·erfc x
//
// From x = 1/2 on by the trapezoidal rule with the residue of its pole, of step h = 1/2, whose error is e^(−(π/h)²) = 7e−18:
//
//    erfcx x = (h·x/π)·(1/x² + 2·Σ e^(−k²h²)/(x² + k²h²)) − 2·e^(x²)/(e^(2πx/h) − 1)
//
// Based on: Chiarella & Reichel, On the evaluation of integrals related to the error function, 1968.
// Relative errors, measured by tests/special.test.ts: erfcx and erfc 2e−15, logErfc too (absolute below 1).

const { PI, exp, expm1, fround, log, log1p, sqrt } = Math;

const STEP = 0.5;
/** k²h², k = 1, …: beyond, e^(−k²h²) < 1e−18. */
const NODES = Float64Array.from({ length: 13 }, (_, k) => (STEP * (k + 1)) ** 2);
const WEIGHTS = NODES.map((square) => exp(-square));

/** e^(x²)·erfc x; Infinity for x < −26.6. */
export function erfcx(x: number): number {
  if (x < 0.5) return expSquare(x) * erfc(x);
  const square = x * x;
  let sum = 0;
  for (let k = 0; k < NODES.length; k++) sum += WEIGHTS[k]! / (square + NODES[k]!);
  const trapezia = (STEP / PI) * (1 / x + 2 * x * sum);
  // beyond π/h the pole is outside of the strip that the rule is exact in
  return x < PI / STEP ? trapezia - (2 * exp(square)) / expm1((2 * PI * x) / STEP) : trapezia;
}

export function erfc(x: number): number {
  if (x < 0.5) return x < -0.5 ? 2 - erfc(-x) : 1 - erf(x);
  return x > 27.3 ? 0 : erfcx(x) / expSquare(x);
}

/** erf x = 2/√π·e^(−x²)·Σ 2ᵏ·x^(2k+1)/(2k + 1)!!, whose terms have one sign. */
export function erf(x: number): number {
  if (Math.abs(x) > 0.5) return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  let term = x;
  let sum = x;
  for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k++) sum += term *= (2 * x * x) / (2 * k + 1);
  return (2 / sqrt(PI)) * exp(-x * x) * sum;
}

/** ln erfc x, also where erfc underflows. */
export function logErfc(x: number): number {
  if (x < -0.5) return log1p(1 - erfc(-x));
  return x < 0.5 ? log1p(-erf(x)) : log(erfcx(x)) - x * x;
}

/** The x with ln erfc x = y, y < ln 2. Newton's steps: ln erfc is concave, so they come from the right after the first. */
export function inverseLogErfc(y: number): number {
  let x = y < 0 ? sqrt(-y) : 0;
  for (let step = 0; step < 100; step++) {
    const change = (logErfc(x) - y) * (sqrt(PI) / 2) * erfcx(x);
    x += change;
    if (!(Math.abs(change) > 1e-15 * Math.abs(x))) break;
  }
  return x;
}

/** e^(x²), with the square split, so that its rounding is not multiplied by x². */
function expSquare(x: number): number {
  const high = fround(x);
  return exp(high * high) * exp((x - high) * (x + high));
}
