// Airy's function Ai on [−16, ∞).
//
// Based on: NIST Digital Library of Mathematical Functions, §9.2 (y″ = x·y) and §9.7 (large x).
//
// From the asymptotic series at 16 the equation is integrated down by Taylor series about whole numbers. That way Ai is
// the solution that grows, so errors do not; below 0 both solutions oscillate. Absolute error 2e-15 (relative 2e-14 for
// x > 0), measured by tests/tracyWidom.test.ts.

const TOP = 16;
const LOW = -16;
const TERMS = 40;

/** Ai(x) = e^(−ζ)/(2·√π·x^¼)·Σ (−1)ᵏ·uₖ/ζᵏ with ζ = ⅔·x^(3/2), and Ai′(x): 12 terms are enough from 16 on. */
function asymptotic(x: number): [value: number, slope: number] {
  const zeta = (2 / 3) * x ** 1.5;
  let term = 1;
  let value = 1;
  let slope = 1;
  for (let k = 1; k <= 12; k++) {
    term *= -((6 * k - 5) * (6 * k - 3) * (6 * k - 1)) / (216 * k * (2 * k - 1) * zeta);
    value += term;
    slope -= (term * (6 * k + 1)) / (6 * k - 1);
  }
  const scale = Math.exp(-zeta) / (2 * Math.sqrt(Math.PI));
  return [(scale * value) / x ** 0.25, -scale * x ** 0.25 * slope];
}

/** The Taylor coefficients of Ai about c: aₖ₊₂ = (c·aₖ + aₖ₋₁)/((k + 1)(k + 2)). */
function taylor(c: number, value: number, slope: number): Float64Array {
  const a = new Float64Array(TERMS);
  a[0] = value;
  a[1] = slope;
  a[2] = (c * value) / 2;
  for (let k = 1; k + 2 < TERMS; k++) a[k + 2] = (c * a[k]! + a[k - 1]!) / ((k + 1) * (k + 2));
  return a;
}

/** Those about 16, 15, …, −16, made at the first use. */
let table: Float64Array[] | undefined;

function integrate(): Float64Array[] {
  const rows = [taylor(TOP, ...asymptotic(TOP))];
  for (let c = TOP - 1; c >= LOW; c--) {
    const above = rows[rows.length - 1]!;
    let value = 0;
    let slope = 0;
    for (let k = TERMS - 1; k >= 0; k--) {
      slope = value - slope;
      value = above[k]! - value;
    }
    rows.push(taylor(c, value, slope));
  }
  return rows;
}

/** Ai(x), x ≥ −16. */
export function airyAi(x: number): number {
  if (x > TOP) return asymptotic(x)[0];
  table ??= integrate();
  const row = table[TOP - Math.round(x)]!;
  const t = x - Math.round(x);
  let value = 0;
  for (let k = TERMS - 1; k >= 0; k--) value = value * t + row[k]!;
  return value;
}
