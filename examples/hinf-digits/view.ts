// The text of the page: cards, table, status. Numbers that bound something are rounded to the safe side.

import type { EngineInfo } from "eigenscope";
import { digitsFor, grouped, roundDown, roundUp, significant, typeset } from "eigenscope/plot";
import type { Data } from "./messages.ts";
import type { Results } from "./results.ts";

export const byId = <T extends HTMLElement = HTMLElement>(id: string) => document.getElementById(id) as T;

const put = (id: string, text: string) => {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
};

export const neurons = (m: number) => `${grouped(m)} ${m === 1 ? "neuron" : "neurons"}`;

/** The proved interval, rounded outwards. */
function interval({ lowerBound, upperBound }: { lowerBound: number; upperBound: number }): { lower: string; upper: string; digits: number } {
  const digits = digitsFor(lowerBound, upperBound);
  const bound = (x: number, round: typeof roundUp) => (x === 0 ? "0" : typeset(round(x, digits)));
  return { lower: bound(lowerBound, roundDown), upper: bound(upperBound, roundUp), digits };
}

const limit = (x: number) => (Number.isFinite(x) ? typeset(roundUp(x, 5)) : "–");

export function showData({ source, rows, cols, images }: Data): void {
  put("source", source === "digits" ? "Handwritten digits" : source);
  put("shape", `${grouped(rows)} × ${grouped(cols)}`);
  byId("digits").hidden = source === "digits";
  byId("label-option").hidden = source === "digits" || cols < 2;
  paint(byId<HTMLCanvasElement>("images"), images);
}

/** A strip of the first rows. */
function paint(canvas: HTMLCanvasElement, { side, pixels }: Data["images"]): void {
  const count = side ? pixels.length / side ** 2 : 0;
  canvas.hidden = count === 0;
  if (count === 0) return;
  canvas.width = count * (side + 1);
  canvas.height = side;
  const context = canvas.getContext("2d")!;
  const strip = context.createImageData(canvas.width, side);
  for (let k = 0; k < pixels.length; k++) {
    const image = Math.floor(k / side ** 2);
    const y = Math.floor(k / side) % side;
    strip.data[4 * (y * canvas.width + image * (side + 1) + (k % side)) + 3] = pixels[k]!;
  }
  context.putImageData(strip, 0, 0);
}

export function showResults({ exact, samples, rank, data, sizes }: Results): void {
  put("sizes", `${neurons(sizes[0]!)} to ${grouped(sizes.at(-1)!)}`);
  if (exact) {
    const { lower, upper, digits } = interval(exact.summary);
    put("exact-value", exact.summary.upperBound === 0 ? "0" : significant(exact.summary.lambdaMin, digits));
    put("exact-note", `Proved: ${lower} ≤ λ ≤ ${upper}`);
    put("rank-value", grouped(rank));
    put("rank-note", rank < data.rows ? `of ${grouped(data.rows)} rows: λ_min of the data’s own Gram matrix is 0` : "of as many rows");
  } else {
    for (const id of ["exact-value", "sample-value", "rank-value"]) put(id, "–");
    for (const id of ["exact-note", "sample-note", "rank-note"]) put(id, "\u00a0");
    put("sample-name", "From random neurons");
  }
  const last = samples.at(-1)?.summary;
  if (last) {
    put("sample-name", `From ${neurons(last.features)}`);
    put("sample-value", significant(last.lambdaMin, 5));
    put("sample-note", `λ_min(H∞) ≤ ${limit(last.upperConfidence)} (95 %)`);
  }
}

/** A row for every matrix of the run; what is not known yet is a dash, so that nothing moves later. */
export function showTable({ sizes, samples, exact }: Results): void {
  const labels = ["λ min", "λ min(H∞) at most", "λ max", "matrix, s", "spectrum, s"];
  const seconds = (s: number) => (s < 10 ? s.toFixed(2) : s.toFixed(1));
  const row = (name: string, kind: string, cells: string[]) => {
    const tr = document.createElement("tr");
    tr.className = kind;
    const th = document.createElement("th");
    th.scope = "row";
    th.textContent = name;
    tr.append(th, ...labels.map((label, k) => {
      const td = document.createElement("td");
      td.dataset.label = label;
      td.textContent = cells[k] ?? "–";
      return td;
    }));
    return tr;
  };
  const e = exact?.summary;
  byId("numbers").querySelector("tbody")!.replaceChildren(
    ...sizes.map((m, k) => {
      const s = samples[k]?.summary;
      return row(neurons(m), "", s ? [significant(s.lambdaMin, 5), `${limit(s.upperConfidence)} (95 %)`, significant(s.lambdaMax, 5), seconds(s.seconds.matrix), seconds(s.seconds.spectrum)] : []);
    }),
    row("closed form", "exact", e ? [significant(e.lambdaMin, 7), `${interval(e).upper} (proved)`, significant(e.lambdaMax, 7), seconds(e.seconds.matrix), seconds(e.seconds.spectrum)] : []),
  );
}

export function showEngine({ version, variant, threads, reason }: EngineInfo): void {
  const isolated = crossOriginIsolated ? "the page is cross-origin isolated" : "the page is not cross-origin isolated";
  put("engine", `eigenscope ${version}: ${variant}, ${threads} ${threads === 1 ? "thread" : "threads"}; ${isolated}. ${reason}.`);
}

export function showMessage(id: "error" | "warnings", lines: string[]): void {
  const element = byId(id);
  element.hidden = lines.length === 0;
  element.replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
}

export { put };
