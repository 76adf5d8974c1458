// Models over a training: α of every layer and the metric, as lines and as a table.

import { alphaLines, checkpointsPlot, significant, type CheckpointLine, type CheckpointsPlotOptions, type ReportedLayer } from "eigenscope/plot";
import uPlot from "uplot";
import { color, size, theme } from "../site/plots.ts";
import { byId, put, tableRow } from "../site/view.ts";
import { breakable, fixed } from "./elements.ts";

export interface Checkpoint {
  name: string;
  layers: readonly ReportedLayer[];
  /** Of all layers; null while some are still to come, and where none has a fit. */
  metric: { ln: number | null; log10: number | null };
}

/** In CSS pixels: of a plot with a legend below it, and without. */
const [LOW, HIGH] = [240, 272];
/** So many lines have a legend; of more the one under the cursor is named. */
const MOST_NAMED = 9;

export class Series {
  private drawn: uPlot[] = [];
  private checkpoints: readonly Checkpoint[] = [];

  /** Shows these in place of those before. */
  show(checkpoints: readonly Checkpoint[]): void {
    this.checkpoints = checkpoints;
    const lines = alphaLines(checkpoints);
    const metrics = (["ln", "log10"] as const).map((base) => checkpoints.map(({ metric }) => metric[base]));
    byId("alphas").ariaLabel = `Exponents of ${lines.length} layers over ${checkpoints.length} checkpoints`;
    byId("metrics").ariaLabel = `Universal metric of ${checkpoints.length} checkpoints`;
    const table = byId<HTMLTableElement>("exponents");
    const heads = ["α", ...checkpoints.map(({ name }) => name)].map((name) => {
      const head = Object.assign(document.createElement("th"), { scope: "col" });
      head.append(...breakable(name));
      return head;
    });
    table.tHead!.rows[0]!.replaceChildren(...heads);
    const row = (name: string, values: (number | null)[], show: (x: number) => string) => {
      const made = tableRow("", values.map((value) => (value === null ? "–" : show(value))));
      made.cells[0]!.append(...breakable(name));
      return made;
    };
    table.tBodies[0]!.replaceChildren(
      ...lines.map(({ label, values }) => row(label, values, fixed)),
      row("metric, ln", metrics[0]!, (x) => significant(x, 5)),
      row("metric, log₁₀", metrics[1]!, (x) => significant(x, 5)),
    );
    this.draw(lines, { label: "universal metric", values: metrics[0]!, color: color("exact") });
  }

  clear(): void {
    for (const plot of this.drawn) plot.destroy();
    this.drawn = [];
    this.checkpoints = [];
  }

  /** To the widths that their elements have now, or anew in other colours. */
  refresh(anew: boolean): void {
    if (this.checkpoints.length === 0) return;
    if (anew) return this.show(this.checkpoints);
    for (const plot of this.drawn) {
      const { width } = size(plot.root.parentElement!);
      if (width !== plot.width) plot.setSize({ width, height: plot.height });
    }
  }

  private draw(alphas: CheckpointLine[], metric: CheckpointLine): void {
    for (const plot of this.drawn) plot.destroy();
    const names = this.checkpoints.map(({ name }) => name);
    const plot = (id: string, lines: CheckpointLine[], options: CheckpointsPlotOptions) => {
      const element = byId(id);
      const { options: drawing, data } = checkpointsPlot(names, lines, {
        width: size(element).width, ...options, theme: theme(), pointed: (what) => put(`${id}-readout`, what),
      });
      return new uPlot(drawing, data, element);
    };
    const legend = alphas.length <= MOST_NAMED;
    this.drawn = [
      plot("alphas", alphas, { label: "α", legend, height: legend ? LOW : HIGH }),
      plot("metrics", [metric], { legend: false, height: HIGH }),
    ];
  }
}
