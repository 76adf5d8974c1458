/**
 * Kernel matrices: `es.kernels` of an engine, `la.kernels` of a core. A kernel is plain data, made by the functions of
 * {@link kernels}; rows are taken as they are. As in {@link linalg}, calls of an engine return promises and take `signal` and
 * `onProgress`; those of a core return their values.
 *
 * @module kernelMatrices
 */

export { diagonal, matrix, multiply } from "./matrix.ts";
