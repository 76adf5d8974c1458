// Kernels over rows in wasm memory: what matrices, products, operators and regression are made from. Everything here runs
// within the caller's scope of rt.memory.

import { NotFiniteError, OptionError, ShapeError } from "../errors.ts";
import type { Pointer } from "../core/kernels.ts";
import type { Runtime } from "../core/runtime.ts";
import { pushEmpty, pushMatrix, type Matrix, type Placed } from "../linalg/matrix.ts";
import { checkVariances, fillSeries } from "../networks/fill.ts";
import { compile } from "./compile.ts";
import type { Kernel } from "./descriptions.ts";
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
  if (n === 0 || d === 0) throw new ShapeError(`${fn}: ${name} is ${n}×${d}, it must not be empty`);
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
  const unlimited = rt.memory.f64(diagonal, n).findIndex((k) => !Number.isFinite(k));
  if (unlimited >= 0) {
    throw new OptionError(`${fn}: k(x, x) of row ${unlimited + 1} of ${name} is not finite, expected smaller rows, weights or parameters`);
  }
  return { placed, n, table, stride, diagonal };
}

/** For a kernel of distances alone: moves rows towards the origin and scales them. */
function moveRows(rt: Runtime, fn: string, prepared: Prepared, { at, rows, cols, stride }: Placed): void {
  const { kernels, memory } = rt;
  const { unit } = prepared.program;
  if (unit === undefined) return;
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

/** Rows [i0, i1) of those placed. */
function slice({ placed, n, table, diagonal, stride }: KernelRows, i0: number, i1: number): KernelRows {
  if (i0 === 0 && i1 === n) return { placed, n, table, diagonal, stride };
  const rows = { ...placed, at: placed.at + 8 * i0 * placed.stride, rows: i1 - i0 };
  return { placed: rows, n: i1 - i0, table: table + 8 * i0, diagonal: diagonal + 8 * i0, stride };
}

/** out := K(X[i0:i1], Z[j0:j1]). */
export function placeBlock(
  rt: Runtime, fn: string, prepared: Prepared, X: KernelRows, i0: number, i1: number, Z: KernelRows, j0: number, j1: number, out: Placed,
): void {
  fillBlock(rt, fn, prepared, X === Z && i0 === j0 && i1 === j1, slice(X, i0, i1), slice(Z, j0, j1), out);
}

/** K(X, Z); where Z is X, symmetric. `stride`: of its rows, by default padded. */
export function placeKernel(rt: Runtime, fn: string, prepared: Prepared, X: KernelRows, Z: KernelRows = X, stride?: number): Placed {
  const out = pushEmpty(rt, fn, X.n, Z.n, 8, stride);
  fillBlock(rt, fn, prepared, X === Z, X, Z, out);
  return out;
}

function fillBlock(rt: Runtime, fn: string, { program, code, d }: Prepared, symmetric: boolean, X: KernelRows, Z: KernelRows, out: Placed): void {
  const { kernels, memory } = rt;
  const { size, frames } = program;
  memory.scope(() => {
    const work = memory.push(kernels.kernel_block_work_f64(symmetric, X.n, Z.n, d, 0, frames), `${fn}: workspace`);
    rt.checkAborted(kernels.kernel_block_f64(
      symmetric, X.n, Z.n, d, X.placed.at, X.placed.stride, Z.placed.at, Z.placed.stride, code, size, frames,
      X.table, X.stride, Z.table, Z.stride, out.at, out.stride, work,
    ));
  });
}

/** K(X, Z)·V, without all of K at a time; where Z is X for half the price. */
export function placeProduct(
  rt: Runtime, fn: string, { program, code, d }: Prepared, X: KernelRows, Z: KernelRows, V: Placed,
): Placed {
  const { kernels, memory } = rt;
  const { size, frames } = program;
  const symmetric = X === Z;
  const out = pushEmpty(rt, fn, X.n, V.cols);
  if (V.cols === 0) return out;
  memory.scope(() => {
    const work = memory.push(kernels.kernel_block_work_f64(symmetric, X.n, Z.n, d, V.cols, frames), `${fn}: workspace`);
    rt.checkAborted(kernels.kernel_product_f64(
      symmetric, X.n, Z.n, d, V.cols, X.placed.at, X.placed.stride, Z.placed.at, Z.placed.stride, code, size, frames,
      X.table, X.stride, Z.table, Z.stride, V.at, V.stride, out.at, out.stride, work,
    ));
  });
  return out;
}
