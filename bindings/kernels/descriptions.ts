/**
 * Kernels as plain data: `kernels.laplacian({ bandwidth: 10 })`. What they describe is a function k(x, z) of two rows, to be
 * given to `es.kernels.matrix`, `multiply`, `operator`, `es.regression.fit`, … They can be posted and kept as JSON, and are
 * checked where they are used.
 *
 * @module kernels
 */

import type { Network } from "../networks/layers.ts";
import { describe } from "../options.ts";

/** exp(−|x − z|²/(2·bandwidth²)) */
export interface Gaussian { kind: "gaussian"; bandwidth: number }
/** exp(−|x − z|/bandwidth) */
export interface Laplacian { kind: "laplacian"; bandwidth: number }
/** exp(−|x − z|^gamma/bandwidth), 0 < gamma ≤ 2 */
export interface Dispersal { kind: "dispersal"; bandwidth: number; gamma: number }
/** 1/(1 + |x − z|²/bandwidth²) */
export interface Cauchy { kind: "cauchy"; bandwidth: number }
/** Matérn's of smoothness nu, with s = √(2·nu)·|x − z|/bandwidth: e^−s, (1 + s)·e^−s, (1 + s + s²/3)·e^−s */
export interface Matern { kind: "matern"; bandwidth: number; nu: 0.5 | 1.5 | 2.5 }
/** (scale·x·z + offset)^degree */
export interface Polynomial { kind: "polynomial"; degree: number; scale: number; offset: number }
/** (1/π)·(|x̃||z̃|)^order·J_order(θ) of x̃ = (x, bias): Cho & Saul 2009 */
export interface ArcCos { kind: "arccos"; order: 0 | 1 | 2; bias: number }
/** The covariance of the outputs of an infinitely wide network at initialisation. */
export interface Nngp { kind: "nngp"; network: Network }
/** The neural tangent kernel of an infinitely wide network: Jacot, Gabriel & Hongler 2018. */
export interface Ntk { kind: "ntk"; network: Network }
/** x·z·(π − θ)/(2π): Du et al. 2018 */
export interface Hinf { kind: "hinf" }
/** Σᵢ `weights[i]`·`terms[i]` */
export interface Sum { kind: "sum"; terms: readonly Kernel[]; weights?: readonly number[] }
/** Πᵢ `factors[i]` */
export interface Product { kind: "product"; factors: readonly Kernel[] }

export type Kernel =
  | Gaussian | Laplacian | Dispersal | Cauchy | Matern | Polynomial | ArcCos | Nngp | Ntk | Hinf | Sum | Product;

/** {@link Gaussian} */
export const gaussian = (options: { bandwidth: number }): Gaussian => describe("gaussian", { bandwidth: undefined }, options);
/** {@link Laplacian} */
export const laplacian = (options: { bandwidth: number }): Laplacian => describe("laplacian", { bandwidth: undefined }, options);
/** {@link Dispersal} */
export const dispersal = (options: { bandwidth: number; gamma: number }): Dispersal =>
  describe("dispersal", { bandwidth: undefined, gamma: undefined }, options);
/** {@link Cauchy} */
export const cauchy = (options: { bandwidth: number }): Cauchy => describe("cauchy", { bandwidth: undefined }, options);
/** {@link Matern} */
export const matern = (options: { bandwidth: number; nu: 0.5 | 1.5 | 2.5 }): Matern =>
  describe("matern", { bandwidth: undefined, nu: undefined }, options);
/** {@link Polynomial}; scale and offset are 1 by default. */
export const polynomial = (options: { degree: number; scale?: number; offset?: number }): Polynomial =>
  describe("polynomial", { degree: undefined, scale: 1, offset: 1 }, options);
/** {@link ArcCos}; bias is 0 by default. */
export const arccos = (options: { order: 0 | 1 | 2; bias?: number }): ArcCos =>
  describe("arccos", { order: undefined, bias: 0 }, options);
/** {@link Nngp} */
export const nngp = (network: Network): Nngp => ({ kind: "nngp", network });
/** {@link Ntk} */
export const ntk = (network: Network): Ntk => ({ kind: "ntk", network });
/** {@link Hinf} */
export const hinf = (): Hinf => ({ kind: "hinf" });
/** {@link Sum}; all weights 1 by default. */
export const sum = (terms: readonly Kernel[], weights?: readonly number[]): Sum => ({ kind: "sum", terms, ...(weights && { weights }) });
/** {@link Product} */
export const product = (factors: readonly Kernel[]): Product => ({ kind: "product", factors });
