/**
 * Kernel matrices: `es.kernels` of an engine, `la.kernels` of a core. A kernel is plain data, made by the functions of
 * {@link eigenscope!kernels}; rows are taken as they are. As in {@link linalg}, calls of an engine return promises and take
 * `signal` and `onProgress`; those of a core return their values.
 *
 * `operator(kernel, X)`, which returns at once in both, is K(X, X) as an operator, never formed: for `eigsh`, `svds`,
 * `randomizedSvd`, `nystrom`, `trace` and `spectralDensity`.
 *
 * @module kernels
 */

export { diagonal, matrix, multiply } from "./matrix.ts";
export { errorBound } from "./errorBound.ts";
