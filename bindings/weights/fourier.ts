// The singular values of a convolution as the linear map that it is, on a periodic input.
//
// A circular convolution (stride 1) is block-diagonal in the Fourier basis: to each frequency f of the n₁×…×n_d input belongs
// the outputs×inputs matrix Ŵ(f) = Σ_p W[:, :, p]·exp(−2πi·Σ f_j·p_j/n_j), and the singular values of the convolution are those
// of all Ŵ(f); the largest is its operator norm. Ŵ(−f) is the conjugate of Ŵ(f), and computed once. A complex A + iB has
// the singular values of the real [A −B; B A], each of which is there twice.
//
// Based on: Sedghi, Gupta & Long, The singular values of convolutional layers, 2019.

import type { Runtime } from "../core/runtime.ts";
import { OptionError } from "../errors.ts";
import { matmul } from "../linalg/blas.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { svdvalsOf } from "../linalg/svd.ts";
import { groupsOf, kernelFirst, shapeOf } from "./conv.ts";
import type { Layer } from "./layers.ts";

/** Where the input's size is not given; no less than the kernel's. */
const INPUT_SIZE = 32;
/** A quarter of an hour or so. */
const MOST_OPERATIONS = 1e13;
const MOST_VALUES = 2 ** 25;
/** Numbers of Ŵ at a time. */
const BATCH = 2 ** 21;

/** Singular values of the convolution on an input of so many positions, n₁·…·n_d·min(outputs, inputs) in any order. */
export function fourierValues(
  rt: Runtime, fn: string, layer: Layer, inputSize: number | readonly number[] | undefined, tell: (fraction: number) => void,
): Float64Array {
  const size = sizeOf(fn, layer, inputSize);
  const { outputs, inputs } = requirePossible(fn, layer, size);
  const each = Math.min(outputs, inputs);
  const values = new Float64Array(layer.groups * each * size.reduce((a, b) => a * b, 1));
  let at = 0;
  for (const group of groupsOf(layer)) {
    const { rows, cols, data } = kernelFirst(rt, group);
    const area = rows * cols;
    const slices: Matrix = { data, rows: data.length / area, cols: area };
    for (const some of frequencies(size, Math.ceil(BATCH / (3 * area)))) {
      const transformed = matmul(rt, waves(some, size, group.kernel), slices).data;
      some.forEach((f, j) => {
        const [cos, sin, minusSin] = [0, 1, 2].map((row) => transformed.subarray((3 * j + row) * area, (3 * j + row + 1) * area));
        // in the embedding each is there twice: that of f and that of −f
        const found = f.isReal
          ? svdvalsOf(rt, fn, { data: cos!, rows, cols })
          : svdvalsOf(rt, fn, embedded(cos!, sin!, minusSin!, rows, cols));
        values.set(found, at);
        at += found.length;
        tell(at / values.length);
      });
    }
  }
  return values;
}

interface Frequency {
  at: number[];
  /** It is its own conjugate. */
  isReal: boolean;
}

/** One of each pair f, −f, so many at a time. */
function* frequencies(size: number[], count: number): Generator<Frequency[]> {
  const all = size.reduce((a, b) => a * b, 1);
  let found: Frequency[] = [];
  for (let e = 0; e < all; e++) {
    const at: number[] = [];
    for (let d = size.length - 1, rest = e; d >= 0; rest = Math.floor(rest / size[d--]!)) at[d] = rest % size[d]!;
    const conjugate = at.reduce((index, f, d) => index * size[d]! + ((size[d]! - f) % size[d]!), 0);
    if (e <= conjugate) found.push({ at, isReal: e === conjugate });
    if (found.length === count) {
      yield found;
      found = [];
    }
  }
  if (found.length > 0) yield found;
}

/** Rows cos θ, sin θ and −sin θ for each frequency, with a column for each position of the kernel. */
function waves(frequencies: Frequency[], size: number[], kernel: number[]): Matrix<Float64Array> {
  const positions = kernel.reduce((a, b) => a * b, 1);
  const data = new Float64Array(3 * frequencies.length * positions);
  frequencies.forEach(({ at }, f) => {
    for (let p = 0; p < positions; p++) {
      let turns = 0;
      // whole turns are taken off in whole numbers
      for (let d = kernel.length - 1, rest = p; d >= 0; rest = Math.floor(rest / kernel[d--]!)) {
        turns += ((at[d]! * (rest % kernel[d]!)) % size[d]!) / size[d]!;
      }
      const sin = Math.sin(2 * Math.PI * turns);
      data[3 * f * positions + p] = Math.cos(2 * Math.PI * turns);
      data[(3 * f + 1) * positions + p] = sin;
      data[(3 * f + 2) * positions + p] = -sin;
    }
  });
  return { data, rows: 3 * frequencies.length, cols: positions };
}

/** [A −B; B A] of Ŵ = A + iB, where A is the transform by cosines and −B that by sines. */
function embedded(A: Float64Array, minusB: Float64Array, B: Float64Array, rows: number, cols: number): Matrix<Float64Array> {
  const data = new Float64Array(4 * rows * cols);
  for (let r = 0; r < rows; r++) {
    const row = (of: Float64Array) => of.subarray(r * cols, (r + 1) * cols);
    data.set(row(A), 2 * r * cols);
    data.set(row(minusB), (2 * r + 1) * cols);
    data.set(row(B), 2 * (rows + r) * cols);
    data.set(row(A), (2 * (rows + r) + 1) * cols);
  }
  return { data, rows: 2 * rows, cols: 2 * cols };
}

function sizeOf(fn: string, { kernel }: Layer, inputSize: number | readonly number[] | undefined): number[] {
  const given = typeof inputSize === "number" ? kernel.map(() => inputSize) : inputSize ?? kernel.map((k) => Math.max(k, INPUT_SIZE));
  if (given.length === kernel.length && given.every((n, d) => Number.isInteger(n) && n >= kernel[d]!)) return [...given];
  throw new OptionError(
    `${fn}: inputSize is ${JSON.stringify(inputSize)}, expected a whole number, or one for each side, from the kernel's ${kernel.join("×")} on`,
  );
}

/** The sizes of a group's matrices; refuses what would take too long, or more memory than there is. */
function requirePossible(fn: string, layer: Layer, size: number[]): { outputs: number; inputs: number } {
  const { rows: outputs, cols: inputs } = shapeOf(layer, "fft");
  const [longer, shorter] = [Math.max(outputs, inputs), Math.min(outputs, inputs)];
  const positions = layer.groups * size.reduce((a, b) => a * b, 1);
  const operations = (positions / 2) * 8 * (4 * longer - (4 / 3) * shorter) * shorter ** 2;
  const values = positions * shorter;
  if (operations <= MOST_OPERATIONS && values <= MOST_VALUES) return { outputs, inputs };
  const what = operations > MOST_OPERATIONS
    ? `about ${operations.toExponential(1)} operations, more than ${MOST_OPERATIONS.toExponential(0)}`
    : `${values} singular values, more than ${MOST_VALUES}`;
  throw new OptionError(`${fn}: conv is "fft" with inputSize ${size.join("×")}, which takes ${what}: expected a smaller inputSize`);
}
