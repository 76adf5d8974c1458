// Rows of data as the square images that they may be.

import type { Matrix } from "eigenscope";

export interface Images {
  /** 0 where rows are no squares. */
  side: number;
  /** Image after image, row after row, 0 to 255. */
  pixels: Uint8ClampedArray;
}

/** The first `most` rows as images. */
export function imagesOf({ data, rows, cols }: Matrix, most: number): Images {
  const side = Math.sqrt(cols);
  if (!Number.isInteger(side) || side < 4 || side > 64) return { side: 0, pixels: new Uint8ClampedArray(0) };
  const shown = data.subarray(0, Math.min(rows, most) * cols);
  let largest = 0;
  for (const x of shown) largest = Math.max(largest, Math.abs(x));
  return { side, pixels: Uint8ClampedArray.from(shown, (x) => (255 * Math.abs(x)) / (largest || 1)) };
}

/** Images side by side, black where they are 255, through elsewhere. */
export function paint(canvas: HTMLCanvasElement, { side, pixels }: Images): void {
  const count = side ? pixels.length / side ** 2 : 0;
  canvas.width = Math.max(1, count * (side + 1));
  canvas.height = Math.max(1, side);
  if (count === 0) return;
  const context = canvas.getContext("2d")!;
  const strip = context.createImageData(canvas.width, side);
  for (let k = 0; k < pixels.length; k++) {
    const image = Math.floor(k / side ** 2);
    const y = Math.floor(k / side) % side;
    strip.data[4 * (y * canvas.width + image * (side + 1) + (k % side)) + 3] = pixels[k]!;
  }
  context.putImageData(strip, 0, 0);
}
