// Rows that make H∞ singular, or may, in words. Apart from the report, whose page is large.

import type { SpecialRows } from "../hinf/exact.ts";

/** What rows in a special position say about λ_min(H∞), which is 0 if `singular`; one line a kind, rows count from 1. */
export function rowWarnings(found: SpecialRows, singular: boolean): string[] {
  const others = (count: number) => (count > 1 ? ` (and ${count - 1} more)` : "");
  const pair = (pairs: [number, number][]) => `rows ${pairs[0]![0] + 1} and ${pairs[0]![1] + 1}${others(pairs.length)}`;
  const warnings = [];
  if (found.zeroRows.length) warnings.push(`row ${found.zeroRows[0]! + 1}${others(found.zeroRows.length)} is zero: λ_min(H∞) = 0`);
  if (found.parallelRows.length) {
    const effect = singular ? ": λ_min(H∞) = 0" : " up to rounding: λ_min(H∞) is 0 or nearly so";
    warnings.push(`${pair(found.parallelRows)} are positive multiples of each other${effect}`);
  }
  if (found.oppositeRows.length) warnings.push(`${pair(found.oppositeRows)} are opposite: H∞ may be singular, it need not be`);
  return warnings;
}
