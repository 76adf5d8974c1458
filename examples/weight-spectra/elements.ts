// What the tables and the small multiples share.

import { grouped, significant, typeset } from "eigenscope/plot";

/** An α or its σ: two decimals, so that points stand in one column; three digits where that would be long. */
export const fixed = (x: number) => (Math.abs(x) < 1e4 ? typeset(x.toFixed(2)) : significant(x, 3));

export const counted = (k: number, what: string) => `${grouped(k)} ${what}${k === 1 ? "" : "s"}`;

/** A name that breaks after its dots, slashes and underscores. */
export function breakable(name: string): (string | HTMLElement)[] {
  const parts = (name || "(no name)").split(/(?<=[./_])/);
  return parts.flatMap((part, k) => (k === 0 ? [part] : [document.createElement("wbr"), part]));
}

/** Puts the children of an element in an order, and moves only those that are out of it. */
export function arrange(parent: HTMLElement, ordered: readonly HTMLElement[]): void {
  let at = parent.firstElementChild;
  for (const child of ordered) {
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
}
