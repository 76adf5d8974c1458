/**
 * Infinitely wide networks as plain data: `networks.network([networks.dense(), networks.relu(), networks.dense()])`, for
 * `kernels.nngp` and `kernels.ntk`. They can be posted and kept as JSON, and are checked where they are used.
 *
 * @module networks
 */

import { checkOptions, describe } from "../options.ts";
import type { Activation } from "./activations.ts";

export * from "./activations.ts";
export type { Tabulation, TabulationOptions } from "./tabulate.ts";

/**
 * How weights are scaled, by name:
 *
 * - "ntk": as neural-tangents. The input covariance is x·z/d; a dense layer multiplies by weightStd²/fan-in and adds biasStd².
 * - "standard": the same covariance, but the weights themselves are trained, unscaled: layers count in Θ by their width.
 * - "tutorial": as "ntk", but the input covariance is x·z, and every activation is normalised to E φ(z)² = 1, z ~ N(0, 1).
 */
export type Convention = "ntk" | "standard" | "tutorial";

export interface Network {
  layers: readonly Layer[];
  convention: Convention;
}

export interface Dense {
  kind: "dense";
  weightStd: number;
  /** Absent: no bias. */
  biasStd?: number;
  /** Outputs, which matter to the "standard" convention only. */
  width: number;
}

/** The sum of two branches. An empty one is the identity. */
export interface Residual {
  kind: "residual";
  layers: readonly Layer[];
  shortcut: readonly Layer[];
}

export type Layer = Dense | Residual | Activation;

/** A network of these layers, first to last; the convention is "ntk" by default. */
export const network = (layers: readonly Layer[], options: { convention?: Convention } = {}): Network => {
  checkOptions("network", options, { convention: true });
  const { convention = "ntk" } = options;
  return { layers, convention };
};

/** A fully connected layer; weightStd is 1 by default, width 512, and without `biasStd` it has no bias. */
export const dense = (options: { weightStd?: number; biasStd?: number; width?: number } = {}): Dense =>
  describe("dense", { weightStd: 1, biasStd: undefined, width: 512 }, options);

/** layers(x) + shortcut(x) */
export const residual = (layers: readonly Layer[], shortcut: readonly Layer[] = []): Residual => ({ kind: "residual", layers, shortcut });
