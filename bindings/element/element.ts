// <eigenscope-spectrum>: when it computes, and what its page hears of it.

import type { Engine } from "../engine.ts";
import type { MatrixLike } from "../linalg/matrix.ts";
import { compute, prepare, type SpectrumResult } from "./compute.ts";
import { withEngine } from "./engines.ts";
import { readScale, readSettings, readSurroundings, type SpectrumKind } from "./settings.ts";
import { loadMatrix } from "./source.ts";
import { View } from "./view.ts";
import { draw, titleOf } from "./words.ts";

/** How much of the work is done, and what is being done. */
export interface SpectrumProgress {
  /** From 0 to 1, rising. */
  fraction: number;
  step: string;
}

/** Attributes by the properties that reflect them. */
const STRINGS = {
  src: "src", kind: "kind", rows: "rows", columns: "columns", features: "features", seed: "seed", scale: "scale", label: "label",
  threads: "threads", workerUrl: "worker-url", wasmUrl: "wasm-url", loading: "loading",
} as const;
/** Attributes that change how numbers look, not the numbers. */
const LOOKS = ["scale", "label"];
const PROPERTIES = [...Object.keys(STRINGS), "unitRows", "data", "engine"];

/** How far from the screen a lazy element begins. */
const NEAR = "200px";

/** On a server there are no elements; importing this there does nothing. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/**
 * `<eigenscope-spectrum src="data.csv" kind="hinf">`: reads data, computes a spectrum and draws it. Changes of its
 * attributes and properties compute anew; removal from the page ends the work. All elements of a page share an engine.
 *
 * Events, which bubble: `eigenscope-progress` (detail: {@link SpectrumProgress}), `eigenscope-result` (detail:
 * {@link SpectrumResult}), `eigenscope-error` (detail: the error, whose message the element shows).
 */
export class SpectrumElement extends Base {
  /** @internal */
  static readonly observedAttributes = [...Object.values(STRINGS), "unit-rows"];

  /** URL of the data: .npy, .npz, .csv or .idx, each also gzipped, known by their content. */
  declare src: string;
  /** "hinf": H∞ of the rows; "gram": X·Xᵀ; "eig": the data as a symmetric matrix; "svd": singular values. */
  declare kind: SpectrumKind | "";
  /** Which rows, half-open from 0, as in "0:500"; either end may be left out or count from the end. Default: all. */
  declare rows: string;
  /** Which columns; ":-1" leaves out the last, where labels often are. Default: all. */
  declare columns: string;
  /** Random neurons for a Monte-Carlo spectrum beside that of kind "hinf". Default: none. */
  declare features: string;
  /** Of the random neurons: NumPy's RandomState(seed). Default 0. */
  declare seed: string;
  /** Of the axis, "log" or "linear". Default "log". */
  declare scale: string;
  /** The title. Default: what the spectrum is of. */
  declare label: string;
  /** As of createEngine: a number or "auto", the default. */
  declare threads: string;
  /** As of createEngine: dist/worker.js on the page's own origin, where a Content-Security-Policy forbids blob: workers. */
  declare workerUrl: string;
  /** As of createEngine: a .wasm file, or a folder of them with a "/" at its end. Default: inlined. */
  declare wasmUrl: string;
  /** "lazy": begins when the element comes near the screen. Default: at once. */
  declare loading: string;

  #data: MatrixLike | null = null;
  #engine: Engine | null = null;
  #result: SpectrumResult | null = null;
  #view?: View;
  /** Ends the work in flight. */
  #running?: AbortController;
  /** Are the inputs others than those of what is shown? */
  #stale = true;
  #scheduled = false;
  #near?: IntersectionObserver;

