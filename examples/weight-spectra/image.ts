// All spectra of a model in one image.

import type { ReportedLayer } from "eigenscope/plot";
import { color } from "../site/plots.ts";
import { drawEsd, fitText } from "./plots.ts";

/** In CSS pixels: of a spectrum with its two lines of text, and of what is above them. */
const [WIDTH, HEIGHT, TEXT, HEAD, MARGIN] = [400, 250, 48, 64, 16];
/** Browsers make no larger canvas: in all, and along a side. */
const [MOST_PIXELS, LONGEST] = [32e6, 16_000];
/** So many spectra are drawn before others have a turn. */
const TOGETHER = 4;

/** A PNG of the spectra side by side, about as high as wide. */
export async function imageOf(title: string, layers: readonly ReportedLayer[]): Promise<Blob> {
  const cell = HEIGHT + TEXT;
  const columns = Math.max(Math.min(layers.length, 3), Math.round(Math.sqrt((layers.length * cell) / WIDTH)));
  const width = columns * WIDTH + 2 * MARGIN;
  const height = HEAD + Math.ceil(layers.length / columns) * cell + MARGIN;
  const scale = Math.min(devicePixelRatio, Math.sqrt(MOST_PIXELS / (width * height)), LONGEST / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.floor(width * scale);
  canvas.height = Math.floor(height * scale);
  const context = canvas.getContext("2d")!;
  context.scale(scale, scale);
  context.fillStyle = color("paper");
  context.fillRect(0, 0, width, height);
  const { fontFamily } = getComputedStyle(document.body);
  const write = (text: string, x: number, y: number, font: string, style: string, most: number) => {
    context.font = `${font} ${fontFamily}`;
    context.fillStyle = color(style);
    context.fillText(shortened(context, text, most), x, y);
  };
  write(title, MARGIN, 28, "600 17px", "ink", width - 2 * MARGIN);
  let x = MARGIN;
  for (const [text, style] of keys(layers)) {
    write(text, x, 50, "12px", style, Infinity);
    x += context.measureText(text).width + 18;
  }
  for (const [l, layer] of layers.entries()) {
    if (l % TOGETHER === 0) await new Promise((resolve) => setTimeout(resolve));
    const left = MARGIN + (l % columns) * WIDTH;
    const top = HEAD + Math.floor(l / columns) * cell;
    write(layer.name || "(no name)", left + 8, top + 16, "600 13px", "ink", WIDTH - 16);
    write(`${layer.shape.join("×")} · ${fitText(layer)}`, left + 8, top + 33, "12px", "muted", WIDTH - 16);
    const plot = drawEsd(layer, document.createElement("div"), { width: WIDTH, height: HEIGHT });
    await Promise.resolve(); // it draws when the caller is done
    context.drawImage(plot.ctx.canvas, left, top + TEXT - 10, WIDTH, HEIGHT);
    plot.destroy();
  }
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the browser could not make the image"))), "image/png");
  });
}

/** What the colours stand for. */
function keys(layers: readonly ReportedLayer[]): [text: string, color: string][] {
  const random: [string, string][] = layers.some(({ randomized }) => randomized) ? [["— in random order", "random"]] : [];
  return [["— density of eigenvalues", "gram"], ...random, ["— power law", "exact"], ["– – Marchenko-Pastur bulk", "sample-3"], ["▼ spikes", "exact"]];
}

function shortened(context: CanvasRenderingContext2D, text: string, most: number): string {
  if (context.measureText(text).width <= most) return text;
  let kept = text.length - 1;
  while (kept > 1 && context.measureText(`${text.slice(0, kept)}…`).width > most) kept--;
  return `${text.slice(0, kept)}…`;
}
