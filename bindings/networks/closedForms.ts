// Which activations have a dual in closed form (assembly/kernel/activation.ts, rectifier.ts).

import type { Activation } from "./activations.ts";
import { SIGMOID_LIKE } from "./functions.ts";

/** Equal to Dual of assembly/kernel/activation.ts. */
export const DUAL = {
  ERF: 0, GELU: 1, SIN: 2, RBF: 3, EXP: 4, GAUSSIAN: 5, GABOR: 6, SIGN: 7, STEP: 8, RECTIFIED_SQUARE: 9,
} as const;

/** An activation in closed form: its number and parameters, and 𝔼 φ(z)², z ~ N(0, 1). */
export interface ClosedForm {
  dual: number;
  parameters: number[];
  square: number;
}

const { PI, asin, cos, exp, sqrt } = Math;

/** φ(x) = a·min(x, 0) + b·max(x, 0), or undefined. */
export function rectifierOf(activation: Activation): { a: number; b: number } | undefined {
  switch (activation.kind) {
    case "identity": return { a: 1, b: 1 };
    case "relu": return { a: 0, b: 1 };
    case "leakyRelu": return { a: activation.slope, b: 1 };
    case "abRelu": return activation;
    case "abs": return { a: -1, b: 1 };
    case "rectifiedMonomial": return activation.degree === 1 ? { a: 0, b: 1 } : undefined;
    default: return undefined;
  }
}

/** Undefined where the kernel has to be integrated. */
export function closedFormOf(activation: Activation): ClosedForm | undefined {
  switch (activation.kind) {
    case "erf": return erf(activation.a, activation.b, activation.c);
    case "sigmoidLike": return erf(0.5, SIGMOID_LIKE, 0.5);
    case "gelu": return { dual: DUAL.GELU, parameters: [], square: 1 / 3 + 1 / (2 * sqrt(3) * PI) };
    case "sin": return sine(activation.a, activation.b, cos(2 * activation.c));
    case "cos": return sine(activation.a, activation.b, -cos(2 * activation.c));
    case "rbf": return { dual: DUAL.RBF, parameters: [activation.gamma], square: 1 };
    case "exp": {
      const { a, b } = activation;
      return { dual: DUAL.EXP, parameters: [a * a, b * b], square: a * a * exp(2 * b * b) };
    }
    case "gaussian": {
      const { a, b } = activation;
      return { dual: DUAL.GAUSSIAN, parameters: [a * a, b], square: (a * a) / sqrt(1 - 4 * b) };
    }
    case "gabor": return { dual: DUAL.GABOR, parameters: [], square: (1 - exp(-0.4)) / (2 * sqrt(5)) };
    case "sign": return { dual: DUAL.SIGN, parameters: [], square: 1 };
    case "step": return { dual: DUAL.STEP, parameters: [], square: 0.5 };
    case "rectifiedMonomial":
      if (activation.degree === 0) return { dual: DUAL.STEP, parameters: [], square: 0.5 };
      return activation.degree === 2 ? { dual: DUAL.RECTIFIED_SQUARE, parameters: [], square: 1.5 } : undefined;
    default: return undefined;
  }
}

function erf(a: number, b: number, c: number): ClosedForm {
  const square = ((2 * a * a) / PI) * asin((2 * b * b) / (1 + 2 * b * b)) + c * c;
  return { dual: DUAL.ERF, parameters: [a * a, b * b, c * c], square };
}

function sine(a: number, b: number, phase: number): ClosedForm {
  return { dual: DUAL.SIN, parameters: [a * a, b * b, phase], square: ((a * a) / 2) * (1 - phase * exp(-2 * b * b)) };
}
