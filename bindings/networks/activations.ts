// Activations as plain data. What they mean is in functions.ts; where their kernels come from, in emit.ts.

import { describe } from "../options.ts";
import { tabulate, type Tabulation, type TabulationOptions } from "./tabulate.ts";

export interface Identity { kind: "identity" }
/** max(x, 0) */
export interface Relu { kind: "relu" }
/** max(x, slope·x) */
export interface LeakyRelu { kind: "leakyRelu"; slope: number }
/** a·min(x, 0) + b·max(x, 0) */
export interface AbRelu { kind: "abRelu"; a: number; b: number }
/** |x| */
export interface Abs { kind: "abs" }
/** 1 for x > 0, 0 for x < 0. Its NTK is that of a constant. */
export interface Step { kind: "step" }
/** The sign of x. Its NTK is that of a constant. */
export interface Sign { kind: "sign" }
/** a·erf(b·x) + c */
export interface Erf { kind: "erf"; a: number; b: number; c: number }
/** erf(x/2.4020563531719796)/2 + 1/2, near the sigmoid */
export interface SigmoidLike { kind: "sigmoidLike" }
/** x·Φ(x), with the normal distribution function */
export interface Gelu { kind: "gelu" }
/** a·sin(b·x + c) */
export interface Sin { kind: "sin"; a: number; b: number; c: number }
/** a·cos(b·x + c) */
export interface Cos { kind: "cos"; a: number; b: number; c: number }
/** √2·sin(√(2·gamma)·x + π/4), whose kernel is exp(−gamma·|u − v|²) */
export interface Rbf { kind: "rbf"; gamma: number }
/** a·exp(b·x) */
export interface Exp { kind: "exp"; a: number; b: number }
/** a·exp(b·x²); for b > 0 the variance of x has to be below 1/(4b) */
export interface GaussianActivation { kind: "gaussian"; a: number; b: number }
/** exp(−x²)·sin x */
export interface Gabor { kind: "gabor" }
/** x^degree */
export interface Monomial { kind: "monomial"; degree: number }
/** max(x, 0)^degree, degree 0, 1 or 2 */
export interface RectifiedMonomial { kind: "rectifiedMonomial"; degree: number }
/** The Hermite polynomial of that degree, orthonormal under N(0, 1) */
export interface Hermite { kind: "hermite"; degree: number }
/** Σ coefficients[i]·xⁱ */
export interface PolynomialActivation { kind: "polynomial"; coefficients: readonly number[] }
/** The hyperbolic tangent */
export interface Tanh { kind: "tanh" }
/** 1/(1 + e^−x) */
export interface Sigmoid { kind: "sigmoid" }
/** x/(1 + e^−x) */
export interface Swish { kind: "swish" }
/** log(1 + eˣ) */
export interface Softplus { kind: "softplus" }

export type Activation =
  | Identity | Relu | LeakyRelu | AbRelu | Abs | Step | Sign | Erf | SigmoidLike | Gelu | Sin | Cos | Rbf | Exp | GaussianActivation
  | Gabor | Monomial | RectifiedMonomial | Hermite | PolynomialActivation | Tanh | Sigmoid | Swish | Softplus | Tabulation;

/** {@link Identity} */
export const identity = (): Identity => ({ kind: "identity" });
/** {@link Relu} */
export const relu = (): Relu => ({ kind: "relu" });
/** {@link LeakyRelu}; slope is 0.01 by default. */
export const leakyRelu = (options: { slope?: number } = {}): LeakyRelu =>
  describe("leakyRelu", { slope: 0.01 }, options);
/** {@link AbRelu} */
export const abRelu = (options: { a: number; b: number }): AbRelu =>
  describe("abRelu", { a: undefined, b: undefined }, options);
/** {@link Abs} */
export const abs = (): Abs => ({ kind: "abs" });
/** {@link Step} */
export const step = (): Step => ({ kind: "step" });
/** {@link Sign} */
export const sign = (): Sign => ({ kind: "sign" });
/** {@link Erf}; by default a and b are 1, c is 0. */
export const erf = (options: { a?: number; b?: number; c?: number } = {}): Erf =>
  describe("erf", { a: 1, b: 1, c: 0 }, options);
/** {@link SigmoidLike} */
export const sigmoidLike = (): SigmoidLike => ({ kind: "sigmoidLike" });
/** {@link Gelu} */
export const gelu = (): Gelu => ({ kind: "gelu" });
/** {@link Sin}; by default a and b are 1, c is 0. */
export const sin = (options: { a?: number; b?: number; c?: number } = {}): Sin =>
  describe("sin", { a: 1, b: 1, c: 0 }, options);
/** {@link Cos}; by default a and b are 1, c is 0. */
export const cos = (options: { a?: number; b?: number; c?: number } = {}): Cos =>
  describe("cos", { a: 1, b: 1, c: 0 }, options);
/** {@link Rbf}; gamma is 1 by default. */
export const rbf = (options: { gamma?: number } = {}): Rbf => describe("rbf", { gamma: 1 }, options);
/** {@link Exp}; a and b are 1 by default. */
export const exp = (options: { a?: number; b?: number } = {}): Exp => describe("exp", { a: 1, b: 1 }, options);
/** {@link GaussianActivation}; by default a is 1, b −1. */
export const gaussian = (options: { a?: number; b?: number } = {}): GaussianActivation =>
  describe("gaussian", { a: 1, b: -1 }, options);
/** {@link Gabor} */
export const gabor = (): Gabor => ({ kind: "gabor" });
/** {@link Monomial} */
export const monomial = (options: { degree: number }): Monomial => describe("monomial", { degree: undefined }, options);
/** {@link RectifiedMonomial} */
export const rectifiedMonomial = (options: { degree: number }): RectifiedMonomial =>
  describe("rectifiedMonomial", { degree: undefined }, options);
/** {@link Hermite} */
export const hermite = (options: { degree: number }): Hermite => describe("hermite", { degree: undefined }, options);
/** {@link PolynomialActivation} */
export const polynomial = (options: { coefficients: readonly number[] }): PolynomialActivation =>
  describe("polynomial", { coefficients: undefined }, options);
/** {@link Tanh} */
export const tanh = (): Tanh => ({ kind: "tanh" });
/** {@link Sigmoid} */
export const sigmoid = (): Sigmoid => ({ kind: "sigmoid" });
/** {@link Swish} */
export const swish = (): Swish => ({ kind: "swish" });
/** {@link Softplus} */
export const softplus = (): Softplus => ({ kind: "softplus" });

/**
 * Any other function, tabulated here and now: what results is plain data too. It is cut where it has to be until
 * polynomials of degree 24 follow it to 14 digits; a kink or a jump that is not among `breakpoints` is found by bisection.
 *
 * @param fn of one number, finite on the whole range; called a few thousand times at most
 */
export const activation = (fn: (x: number) => number, options: TabulationOptions = {}): Tabulation => tabulate(fn, options);
