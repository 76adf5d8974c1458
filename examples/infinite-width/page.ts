// The page: every change of its controls supersedes what is being computed.

import { createEngine, type Engine } from "eigenscope";
import { parseMatrix } from "eigenscope/io";
import { significant } from "eigenscope/plot";
import type uPlot from "uplot";
import { fetchDigits } from "../site/digits.ts";
import { isolate } from "../site/isolation.ts";
import { follow } from "../site/plots.ts";
import { byId, put, showEngine, showFooter, showMessage, tableRow } from "../site/view.ts";
import { measure, split, type Digits, type Measured, type Settings } from "./experiment.ts";
import { drawErrors, drawSpectra, type ByDepth } from "./plots.ts";

const activation = byId<HTMLSelectElement>("activation");
const depth = byId<HTMLInputElement>("depth");
const weightStd = byId<HTMLInputElement>("weight-std");
const biasStd = byId<HTMLInputElement>("bias-std");
const progress = byId<HTMLProgressElement>("progress");

const DEEPEST = Number(depth.max);
const depths = Array.from({ length: DEEPEST }, (_, k) => k + 1);

/** A slider that moves on within so many ms has nothing computed. */
const PAUSE = 100;

let engine: Engine;
let digits: Digits;
/** Ends what is being computed. */
let controller = new AbortController();
/** What is known, by settings. */
const known = new Map<string, Measured>();
let plots: { spectra: uPlot; errors: uPlot } | undefined;

const settings = (): Settings => ({
  activation: activation.value as Settings["activation"],
  depth: depth.valueAsNumber,
  weightStd: weightStd.valueAsNumber,
  biasStd: biasStd.valueAsNumber,
});

const layers = (depth: number) => `${depth} hidden ${depth === 1 ? "layer" : "layers"}`;

const keyOf = (chosen: Settings) => JSON.stringify(chosen);

/** Of every depth, the other settings as chosen. */
const byDepth = (chosen: Settings): ByDepth => depths.map((depth) => known.get(keyOf({ ...chosen, depth })));

/** Computes the chosen depth first, then the others, nearest first; what is known is not computed again. */
async function compute(): Promise<void> {
  controller.abort();
  controller = new AbortController();
  const { signal } = controller;
  const chosen = settings();
  const nearest = [...depths].sort((a, b) => Math.abs(a - chosen.depth) - Math.abs(b - chosen.depth));
  showMessage("error", []);
  show(chosen);
  const started = performance.now();
  const clock = setInterval(() => put("elapsed", `${((performance.now() - started) / 1000).toFixed(1)} s`), 100);
  try {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    signal.throwIfAborted();
    for (const depth of nearest) {
      const wanted = { ...chosen, depth };
      if (known.has(keyOf(wanted))) continue;
      const step = (doing: string) => {
        put("doing", `${layers(depth)}: ${doing}`);
        return { signal };
      };
      known.set(keyOf(wanted), await measure(engine, wanted, digits, step));
      signal.throwIfAborted();
      show(chosen);
    }
    put("doing", "Done");
    announce(chosen);
  } catch (error) {
    if (signal.aborted) return;
    put("doing", "Failed");
    showMessage("error", [(error as Error).message]);
  } finally {
    clearInterval(clock);
  }
}

function show(chosen: Settings): void {
  const all = byDepth(chosen);
  const here = all[chosen.depth - 1];
  for (const [id, text] of [["depth", String(chosen.depth)], ["weight-std", chosen.weightStd.toFixed(1)], ["bias-std", chosen.biasStd.toFixed(1)]] as const) {
    put(`${id}-value`, text);
  }
  progress.value = all.filter(Boolean).length / DEEPEST;
  showCards(here);
  showTable(all, chosen.depth);
  byId("plots").classList.toggle("stale", !here);
  put("this-depth", layers(chosen.depth));
  if (here || !plots) draw(all, chosen.depth);
}

const percent = (errors: number) => `${((100 * errors) / digits.X2.rows).toFixed(1)} %`;
/** A matrix of rounded numbers whose smallest eigenvalue is this small is singular to working precision. */
const singular = ({ values }: Measured) => values[0]! <= values.length * Number.EPSILON * values.at(-1)!;

function showCards(here: Measured | undefined): void {
  const card = (name: string, value = "–", note = "\u00a0") => {
    put(`${name}-value`, value);
    put(`${name}-note`, note);
  };
  if (!here) return ["errors", "smallest", "condition"].forEach((name) => card(name));
  const [smallest, largest] = [here.values[0]!, here.values.at(-1)!];
  card("errors", String(here.errors), `${percent(here.errors)}; mean squared error ${significant(here.mse, 4)}`);
  card("smallest", significant(smallest, 5), `largest ${significant(largest, 5)}`);
  card("condition", singular(here) ? "∞" : significant(largest / smallest, 4), singular(here) ? "singular to rounding" : "largest over smallest");
}

/** A row for every depth; what is not known yet is a dash, so that nothing moves later. */
function showTable(all: ByDepth, depth: number): void {
  byId("numbers").querySelector("tbody")!.replaceChildren(...all.map((measured, k) => {
    const row = tableRow(String(k + 1), measured
      ? [
          `${measured.errors} (${percent(measured.errors)})`, significant(measured.values[0]!, 5), significant(measured.values.at(-1)!, 5),
          significant(measured.mse, 4), measured.seconds.toFixed(2),
        ]
      : ["–", "–", "–", "–", "–"]);
    row.classList.toggle("chosen", k + 1 === depth);
    return row;
  }));
}

function draw(all: ByDepth, depth: number): void {
  plots?.spectra.destroy();
  plots?.errors.destroy();
  plots = {
    spectra: drawSpectra(byId("spectrum"), all, depth, (text) => put("readout", text)),
    errors: drawErrors(byId("over-depth"), all, depth, digits.X2.rows),
  };
  const here = all[depth - 1];
  if (!here) return;
  byId("spectrum").ariaLabel = `Spectrum on a logarithmic axis, from ${significant(here.values.at(-1)!, 5)} down to ${significant(here.values[0]!, 5)}`;
  byId("over-depth").ariaLabel = `Test error over the number of hidden layers: ${
    all.map((measured, k) => (measured ? `${k + 1}: ${percent(measured.errors)}` : "")).filter(Boolean).join(", ")}`;
}

function announce(chosen: Settings): void {
  const here = byDepth(chosen)[chosen.depth - 1]!;
  put("announcement", `Done. ${layers(chosen.depth)}: ${here.errors} errors, smallest eigenvalue ${significant(here.values[0]!, 5)}`);
}

await isolate(new URL("../sw.js", document.baseURI));
try {
  engine = await createEngine();
  showEngine(engine.info);
  digits = split((await parseMatrix(await fetchDigits(), "digits")).matrix);
  put("tested", String(digits.X2.rows));
  for (const control of [activation, depth, weightStd, biasStd]) control.addEventListener("input", () => void compute());
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  follow(
    () => (plots ? [[byId("spectrum"), plots.spectra], [byId("over-depth"), plots.errors]] : []),
    () => show(settings()),
  );
  void compute();
} catch (error) {
  put("doing", "Failed");
  showMessage("error", [(error as Error).message]);
}
showFooter();
