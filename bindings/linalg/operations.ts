/**
 * Dense linear algebra and spectral methods: `es.linalg` of an engine, and the methods of a core.
 *
 * - On an engine (`createEngine`) every call returns a promise, as shown here, and takes
 *   `signal` and `onProgress` among its options: `await es.linalg.eigh(A, { signal })`.
 * - On a core (`createCore`) the same calls stand at its top and return their values at once: `la.eigh(A)`.
 *
 * Every matrix that is given must be finite, or the call fails with NotFiniteError; of the wrong shape, with ShapeError;
 * too large for the memory, with OutOfMemoryError; options that the call does not have, with OptionError: all before
 * anything is computed. Inputs are never changed.
 *
 * @module linalg
 */

export { gram, matmul, peakGflops } from "./blas.ts";
export { cholesky } from "./cholesky.ts";
export { inertia } from "./inertia.ts";
export { inv, slogdet, solve } from "./solve.ts";
export { norm } from "./norm.ts";
export { eigh, eigvalsh } from "./eig.ts";
export { eigsh } from "./eigsh.ts";
export { spectralDensity } from "./spectralDensity.ts";
export { trace } from "./trace.ts";
export { qr } from "./qr.ts";
export { randomizedSvd } from "./randomizedSvd.ts";
export { nystrom } from "./nystrom.ts";
export { lstsq, pinv } from "./lstsq.ts";
export { svd, svdvals } from "./svd.ts";
export { svds } from "./svds.ts";
export { cond, rank } from "./cond.ts";
export * as certify from "./certificates.ts";
