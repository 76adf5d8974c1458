/**
 * Infinitely wide networks: `es.networks` of an engine, `la.networks` of a core. Networks are plain data, made by the functions
 * of {@link eigenscope!networks}; their kernels are computed by {@link kernels}.
 *
 * @module networks
 */

export { dualActivation } from "./dualActivation.ts";
