/**
 * Spectra of trained weights: `es.weights` of an engine, `la.weights` of a core.
 *
 * The eigenvalues of W·Wᵀ of each layer, the power law in their tail, the random-matrix bulk below it. As in
 * {@link linalg}, calls of an engine return promises and take `signal` and `onProgress`; those of a core return their values.
 *
 * @module weights
 */

export { analyzeLayer } from "./analyzeLayer.ts";
export { bootstrap } from "./bootstrap.ts";
export { compare } from "./compare.ts";
export { distribution } from "./distribution.ts";
export { esd } from "./esd.ts";
export { marchenkoPastur } from "./marchenkoPastur.ts";
export { powerLaw } from "./powerLaw.ts";
export { sample } from "./sample.ts";
export { tracyWidomCdf, tracyWidomQuantile } from "./tracyWidom.ts";
export { weightwatcher } from "./weightwatcher.ts";
