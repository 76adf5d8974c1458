/**
 * `import "eigenscope/element"` defines `<eigenscope-spectrum>`.
 *
 * @module eigenscope/element
 */

import type { SpectrumResult } from "./compute.ts";
import { SpectrumElement, type SpectrumProgress } from "./element.ts";

export { SpectrumElement, type SpectrumProgress } from "./element.ts";
export type { SpectrumResult } from "./compute.ts";
export type { SpectrumKind } from "./settings.ts";

declare global {
  interface HTMLElementTagNameMap {
    "eigenscope-spectrum": SpectrumElement;
  }
  interface GlobalEventHandlersEventMap {
    "eigenscope-progress": CustomEvent<SpectrumProgress>;
    "eigenscope-result": CustomEvent<SpectrumResult>;
    "eigenscope-error": CustomEvent<unknown>;
  }
}

// a page may load two copies of the package; the first one stays
if (globalThis.customElements && !customElements.get("eigenscope-spectrum")) customElements.define("eigenscope-spectrum", SpectrumElement);
