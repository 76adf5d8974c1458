// What the activations are: φ, its derivative, and where either is not smooth. Kernels are integrated from these where
// there is no closed form, and so are the Hermite series of all.

import type { Activation } from "./activations.ts";
import type { Tabulation } from "./tabulate.ts";

export interface Phi {
  value(x: number): number;
  /** Where φ jumps, this leaves the jump out. */
  slope(x: number): number;
  /** Where φ or φ′ jumps. */
  breakpoints: number[];
  /** Whether φ itself does. */
  jumps: boolean;
  /** What quadrature has to resolve: polynomials of degree 30 follow φ on intervals of this length. */
  scale: number;
  /** φ is known on [−reach, reach]. */
  reach: number;
  /** Relative error of the values, and of the slopes. */
  error: number;
  /** What is known of the symmetry of φ′, or of φ′ less a constant. */
  symmetry?: "even" | "odd";
}

const { abs, cos, exp, log1p, max, sin, sqrt, tanh, PI } = Math;

const smooth = (value: Phi["value"], slope: Phi["slope"], scale = 1): Phi =>
  ({ value, slope, breakpoints: [], jumps: false, scale, reach: Infinity, error: Number.EPSILON });

const broken = (value: Phi["value"], slope: Phi["slope"], jumps = false): Phi => ({ ...smooth(value, slope), breakpoints: [0], jumps });

/** φ of an activation that was checked. */
export function phiOf(activation: Activation): Phi {
  switch (activation.kind) {
    case "identity": return smooth((x) => x, () => 1);
    case "relu": return rectifier(0, 1);
    case "leakyRelu": return rectifier(activation.slope, 1);
    case "abRelu": return rectifier(activation.a, activation.b);
    case "abs": return rectifier(-1, 1);
    case "step": return broken((x) => Number(x > 0), () => 0, true);
    case "sign": return broken(Math.sign, () => 0, true);
    case "erf": return affineErf(activation.a, activation.b, activation.c);
    case "sigmoidLike": return affineErf(0.5, SIGMOID_LIKE, 0.5);
    case "gelu": return smooth((x) => x * normal(x), (x) => normal(x) + x * density(x));
    case "sin": return wave(activation.a, activation.b, activation.c);
    case "cos": return wave(activation.a, activation.b, activation.c + PI / 2);
    case "rbf": return wave(sqrt(2), sqrt(2 * activation.gamma), PI / 4);
    case "exp": {
      const { a, b } = activation;
      return smooth((x) => a * exp(b * x), (x) => a * b * exp(b * x), 4 / (1 + abs(b)));
    }
    case "gaussian": {
      const { a, b } = activation;
      return smooth((x) => a * exp(b * x * x), (x) => 2 * a * b * x * exp(b * x * x), 1 / (1 + sqrt(abs(b))));
    }
    case "gabor": return smooth((x) => exp(-x * x) * sin(x), (x) => exp(-x * x) * (cos(x) - 2 * x * sin(x)), 0.5);
    case "rectifiedMonomial": {
      const { degree } = activation;
      return broken((x) => (x > 0 ? x ** degree : 0), (x) => (x > 0 && degree > 0 ? degree * x ** (degree - 1) : 0), degree === 0);
    }
    case "monomial": case "hermite": case "polynomial": {
      const c = powersOf(activation);
      const slope = c.slice(1).map((value, i) => value * (i + 1));
      return smooth((x) => horner(c, x), (x) => horner(slope, x));
    }
    case "tanh": return { ...smooth(tanh, (x) => 1 - tanh(x) ** 2), symmetry: "even" };
    case "sigmoid": return { ...smooth(sigmoid, (x) => sigmoid(x) * sigmoid(-x), 2), symmetry: "even" };
    case "swish": return { ...smooth((x) => x * sigmoid(x), (x) => sigmoid(x) * (1 + x * sigmoid(-x)), 2), symmetry: "odd" };
    case "softplus": return { ...smooth((x) => max(x, 0) + log1p(exp(-abs(x))), sigmoid, 2), symmetry: "odd" };
    case "tabulated": return tabulated(activation);
  }
}

