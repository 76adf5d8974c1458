// Of the report's script: small multiples that are drawn while they are in view, and tables that sort.

import uPlot from "uplot";
import type { EsdPanel } from "./document.ts";
import { binnedEsdPlot, type EsdPlotOptions } from "./esd.ts";

/** How far outside the window a plot is drawn already. */
const AHEAD = "400px";

/** Draws the panels that come into view, and lets go of those that leave it: hundreds of canvases would be slow. */
export class Multiples {
  private readonly plots = new Map<string, uPlot>();
  private readonly visible = new Set<string>();
  private readonly panels: Map<string, EsdPanel>;
  private readonly observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.visible.add(target.id);
      else this.visible.delete(target.id);
      if (isIntersecting) this.draw(target.id);
      else this.drop(target.id);
    }
  }, { rootMargin: AHEAD });

  constructor(panels: EsdPanel[], private readonly looks: () => Pick<EsdPlotOptions, "colors" | "theme">) {
    this.panels = new Map(panels.map((panel) => [panel.id, panel]));
    for (const { id } of panels) this.observer.observe(document.getElementById(id)!);
    if (panels.length === 0) return;
    // paper shows all
    addEventListener("beforeprint", () => { for (const id of this.panels.keys()) this.draw(id); });
    addEventListener("afterprint", () => { for (const id of this.panels.keys()) if (!this.visible.has(id)) this.drop(id); });
  }

  /** Anew, in other colours. */
  redraw(): void {
    for (const id of [...this.plots.keys()]) {
      this.drop(id);
      this.draw(id);
    }
  }

  /** To the widths that their elements have now. */
  resize(): void {
    for (const plot of this.plots.values()) {
      const { clientWidth: width, clientHeight: height } = plot.root.parentElement!;
      if (width && width !== plot.width) plot.setSize({ width, height });
    }
  }

  private draw(id: string): void {
    if (this.plots.has(id)) return;
    const element = document.getElementById(id)!;
    const { clientWidth: width, clientHeight: height } = element;
    if (!width) return; // in a section that is closed
    const { bins, fit } = this.panels.get(id)!.esd;
    const { options, data } = binnedEsdPlot(bins, fit, { width, height, legend: false, ...this.looks() });
    this.plots.set(id, new uPlot(options, data, element));
  }

  private drop(id: string): void {
    this.plots.get(id)?.destroy();
    this.plots.delete(id);
  }
}

/** Lets the buttons in a table's head sort its rows: once upwards, again downwards. Cells without a value stay last. */
export function sortable(table: HTMLTableElement): void {
  const body = table.tBodies[0]!;
  const heads = Array.from(table.tHead!.rows[0]!.cells);
  for (const [column, head] of heads.entries()) {
    head.querySelector("button")?.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = (row: HTMLTableRowElement) => row.cells[column]!.dataset.sort ?? "";
      const compare = (a: string, b: string) => (head.dataset.text === undefined ? Number(a) - Number(b) : a.localeCompare(b, undefined, { numeric: true }));
      const rows = Array.from(body.rows).map((row) => ({ row, key: value(row) }));
      rows.sort((a, b) => (a.key === "" || b.key === "" ? Number(a.key === "") - Number(b.key === "") : (down ? -1 : 1) * compare(a.key, b.key)));
      body.append(...rows.map(({ row }) => row));
    });
  }
}
