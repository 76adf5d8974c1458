// The families by name, and which are special cases of which.

import { discreteExponential, exponential } from "./exponential.ts";
import type { Family } from "./family.ts";
import { discreteLognormal, discreteLognormalPositive, lognormal, lognormalPositive } from "./lognormal.ts";
import { discretePowerLaw, powerLaw } from "./powerLaw.ts";
import { discreteStretchedExponential, stretchedExponential } from "./stretchedExponential.ts";
import { discreteTruncatedPowerLaw, truncatedPowerLaw } from "./truncatedPowerLaw.ts";

export type DistributionName =
  | "powerLaw" | "truncatedPowerLaw" | "lognormal" | "lognormalPositive" | "exponential" | "stretchedExponential";

/** On x ≥ xmin, and on whole numbers from xmin on. */
const FAMILIES: { readonly [name in DistributionName]: readonly [onReals: unknown, onWholeNumbers: unknown] } = {
  powerLaw: [powerLaw, discretePowerLaw],
  truncatedPowerLaw: [truncatedPowerLaw, discreteTruncatedPowerLaw],
  lognormal: [lognormal, discreteLognormal],
  lognormalPositive: [lognormalPositive, discreteLognormalPositive],
  exponential: [exponential, discreteExponential],
  stretchedExponential: [stretchedExponential, discreteStretchedExponential],
};

export const distributionNames = Object.keys(FAMILIES) as DistributionName[];

export function familyOf(name: DistributionName, discrete: boolean): Family {
  return FAMILIES[name][discrete ? 1 : 0] as Family;
}

const SPECIAL_CASES: [DistributionName, DistributionName][] = [
  ["powerLaw", "truncatedPowerLaw"], ["exponential", "stretchedExponential"], ["lognormalPositive", "lognormal"],
];
/** Where α of the truncated power law can be 0. */
const MORE_CASES: typeof SPECIAL_CASES = [...SPECIAL_CASES, ["exponential", "truncatedPowerLaw"]];

/** Whether one of the families is a special case of the other. */
export function areNested(a: DistributionName, b: DistributionName, compat: boolean): boolean {
  return (compat ? SPECIAL_CASES : MORE_CASES).some(([x, y]) => (x === a && y === b) || (x === b && y === a));
}
