/**
 * H∞, the Gram matrix of an infinitely wide one-hidden-layer ReLU network: `es.hinf` of an engine, `la.hinf` of a core.
 *
 * H∞ᵢⱼ = 𝔼_w [ xᵢ·xⱼ 𝟙(w·xᵢ > 0) 𝟙(w·xⱼ > 0) ], w ~ N(0, I), for the rows x of X, which are taken as they are
 * (`normalizeRows` scales them to length 1). As in {@link linalg}, calls of an engine return promises and take `signal`
 * and `onProgress`; those of a core return their values.
 *
 * @module hinf
 */

export { exact } from "./exact.ts";
export { coactivations, monteCarlo, upperConfidence } from "./monteCarlo.ts";
export { lambdaMin } from "./lambdaMin.ts";
