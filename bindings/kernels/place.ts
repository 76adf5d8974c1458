// Kernels over rows in wasm memory: what matrices, products, operators and regression are made from. Everything here runs
// within the caller's scope of rt.memory.

import { NotFiniteError, ShapeError } from "../errors.ts";
import type { Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import { pushEmpty, pushMatrix, viewOf, type Matrix, type Placed } from "../linalg/matrix.ts";
import { compile } from "./compile.ts";
import type { Kernel } from "./descriptions.ts";
import { checkVariances, fillSeries } from "../networks/fill.ts";
import type { Program } from "./instructions.ts";

/** A kernel that is ready for rows of d numbers. */
export interface Prepared {
  program: Program;
  code: Pointer;
  d: number;
  /** What is subtracted from every row (assembly/kernel/origin.ts); the first rows that are placed decide. */
  origin?: { at: Pointer; any: boolean };
}

/** Rows, and the table of what the program knows of each (assembly/kernel/program.ts). */
export interface KernelRows {
  placed: Placed;
  n: number;
  table: Pointer;
  /** Numbers from one row of the table to the next. */
  stride: number;
  diagonal: Pointer;
}

/** Rows of a block, and of a product that is never formed. */
const ROWS = 512;

/** Checks the kernel and makes it ready. */
export function prepare(rt: Runtime, fn: string, kernel: Kernel, d: number): Prepared {
  return placeProgram(rt, fn, compile(fn, kernel, d), d);
}

/** The same of a program. */
export function placeProgram(rt: Runtime, fn: string, program: Program, d: number): Prepared {
  const code = rt.memory.push(8 * program.code.length, `${fn}: a kernel`);
  rt.memory.f64(code, program.code.length).set(program.code);
  return { program, code, d };
}

/** Copies rows in and fills their table. */
export function placeRows(rt: Runtime, fn: string, prepared: Prepared, name: string, X: Matrix): KernelRows {
  const { program, code, d } = prepared;
  if (X.cols !== d) throw new ShapeError(`${fn}: ${name} has ${X.cols} columns, expected ${d}`);
  const n = X.rows;
  const placed = pushMatrix(rt, fn, name, X);
  moveRows(rt, fn, prepared, placed);
  const stride = n + (n & 1);
  const table = rt.memory.push(8 * program.stages * stride, `${fn}: workspace`);
  const diagonal = rt.memory.push(8 * n, `${fn}: workspace`);
  rt.memory.scope(() => {
    const work = rt.memory.push(rt.kernels.kernel_rows_work_f64(program.frames), `${fn}: workspace`);
    const run = (size: number) => rt.kernels.kernel_rows_f64(n, d, placed.at, placed.stride, code, size, table, stride, diagonal, work);
    const rows = { n, table, stride, name };
    for (const plan of program.series) {
      run(plan.at + 1);
      fillSeries(rt, fn, prepared, plan, rows);
    }
    run(program.size);
    checkVariances(rt, fn, program, rows);
  });
  // a limit that keeps sums of two squares finite
  const overflow = rt.memory.f64(table, n).findIndex((square) => !(square < 2 ** 1020));
  if (overflow >= 0) {
    throw new NotFiniteError(`${fn}: the square of row ${overflow + 1} of ${name} overflows${program.unit ? ", in units of the bandwidth" : ""}`);
  }
  return { placed, n, table, stride, diagonal };
}

/** For a kernel of distances alone: moves rows towards the origin and scales them. */
function moveRows(rt: Runtime, fn: string, prepared: Prepared, { at, rows, cols, stride }: Placed): void {
  const { kernels, memory } = rt;
  const { unit } = prepared.program;
  if (unit === undefined || rows === 0) return;
  if (!prepared.origin) {
    const origin = memory.push(16 * cols, `${fn}: workspace`);
    prepared.origin = { at: origin, any: !!kernels.kernel_origin_f64(rows, cols, at, stride, origin) };
  }
  if (prepared.origin.any || unit !== 1) kernels.kernel_translate_f64(rows, cols, at, stride, prepared.origin.at, unit);
}

/** k(x, x) of every row. */
export function kernelDiagonal(rt: Runtime, { diagonal, n }: KernelRows): Float64Array {
  return rt.memory.f64(diagonal, n).slice();
}

/** out := K(X[i0:i1], Z[j0:j1]). */
export function placeBlock(
  rt: Runtime, fn: string, { program, code, d }: Prepared, X: KernelRows, i0: number, i1: number, Z: KernelRows, j0: number, j1: number,
  out: Placed,
): void {
  const { kernels, memory } = rt;
  const { frames, size } = program;
  memory.scope(() => {
    const work = memory.push(kernels.kernel_block_work_f64(i1 - i0, j1 - j0, d, frames), `${fn}: workspace`);
    const rowOf = ({ at, stride }: Placed, i: number) => at + 8 * i * stride;
    rt.checkAborted(kernels.kernel_block_f64(
      i1 - i0, j1 - j0, d, rowOf(X.placed, i0), X.placed.stride, rowOf(Z.placed, j0), Z.placed.stride, code, size, frames,
      X.table + 8 * i0, X.stride, Z.table + 8 * j0, Z.stride, out.at, out.stride, work,
    ));
  });
}

/** K(X, Z); where Z is X, symmetric. */
export function placeKernel(rt: Runtime, fn: string, prepared: Prepared, X: KernelRows, Z: KernelRows = X): Placed {
  const out = pushEmpty(rt, fn, X.n, Z.n);
  const at = (i: number, j: number) => out.at + 8 * (i * out.stride + j);
  for (let i0 = 0; i0 < X.n; i0 += ROWS) {
    const i1 = Math.min(X.n, i0 + ROWS);
    const j0 = X === Z ? i0 : 0;
    placeBlock(rt, fn, prepared, X, i0, i1, Z, j0, Z.n, { ...out, at: at(i0, j0), rows: i1 - i0, cols: Z.n - j0 });
    if (X !== Z) continue;
    const { stride } = out;
    rt.checkAborted(rt.kernels.transpose_f64(i1 - i0, X.n - i1, at(i0, i1), stride, at(i1, i0), stride));
    const view = viewOf(rt, out);
    for (let i = i0; i < i1; i++) for (let j = i0; j < i; j++) view[i * stride + j] = view[j * stride + i]!;
  }
  return out;
}

/** K(X, Z)·V, from one block of rows of K after the other. */
export function placeProduct(rt: Runtime, fn: string, prepared: Prepared, X: KernelRows, Z: KernelRows, V: Placed): Placed {
  const { kernels, memory } = rt;
  const out = pushEmpty(rt, fn, X.n, V.cols);
  memory.scope(() => {
    const block = pushEmpty(rt, fn, Math.min(X.n, ROWS), Z.n);
    const work = memory.push(kernels.gemm_work_f64(block.rows, V.cols, Z.n), `${fn}: workspace`);
    for (let i0 = 0; i0 < X.n; i0 += ROWS) {
      const i1 = Math.min(X.n, i0 + ROWS);
      placeBlock(rt, fn, prepared, X, i0, i1, Z, 0, Z.n, block);
      rt.checkAborted(kernels.gemm_f64(
        false, false, i1 - i0, V.cols, Z.n, 1, block.at, block.stride, V.at, V.stride, 0, out.at + 8 * i0 * out.stride, out.stride, work,
      ));
    }
  });
  return out;
}
