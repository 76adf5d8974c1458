// The exponential law:  p(x) = λ·e^(−λ(x − xmin)),  x ≥ xmin;  on whole numbers  p(x) = (1 − e^(−λ))·e^(−λ(x − xmin)).
//
// Based on: Clauset, Shalizi & Newman 2009, table 2.1.

import type { Family } from "./family.ts";

const { expm1, floor, log, log1p } = Math;

const valid = { expected: "{ lambda } above 0", isValid: ({ lambda }: { lambda: number }) => lambda > 0 && lambda < Infinity };

export const exponential: Family<{ lambda: number }> = {
  ...valid,
  fit: ({ meanRatio, xmin }) => ({ parameters: { lambda: 1 / (xmin * (meanRatio - 1)) } }),
  law: ({ lambda }, xmin) => ({
    logDensity: (x) => log(lambda) - lambda * (x - xmin),
    logCcdf: (x) => -lambda * (x - xmin),
    quantile: (e) => xmin + e / lambda,
  }),
};

export const discreteExponential: Family<{ lambda: number }> = {
  ...valid,
  fit: ({ meanRatio, xmin }) => ({ parameters: { lambda: log1p(1 / (xmin * (meanRatio - 1))) } }),
  law: ({ lambda }, xmin) => ({
    logDensity: (x) => log(-expm1(-lambda)) - lambda * (x - xmin),
    logCcdf: (x) => -lambda * (x - xmin),
    quantile: (e) => xmin + floor(e / lambda),
  }),
};
