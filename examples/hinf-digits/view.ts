// The text of the page: data, cards, table. Numbers that bound something are rounded to the safe side.

import { digitsFor, grouped, roundDown, roundUp, significant, typeset } from "eigenscope/plot";
import { paint } from "../site/images.ts";
import { byId, put, tableRow } from "../site/view.ts";
import type { Data } from "./messages.ts";
import type { Results } from "./results.ts";

export const neurons = (m: number) => `${grouped(m)} ${m === 1 ? "neuron" : "neurons"}`;

/** The proved interval, rounded outwards, and the value in as many digits as it is known. */
export function proved({ lambdaMin, lower, upper }: NonNullable<Results["certificate"]>) {
  const digits = digitsFor(lower, upper);
  const bound = (x: number, round: typeof roundUp) => (x === 0 ? "0" : typeset(round(x, digits)));
  return {
    value: upper === 0 ? "0" : significant(lambdaMin, digits),
    lower: bound(lower, roundDown),
    upper: bound(upper, roundUp),
  };
}

/** An upper limit in few digits, rounded up. */
const limit = (x: number) => (x === 0 ? "0" : Number.isFinite(x) ? typeset(roundUp(x, 5)) : "∞");

export function showData({ source, rows, cols, images }: Data): void {
  put("source", source === "digits" ? "Handwritten digits" : source);
  put("shape", `${grouped(rows)} × ${grouped(cols)}`);
  byId("digits").hidden = source === "digits";
  byId("label-option").hidden = source === "digits" || cols < 2;
  paint(byId<HTMLCanvasElement>("images"), images);
}

const NOTHING = ["–", "\u00a0"];

export function showCards({ certificate, samples, data, sizes }: Results): void {
  const last = samples.at(-1)?.summary;
  put("sizes", `${grouped(sizes[0]!)} to ${neurons(sizes.at(-1)!)}`);
  put("sample-name", last ? neurons(last.features) : "random neurons");
  card("sample", last ? [significant(last.lambdaMin, 5), `λ ≤ ${limit(last.upperConfidence)} (95 %)`] : NOTHING);
  if (!certificate) {
    card("exact", NOTHING);
    card("rank", NOTHING);
    return;
  }
  const { value, lower, upper } = proved(certificate);
  card("exact", [value, `${lower} ≤ λ ≤ ${upper}`]);
  const { rank } = certificate;
  card("rank", [grouped(rank), `of ${grouped(data.rows)} rows${rank < data.rows ? ": XXᵀ is singular" : ""}`]);
}

function card(name: string, [value, note]: string[]): void {
  put(`${name}-value`, value!);
  put(`${name}-note`, note!);
}

/** A row for every matrix of the run; what is not known yet is a dash, so that nothing moves later. */
export function showTable({ sizes, samples, certificate, exact }: Results): void {
  const rows = sizes.map((m, k) => {
    const s = samples[k]?.summary;
    return tableRow(grouped(m), s
      ? [significant(s.lambdaMin, 5), `${limit(s.upperConfidence)} (95 %)`, ...largest(s.lambdaMax, s.seconds)]
      : ["–", "–", "–", "–", "–"]);
  });
  const closed = tableRow("∞, exact", [
    ...(certificate ? [significant(certificate.lambdaMin, 5), `${limit(certificate.upper)} (proved)`] : ["–", "–"]),
    ...(exact ? largest(exact.values.at(-1)!, exact.seconds) : ["–", "–", "–"]),
  ]);
  closed.className = "exact";
  byId("numbers").querySelector("tbody")!.replaceChildren(...rows, closed);
}

/** The last three cells of a row. */
function largest(lambdaMax: number, took: { matrix: number; spectrum: number }): string[] {
  const seconds = (s: number) => (s < 10 ? s.toFixed(2) : s.toFixed(1));
  return [significant(lambdaMax, 5), seconds(took.matrix), seconds(took.spectrum)];
}
