// NumPy's .npz files: a zip archive, stored or deflated, of .npy files.

import { unzipSync } from "fflate";
import { FormatError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { parseNpy, parseNpyHeader, shapeText } from "./npy.ts";

/** No deflated byte stands for more than this many bytes. */
const LARGEST_RATIO = 1032;

/** One array of a .npz file: the one called `array`, otherwise the only one with two dimensions, otherwise the only one. */
export function parseNpz(bytes: Uint8Array, name = "npz", array?: string): Matrix<Float64Array> {
  const files = unzip(bytes, name);
  const names = Object.keys(files).filter((file) => file.endsWith(".npy"));
  if (names.length === 0) throw new FormatError(`${name}: there is no .npy file in the archive`);
  const arrays = names.map((file) => {
    const label = file.slice(0, -".npy".length);
    return { label, file, shape: parseNpyHeader(files[file]!, `${name}[${label}]`).shape };
  });
  const flat = arrays.filter(({ shape }) => shape.length === 2);
  const wanted = array !== undefined ? arrays.filter(({ label }) => label === array) : flat.length ? flat : arrays;
  if (wanted.length !== 1) {
    const list = arrays.map(({ label, shape }) => `${label} (${shapeText(shape)})`).join(", ");
    throw new FormatError(`${name}: holds ${list}, expected ${array === undefined ? "one matrix" : `an array ${array}`}`);
  }
  const [{ label, file }] = wanted as [(typeof arrays)[0]];
  return parseNpy(files[file]!, `${name}[${label}]`);
}

function unzip(bytes: Uint8Array, name: string): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, {
      filter: ({ size, originalSize, name: file }) => {
        if (size > bytes.length || originalSize > LARGEST_RATIO * size + 64) throw new Error(`${file} has an impossible size`);
        return file.endsWith(".npy");
      },
    });
  } catch (error) {
    throw new FormatError(`${name}: damaged zip archive (${(error as Error).message})`);
  }
}