/** 1/2.4020563531719796: erf(x·this)/2 + 1/2 is the sigmoid best (neural-tangents). */
export const SIGMOID_LIKE = 1 / 2.4020563531719796;

/** The coefficients of a polynomial activation, powers ascending. */
export function powersOf(activation: Extract<Activation, { kind: "monomial" | "hermite" | "polynomial" }>): readonly number[] {
  if (activation.kind === "polynomial") return activation.coefficients;
  const { degree } = activation;
  if (activation.kind === "monomial") return [...new Array<number>(degree).fill(0), 1];
  // √(k + 1)·h_{k+1} = x·h_k − √k·h_{k−1}
  let before: number[] = [];
  let h = [1];
  for (let k = 0; k < degree; k++) {
    const next = [0, ...h].map((c, i) => (c - sqrt(k) * (before[i] ?? 0)) / sqrt(k + 1));
    before = h;
    h = next;
  }
  return h;
}

function rectifier(a: number, b: number): Phi {
  return broken((x) => (x < 0 ? a : b) * x, (x) => (x < 0 ? a : b));
}

function wave(a: number, b: number, c: number): Phi {
  return smooth((x) => a * sin(b * x + c), (x) => a * b * cos(b * x + c), 4 / (1 + abs(b)));
}

function affineErf(a: number, b: number, c: number): Phi {
  return smooth((x) => a * erf(b * x) + c, (x) => ((2 * a * b) / sqrt(PI)) * exp(-b * b * x * x), 1 / (1 + abs(b)));
}

const sigmoid = (x: number) => 1 / (1 + exp(-x));
const density = (x: number) => exp((-x * x) / 2) / sqrt(2 * PI);
const normal = (x: number) => 0.5 + 0.5 * erf(x / sqrt(2));

const horner = (c: readonly number[], x: number) => c.reduceRight((sum, value) => sum * x + value, 0);

/** erf x = (2/√π)·e^(−x²)·Σ 2ⁿx²ⁿ⁺¹/(2n + 1)!!, whose terms are all of one sign. */
export function erf(x: number): number {
  if (abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; abs(term) > 1e-17 * abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return (2 / sqrt(PI)) * exp(-x * x) * sum;
}

function tabulated({ edges, coefficients, breakpoints, jumps, error }: Tabulation): Phi {
  const slopes = coefficients.map((c, i) => derivative(c).map((v) => (v * 2) / (edges[i + 1]! - edges[i]!)));
  const widths = edges.slice(1).map((x, i) => x - edges[i]!);
  const range = edges.at(-1)! - edges[0]!;
  const evaluate = (rows: number[][]) => (x: number) => {
    let low = 0;
    for (let high = rows.length; high - low > 1;) {
      const middle = (low + high) >> 1;
      if (x < edges[middle]!) high = middle;
      else low = middle;
    }
    const t = (2 * x - edges[low]! - edges[low + 1]!) / widths[low]!;
    return clenshaw(rows[low]!, t);
  };
  const scale = Math.min(...widths.filter((w) => w > 1e-6 * range)) / 2;
  // Markov: the slope of a polynomial of degree n on [−1, 1] is at most n² times as large
  const degree = Math.max(...coefficients.map((c) => c.length - 1));
  return {
    value: evaluate(coefficients), slope: evaluate(slopes), breakpoints, jumps, scale,
    reach: Math.min(-edges[0]!, edges.at(-1)!), error: error * Math.max(1, degree ** 2 / scale),
  };
}

/** Σ c_k T_k(t) */
function clenshaw(c: number[], t: number): number {
  let b1 = 0;
  let b2 = 0;
  for (let k = c.length - 1; k > 0; k--) {
    const b0 = 2 * t * b1 - b2 + c[k]!;
    b2 = b1;
    b1 = b0;
  }
  return (c[0] ?? 0) + t * b1 - b2;
}

/** The Chebyshev coefficients of the derivative. */
function derivative(c: number[]): number[] {
  const d = new Array<number>(Math.max(1, c.length - 1)).fill(0);
  for (let k = c.length - 1; k > 0; k--) d[k - 1] = (d[k + 1] ?? 0) + 2 * k * c[k]!;
  d[0]! /= 2;
  return d;
}
