// The text of the page: data, cards, tiles, table.

import { grouped, significant } from "eigenscope/plot";
import { paint, type Images } from "../site/images.ts";
import { byId, put, tableRow } from "../site/view.ts";
import type { Level } from "./experiment.ts";
import type { Data, Fitted, Shown } from "./messages.ts";
import { corrupt } from "./noise.ts";

export const percent = (count: number, of: number) => `${((100 * count) / of).toFixed(1)} %`;

export function showData({ source, rows, cols, classes, images }: Data): void {
  put("source", source === "digits" ? "Handwritten digits" : source);
  put("shape", `${grouped(rows)} × ${grouped(cols)}, ${classes.length} classes`);
  byId("digits").hidden = source === "digits";
  paint(byId<HTMLCanvasElement>("images"), images);
}

export function showCards(level: Level, { rows }: Fitted): void {
  const card = (name: string, value: string, note: string) => {
    put(`${name}-value`, value);
    put(`${name}-note`, note);
  };
  const { wrong, train, test } = level;
  card("test", percent(test.errors, rows.test), `${grouped(test.errors)} of ${grouped(rows.test)}`);
  card("wrong", percent(wrong, rows.train), `${grouped(wrong)} of ${grouped(rows.train)}`);
  card("train", percent(train.errors, rows.train), `${grouped(train.errors)} of ${grouped(rows.train)}`);
}

/** The class of the largest output of row i at level l. */
export function answer({ outputs, count }: Shown, i: number, l: number, classes: number): number {
  const start = i * (outputs.length / count) + l * classes;
  let best = 0;
  for (let c = 1; c < classes; c++) if (outputs[start + c]! > outputs[start + best]!) best = c;
  return best;
}

/** New tiles for the rows that are shown; `choose` is told which one of the new rows is clicked. */
export function makeTiles({ train, test }: Fitted, choose: (i: number) => void): void {
  byId("learnt").replaceChildren(...tiles(train, "div"));
  const asked = tiles(test, "button");
  asked.forEach((item, i) => item.firstElementChild!.addEventListener("click", () => choose(i)));
  byId("new").replaceChildren(...asked);
}

function tiles({ count, images: { side, pixels } }: Shown, tag: "div" | "button"): HTMLLIElement[] {
  return Array.from({ length: count }, (_, i) => {
    const tile = document.createElement(tag);
    tile.className = "tile";
    if (tile instanceof HTMLButtonElement) tile.type = "button";
    if (side) {
      const canvas = Object.assign(document.createElement("canvas"), { ariaHidden: "true" });
      const image: Images = { side, pixels: pixels.slice(i * side ** 2, (i + 1) * side ** 2) };
      paint(canvas, image);
      tile.append(canvas);
    } else {
      tile.append(Object.assign(document.createElement("small"), { textContent: `row ${i + 1}` }));
    }
    tile.append(document.createElement("span"));
    const item = document.createElement("li");
    item.append(tile);
    return item;
  });
}

/** The labels learnt and the answers at level l; what is not the true label is marked. */
export function showTiles({ train, test, levels }: Fitted, l: number, classes: number[], chosen: number): void {
  const given = corrupt(train.labels, train.noise, levels[l]!.noise);
  mark("learnt", (i) => [given[i]!, train.labels[i]!], classes, "label");
  mark("new", (i) => [answer(test, i, l, classes.length), test.labels[i]!], classes, "answer");
  for (const [i, item] of Array.from(byId("new").children).entries()) item.firstElementChild!.ariaPressed = String(i === chosen);
}

function mark(list: string, at: (i: number) => [said: number, truth: number], classes: number[], word: string): void {
  for (const [i, item] of Array.from(byId(list).children).entries()) {
    const tile = item.firstElementChild!;
    const [said, truth] = at(i);
    const right = said === truth;
    tile.lastElementChild!.textContent = String(classes[said]);
    tile.classList.toggle("wrong-one", !right);
    tile.ariaLabel = `Row ${i + 1}: ${word} ${classes[said]}${right ? "" : `, the true one is ${classes[truth]}`}`;
  }
}

/** The levels 0, 0.1, …, 0.9. */
export function showTable({ levels, rows }: Fitted): void {
  const tenths = levels.filter(({ noise }) => Number.isInteger(Math.round(1000 * noise) / 100));
  byId("numbers").querySelector("tbody")!.replaceChildren(...tenths.map(({ noise, corrupted, wrong, train, test }) => tableRow(
    noise.toFixed(1),
    [
      `${grouped(test.errors)} (${percent(test.errors, rows.test)})`, grouped(train.errors), significant(test.mse, 4),
      grouped(corrupted), grouped(wrong),
    ],
  )));
}

/** One line for each level. */
export function csvOf({ levels, rows }: Fitted): string {
  const lines = levels.map(({ noise, corrupted, wrong, train, test }) =>
    [noise, corrupted, wrong, train.errors, train.mse, test.errors, test.mse].join(","));
  const header = `noise,replaced,wrong,train_errors_of_${rows.train},train_mse,test_errors_of_${rows.test},test_mse`;
  return `${[header, ...lines].join("\n")}\n`;
}
