/**
 * Learning with kernels: `es.regression` of an engine, `la.regression` of a core.
 *
 * For a kernel k ({@link kernels}), rows X (n×d) and targets Y (n×L, or n numbers for L = 1), f(x) = Σᵢ k(x, xᵢ)·αᵢ. The
 * loss is the mean over all n·L numbers of (f − y)², a ridge λ adds λ to the diagonal of the kernel matrix. As in
 * {@link linalg}, calls of an engine return promises and take `signal` and `onProgress`; those of a core return their values.
 *
 * @module regression
 */

export { fit } from "./fit.ts";
export { gradientFlow } from "./gradientFlow.ts";
export { posterior } from "./posterior.ts";
export { predict } from "./predict.ts";
export { ridgePath } from "./ridgePath.ts";
