// The table of layers: rows come one after the other, and buttons in its head sort them.

import { grouped, significant, verdictWord, type ReportedLayer } from "eigenscope/plot";
import { arrange, breakable, fixed } from "./elements.ts";

interface Column {
  /** What follows a "_" is set below the line. */
  label: string;
  value: (layer: ReportedLayer) => number | string | null | undefined;
  /** For numbers: default so many significant digits. */
  show?: (layer: ReportedLayer) => string;
  digits?: number;
}

const size = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

const COLUMNS: Column[] = [
  { label: "layer", value: ({ name }) => name },
  { label: "shape", value: ({ shape }) => size(shape), show: ({ shape }) => shape.join("×") },
  { label: "Q", value: ({ Q }) => Q, digits: 3 },
  {
    label: "α", value: ({ alpha }) => alpha,
    show: ({ alpha, sigma }) => (alpha === null ? "–" : `${fixed(alpha)}${sigma == null ? "" : ` ± ${fixed(sigma)}`}`),
  },
  { label: "x_min", value: ({ xmin }) => xmin, digits: 3 },
  { label: "D", value: ({ D }) => D, show: ({ D }) => D?.toFixed(3) ?? "–" },
  { label: "n_tail", value: ({ alpha, nTail }) => (alpha === null ? null : nTail), show: ({ alpha, nTail }) => (alpha === null ? "–" : grouped(nTail)) },
  { label: "λ_max", value: ({ lambdaMax }) => lambdaMax, digits: 4 },
  { label: "stable rank", value: ({ stableRank }) => stableRank, show: ({ stableRank }) => stableRank.toFixed(1) },
  { label: "spikes", value: ({ spikes }) => spikes, show: ({ spikes }) => (spikes == null ? "–" : grouped(spikes)) },
  { label: "verdict", value: verdictWord },
];

interface Row {
  layer: ReportedLayer;
  element: HTMLTableRowElement;
}

export class LayerTable {
  private rows: Row[] = [];
  private sorted: { column: number; down: boolean } | undefined;
  private readonly heads: HTMLTableCellElement[];

  /** `ordered` is called when another order was chosen. */
  constructor(head: HTMLTableRowElement, private readonly body: HTMLTableSectionElement, ordered: () => void) {
    this.heads = COLUMNS.map((column, c) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...labelled(column.label));
      button.addEventListener("click", () => {
        this.sorted = { column: c, down: this.sorted?.column === c && !this.sorted.down };
        this.arrange();
        ordered();
      });
      const cell = Object.assign(document.createElement("th"), { scope: "col" });
      if (column.value === verdictWord) cell.dataset.text = "";
      cell.append(button);
      return cell;
    });
    head.replaceChildren(...this.heads);
  }

  clear(): void {
    this.rows = [];
    this.body.replaceChildren();
  }

  /** Adds a layer, whose plot is in the element `id`; `arrange` puts it in its place. */
  add(layer: ReportedLayer, id: string): void {
    const element = document.createElement("tr");
    const link = Object.assign(document.createElement("a"), { href: `#${id}` });
    link.append(...breakable(layer.name));
    const head = Object.assign(document.createElement("th"), { scope: "row" });
    head.append(link);
    element.append(head, ...COLUMNS.slice(1).map((column) => cell(column, layer)));
    this.rows.push({ layer, element });
    this.body.append(element);
  }

  /** Puts the rows in the order that was chosen; what has no value comes last. */
  arrange(): void {
    for (const [c, head] of this.heads.entries()) {
      if (c === this.sorted?.column) head.ariaSort = this.sorted.down ? "descending" : "ascending";
      else head.removeAttribute("aria-sort");
    }
    if (!this.sorted) return;
    const { column, down } = this.sorted;
    const { value } = COLUMNS[column]!;
    const keyed = this.rows.map((row, k) => ({ row, k, key: value(row.layer) ?? NaN }));
    const missing = (key: number | string) => Number.isNaN(key);
    keyed.sort((a, b) => Number(missing(a.key)) - Number(missing(b.key)) || (down ? -1 : 1) * compare(a.key, b.key) || a.k - b.k);
    this.rows = keyed.map(({ row }) => row);
    arrange(this.body, this.rows.map(({ element }) => element));
  }

  /** The layers as they are ordered. */
  get layers(): ReportedLayer[] {
    return this.rows.map(({ layer }) => layer);
  }

  /** The order in words. */
  get order(): string {
    if (!this.sorted) return "as in the model";
    const label = this.heads[this.sorted.column]!.textContent!;
    return `sorted by ${label}, ${this.sorted.down ? "descending" : "ascending"}`;
  }
}

function cell({ value, show, digits }: Column, layer: ReportedLayer): HTMLTableCellElement {
  const element = document.createElement("td");
  const found = value(layer);
  if (show) element.textContent = show(layer);
  else if (typeof found === "string") element.textContent = found;
  else element.textContent = found == null || Number.isNaN(found) ? "–" : significant(found, digits!);
  element.classList.toggle("words", typeof found === "string");
  return element;
}

/** Names with numbers in them go by the numbers. */
function compare(a: number | string, b: number | string): number {
  if (typeof a === "string" && typeof b === "string") return a.localeCompare(b, undefined, { numeric: true });
  return Number(a) - Number(b) || 0;
}

function labelled(label: string): (string | HTMLElement)[] {
  const [main, sub] = label.split("_");
  return sub ? [main!, Object.assign(document.createElement("sub"), { textContent: sub })] : [main!];
}
