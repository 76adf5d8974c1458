// The spectrum of a layer, and the small multiples of them: drawn while they are in view.

import { esdDescription, esdPlot, grouped, prediction, type EsdPlotOptions, type ReportedLayer } from "eigenscope/plot";
import uPlot from "uplot";
import { color, size, theme } from "../site/plots.ts";
import { arrange, breakable, fixed } from "./elements.ts";

/** How far outside the window a plot is drawn already. */
const AHEAD = "400px";

/** Draws the spectrum of a layer, its spikes marked. */
export function drawEsd(layer: ReportedLayer, element: HTMLElement, dimensions: Pick<EsdPlotOptions, "width" | "height">): uPlot {
  const colors = { esd: color("gram"), random: color("random"), tail: color("exact"), bulk: color("sample-3") };
  const { options, data } = esdPlot(layer, { ...dimensions, legend: false, colors, theme: theme() });
  options.hooks!.draw!.push((u) => markSpikes(u, layer));
  return new uPlot(options, data, element);
}

/** Triangles at the eigenvalues beyond the bulk, which are the largest. */
function markSpikes(u: uPlot, { eigenvalues, spikes }: ReportedLayer): void {
  const { ctx, bbox } = u;
  const ratio = ctx.canvas.width / u.width;
  ctx.save();
  ctx.fillStyle = color("exact");
  for (let k = eigenvalues.length - (spikes ?? 0); k < eigenvalues.length; k++) {
    const x = u.valToPos(eigenvalues[k]!, "x", true);
    if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top + 7 * ratio);
    ctx.lineTo(x - 3.5 * ratio, bbox.top);
    ctx.lineTo(x + 3.5 * ratio, bbox.top);
    ctx.fill();
  }
  ctx.restore();
}

/** A tail of fewer values is marked, which stands for its warning. */
const FEW = 50;
const OF_FEW = /^nTail is \d+: from fewer/;

export function fitText({ alpha, sigma, nTail, reason }: ReportedLayer): string {
  if (alpha === null) return `no fit: ${reason}`;
  return `α ${fixed(alpha)}${sigma == null ? "" : ` ± ${fixed(sigma)}`}, ${nTail < FEW ? "only " : ""}${grouped(nTail)} in the tail`;
}

interface Multiple {
  layer: ReportedLayer;
  figure: HTMLElement;
  element: HTMLElement;
  plot?: uPlot;
}

/** A model may have hundreds of layers: only the plots near the window have a canvas, and each is drawn in its own turn. */
export class Multiples {
  private readonly all = new Map<Element, Multiple>();
  /** Those that are to be drawn. */
  private readonly waiting = new Set<Multiple>();
  private turn: ReturnType<typeof setTimeout> | undefined;
  private readonly observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const multiple = this.all.get(target);
      if (!multiple) continue;
      if (isIntersecting) {
        this.waiting.add(multiple);
      } else {
        this.waiting.delete(multiple);
        drop(multiple);
      }
    }
    this.turn ??= setTimeout(() => this.drawNext());
  }, { rootMargin: AHEAD });

  constructor(private readonly container: HTMLElement) {}

  clear(): void {
    this.observer.disconnect();
    this.waiting.clear();
    for (const multiple of this.all.values()) drop(multiple);
    this.all.clear();
    this.container.replaceChildren();
  }

  /** `at` counts the layers from 1 on. */
  add(layer: ReportedLayer, id: string, at: number): void {
    const heading = document.createElement("h3");
    heading.append(...breakable(layer.name));
    const facts = Object.assign(document.createElement("p"), { textContent: `${layer.shape.join("×")} · ${fitText(layer)}` });
    const caption = document.createElement("figcaption");
    caption.append(heading, facts);
    const element = Object.assign(document.createElement("div"), { className: "esd", role: "img", ariaLabel: esdDescription(layer) });
    const note = Object.assign(document.createElement("p"), { className: "note", textContent: prediction(at, layer) });
    for (const warning of layer.warnings.filter((line) => !OF_FEW.test(line))) {
      note.append(" ", Object.assign(document.createElement("em"), { textContent: `${warning}.` }));
    }
    const figure = Object.assign(document.createElement("figure"), { id });
    figure.append(caption, element, note);
    this.container.append(figure);
    this.all.set(element, { layer, figure, element });
    this.observer.observe(element);
  }

  arrange(layers: readonly ReportedLayer[]): void {
    const figures = new Map(Array.from(this.all.values(), ({ layer, figure }) => [layer, figure]));
    arrange(this.container, layers.map((layer) => figures.get(layer)!));
  }

  private drawNext(): void {
    const [next] = this.waiting;
    this.turn = next && setTimeout(() => this.drawNext());
    if (!next) return;
    this.waiting.delete(next);
    draw(next);
  }

  /** Those that are drawn, to the sizes that they have now, or anew in other colours. */
  refresh(anew: boolean): void {
    for (const multiple of this.all.values()) {
      const { plot, element } = multiple;
      if (!plot) continue;
      if (anew) {
        drop(multiple);
        draw(multiple);
      } else if (element.clientWidth !== plot.width) {
        plot.setSize(size(element));
      }
    }
  }
}

function draw(multiple: Multiple): void {
  multiple.plot ??= drawEsd(multiple.layer, multiple.element, size(multiple.element));
}

function drop(multiple: Multiple): void {
  multiple.plot?.destroy();
  multiple.plot = undefined;
}
