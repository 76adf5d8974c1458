// The power law of a spectrum's tail beside the other families.

import type { Runtime } from "../core/runtime.ts";
import { compare } from "./compare.ts";
import type { DistributionName } from "./distribution.ts";

/** A family against the power law, on the same tail. */
export interface Alternative {
  name: DistributionName;
  /** Above 0 the power law fits better, below 0 this family: the logarithm of the likelihoods' ratio. */
  R: number;
  /** How probable an |R| this large is if both are equally good. */
  p: number;
}

export interface Alternatives {
  /** The likeliest of the families that fit better than the power law with p below 0.05; "powerLaw" if there is none. */
  best: DistributionName;
  /** Truncated power law, lognormal, exponential, stretched exponential. */
  against: Alternative[];
}

const FAMILIES = ["truncatedPowerLaw", "lognormal", "exponential", "stretchedExponential"] as const;
const LEVEL = 0.05;

/** Likelihood-ratio tests (see `compare`) on the values from xmin on: in units of xmin, so that they can be of any size. */
export function alternatives(rt: Runtime, values: Float64Array, xmin: number): Alternatives {
  const scaled = values.map((x) => x / xmin);
  const against = FAMILIES.map((name): Alternative => {
    const { R, p } = compare(rt, scaled, "powerLaw", name, { xmin: 1 });
    return { name, R, p };
  });
  const better = against.filter(({ R, p }) => R < 0 && p < LEVEL).sort((a, b) => a.R - b.R);
  return { best: better[0]?.name ?? "powerLaw", against };
}
