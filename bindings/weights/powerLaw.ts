// Power-law fits of the tail of any data.

import type { Runtime } from "../core/runtime.ts";

export interface PowerLawFit {
  /** The exponent: p(x) ∝ x^−α for x ≥ xmin; null with a `reason` if there is no fit. */
  alpha: number | null;
  /** The standard error of α, (α − 1)/√nTail. */
  sigma: number | null;
  xmin: number | null;
  /** The Kolmogorov-Smirnov distance of the tail. */
  D: number | null;
  nTail: number;
  n: number;
  /** No xmin met the conditions on α and σ; the nearest fit is given. */
  noise: boolean;
  reason?: string;
  warnings: string[];
}

/** Clauset, Shalizi & Newman's fit, with every unique value but the last tried as xmin. */
export function powerLaw(rt: Runtime, data: ArrayLike<number>): PowerLawFit {
  void rt;
  const x = Float64Array.from(data).sort();
  const n = x.length;
  const unique = x.filter((value, i) => i === 0 || value !== x[i - 1]);
  const none = { alpha: null, sigma: null, xmin: null, D: null, nTail: 0, n, noise: false, warnings: [] };
  if (unique.length < 3) return { ...none, reason: `${unique.length} distinct values, a fit needs 3` };
  let best: PowerLawFit = { ...none, D: Infinity };
  for (const xmin of unique.subarray(0, -1)) {
    const start = x.indexOf(xmin);
    const tail = x.subarray(start);
    const alpha = 1 + tail.length / tail.reduce((sum, value) => sum + Math.log(value / xmin), 0);
    let D = 0;
    tail.forEach((value, i) => {
      if (i > 0 && value === tail[i - 1]) return;
      D = Math.max(D, Math.abs(1 - (value / xmin) ** (1 - alpha) - i / tail.length));
    });
    if (alpha > 1 && D < best.D!) best = { ...none, alpha, sigma: (alpha - 1) / Math.sqrt(tail.length), xmin, D, nTail: tail.length };
  }
  if (best.nTail < 50) best.warnings = [`only ${best.nTail} values in the tail`];
  return best;
}
