// What an element shows: title, plot, numbers; or how far the work is; or what went wrong.

import uPlot from "uplot";
import { spectrumPlot } from "../plot/spectrum.ts";
import style from "./generated/style.ts";
import type { Drawing } from "./words.ts";

/** The colors of the style sheet that a canvas is painted with. */
const COLORS = ["text", "grid", "line", "second"] as const;

let sheet: CSSStyleSheet | undefined;

/** One for all elements; a constructed sheet needs no permission of a Content-Security-Policy. */
function sharedSheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
  }
  return sheet;
}

export class View {
  private readonly figure = create("figure", "figure");
  private readonly title = create("figcaption", "caption");
  /** The shape for eyes; its text alternative is its label. */
  private readonly plot = create("div", "plot");
  private readonly status = create("p", "status");
  private readonly bar = create("progress", "progress");
  private readonly error = create("p", "error");
  private readonly legend = create("div", "legend");
  private readonly numbers = create("div", "numbers");
  private readonly probes = COLORS.map((color) => create("span", `probe ${color}`));
  private readonly resized = new ResizeObserver(() => this.fit());
  private drawing?: Drawing;
  private chart?: uPlot;

  constructor(root: ShadowRoot) {
    root.adoptedStyleSheets = [sharedSheet()];
    const area = create("div", "area");
    const over = create("div", "over");
    this.title.id = "title";
    this.figure.setAttribute("aria-labelledby", "title");
    this.legend.setAttribute("aria-hidden", "true"); // it follows the pointer
    this.numbers.setAttribute("aria-live", "polite");
    this.status.setAttribute("role", "status");
    this.error.setAttribute("role", "alert");
    this.bar.setAttribute("aria-labelledby", "title");
    this.bar.hidden = true;
    this.bar.max = 1;
    over.append(this.status, this.bar, this.error);
    area.append(this.plot, over);
    this.figure.append(this.title, area, this.legend, this.numbers);
    root.append(this.figure, ...this.probes);
    for (const probe of this.probes) {
      probe.setAttribute("aria-hidden", "true");
      probe.addEventListener("transitionend", () => this.paint());
    }
  }

  /** On the page: from here on it follows its size. */
  connect(): void {
    this.resized.observe(this.plot);
  }

  /** Off the page: nothing is left that the page or its window would hold. */
  disconnect(): void {
    this.resized.disconnect();
    this.erase();
  }

  label(title: string): void {
    if (this.title.textContent !== title) this.title.textContent = title;
  }

  /** Work has begun or goes on. The numbers that are shown are no longer those of the data. */
  busy(text: string, fraction?: number): void {
    this.bar.hidden = false;
    this.error.textContent = "";
    if (fraction === undefined) this.bar.removeAttribute("value");
    else this.bar.value = fraction;
    if (this.status.textContent !== text) this.status.textContent = text;
    this.figure.classList.add("stale");
  }

  show(drawing: Drawing): void {
    this.rest();
    this.drawing = drawing;
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", drawing.alternative);
    this.numbers.replaceChildren(
      paragraph("headline", drawing.headline),
      ...drawing.facts.map((fact) => paragraph("facts", fact)),
      ...drawing.warnings.map((warning) => paragraph("warning", warning)),
    );
    this.paint();
  }

  fail(message: string): void {
    this.clear();
    this.error.textContent = message;
  }

  /** Nothing to show. */
  clear(): void {
    this.rest();
    this.drawing = undefined;
    this.erase();
    this.numbers.replaceChildren();
    this.plot.removeAttribute("role");
    this.plot.removeAttribute("aria-label");
  }

  /** No work. */
  private rest(): void {
    this.bar.hidden = true;
    this.status.textContent = this.error.textContent = "";
    this.figure.classList.remove("stale");
  }

  private erase(): void {
    this.chart?.destroy();
    this.chart = undefined;
  }

  private fit(): void {
    const { clientWidth: width, clientHeight: height } = this.plot;
    if (!this.chart) this.paint();
    else if (width && height) this.chart.setSize({ width, height });
  }

  private paint(): void {
    this.erase();
    const { clientWidth: width, clientHeight: height } = this.plot;
    if (!this.drawing || !width || !height) return;
    const { lines, scale, mark, roundOff } = this.drawing;
    const color = (name: (typeof COLORS)[number]) => getComputedStyle(this.probes[COLORS.indexOf(name)]!).color;
    const { options, data } = spectrumPlot(
      lines.map((line) => ({ ...line, color: color(line.color), width: 2.5 })),
      {
        width,
        height,
        scale,
        roundOff,
        mark: mark && { ...mark, color: color("line") },
        theme: { text: color("text"), grid: color("grid"), font: getComputedStyle(this.plot).fontFamily },
      },
    );
    // zooming needs a pointer, and a foreign page may want its gestures
    options.cursor = { ...options.cursor, drag: { x: false, y: false } };
    options.legend = { ...options.legend, mount: (_, legend) => this.legend.replaceChildren(legend) };
    this.chart = new uPlot(options, data, this.plot);
  }
}

/** An element that style sheets find: here by class, on the page by part. */
function create<K extends keyof HTMLElementTagNameMap>(tag: K, name: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = name;
  element.part = name;
  return element;
}

/** `λ_min` with its subscript set. */
function paragraph(name: string, text: string): HTMLParagraphElement {
  const element = create("p", name);
  text.split(/_(min|max)/).forEach((piece, k) => {
    if (k % 2 === 0) return element.append(piece);
    const sub = document.createElement("sub");
    sub.textContent = piece;
    element.append(sub);
  });
  return element;
}