  /** The data themselves, instead of `src`. */
  get data(): MatrixLike | null { return this.#data; }
  set data(data: MatrixLike | null) {
    this.#data = data ?? null;
    this.#change();
  }

  /** An engine to compute on, instead of the shared one; the element does not close it. */
  get engine(): Engine | null { return this.#engine; }
  set engine(engine: Engine | null) {
    this.#engine = engine ?? null;
    this.#change();
  }

  /** Scale every row to length 1 first? Default false: rows as they are. */
  get unitRows(): boolean { return this.hasAttribute("unit-rows"); }
  set unitRows(unitRows: boolean) { this.toggleAttribute("unit-rows", Boolean(unitRows)); }

  /** What is shown; null before, and where it failed. */
  get result(): SpectrumResult | null { return this.#result; }

  /** Reads `src` again and computes anew. */
  refresh(): void {
    this.#change();
  }

  /** @internal */
  connectedCallback(): void {
    // properties that were set before the element was defined
    for (const name of PROPERTIES) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name as "data"];
      delete (this as Partial<this>)[name as "data"];
      this[name as "data"] = value;
    }
    this.#view ??= new View(this.attachShadow({ mode: "open" }));
    this.#view.connect();
    this.#redraw();
    this.#schedule();
  }

  /** @internal */
  disconnectedCallback(): void {
    this.#near?.disconnect();
    this.#near = undefined;
    this.#view?.disconnect();
    this.#schedule(); // a move to another place comes back before that
  }

  /** @internal */
  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (name === "loading") this.#schedule();
    else if (LOOKS.includes(name)) this.#redraw();
    else this.#change();
  }

  #change(): void {
    this.#stop();
    this.#stale = true;
    this.#schedule();
  }

  /** Gives up the work in flight. */
  #stop(): void {
    if (!this.#running) return;
    this.#running.abort();
    this.#running = undefined;
    this.#stale = true;
  }

  /** Once for all changes that a script makes together. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.isConnected) this.#stop();
      else if (this.#stale && !this.#away()) void this.#run();
    });
  }

  /** Is it to wait until it is near the screen? */
  #away(): boolean {
    if (this.getAttribute("loading") !== "lazy") return false;
    if (!this.#near) {
      const near = (this.#near = new IntersectionObserver((entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        if (this.#stale && this.isConnected) void this.#run();
      }, { rootMargin: NEAR }));
      near.observe(this);
    }
    return true;
  }

  async #run(): Promise<void> {
    const view = this.#view!;
    const src = this.getAttribute("src");
    this.#near?.disconnect();
    this.#near = undefined;
    this.#stale = false;
    this.#result = null;
    this.#redraw(); // the title may be another
    if (!src && !this.#data) return view.clear();
    const running = (this.#running = new AbortController());
    const { signal } = running;
    try {
      const settings = readSettings(this);
      const surroundings = readSurroundings(this);
      readScale(this);
      view.busy("Reading the data…");
      const { matrix, warnings } = this.#data ? { matrix: this.#data, warnings: [] } : await loadMatrix(src!, this.baseURI, signal);
      const X = prepare(matrix, settings);
      view.busy("Starting…");
      const report = (fraction: number, step: string) => {
        view.busy(`Computing: ${step}…`, fraction);
        this.#tell<SpectrumProgress>("progress", { fraction, step });
      };
      const use = (es: Engine) => compute(es, X, settings, warnings, report, signal);
      const result = await (this.#engine ? use(this.#engine) : withEngine(surroundings, use));
      if (signal.aborted) return;
      this.#running = undefined;
      this.#result = result;
      this.#redraw();
      this.#tell("result", result);
    } catch (error) {
      if (signal.aborted) return;
      this.#running = undefined;
      this.#fail(error);
    }
  }

  #redraw(): void {
    const view = this.#view;
    if (!view) return;
    view.label(this.getAttribute("label") || titleOf(this.getAttribute("kind")));
    if (!this.#result) return;
    try {
      view.show(draw(this.#result, readScale(this)));
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#view!.fail(error instanceof Error ? error.message : String(error));
    this.#tell("error", error);
  }

  #tell<T>(name: string, detail: T): void {
    this.dispatchEvent(new CustomEvent(`eigenscope-${name}`, { detail, bubbles: true, composed: true }));
  }
}

for (const [property, attribute] of Object.entries(STRINGS)) {
  Object.defineProperty(SpectrumElement.prototype, property, {
    configurable: true,
    enumerable: true,
    get(this: SpectrumElement) { return this.getAttribute(attribute) ?? ""; },
    set(this: SpectrumElement, value: unknown) {
      if (value === null || value === undefined) this.removeAttribute(attribute);
      else this.setAttribute(attribute, String(value));
    },
  });
}
