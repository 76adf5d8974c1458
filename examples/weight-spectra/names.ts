// Names of layers, which may be long.

/** A name that breaks after its dots, slashes and underscores. */
export function breakable(name: string): (string | HTMLElement)[] {
  const parts = (name || "(no name)").split(/(?<=[./_])/);
  return parts.flatMap((part, k) => (k === 0 ? [part] : [document.createElement("wbr"), part]));
}
