// What the table and the small multiples share.

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
