// Kernels of rows as small programs on strips of pairs (block.ts makes them of products of rows).
//
// A program is what bindings/kernels/compile.ts makes of a kernel's description: instructions of 8 numbers, an opcode
// and its operands, for a stack of frames (strip.ts). What an instruction needs of a row alone, its variance in each
// layer of a network, is in the tables of X and Z, which the same program fills: run on the pair of a row with itself.

import { sum_squares } from "../blas/level1";
import { activation } from "./activation";
import { cauchy, dispersal, gaussian, laplacian, matern, polynomial } from "./distance";
import { rectifier } from "./rectifier";
import { series } from "./series";
import { ARRAY, FRAME, STRIP, Strip, learn, variance, variances } from "./strip";

/** Equal to OP in bindings/kernels/instructions.ts. */
export const enum Op {
  STATE,
  DENSE,
  DUPLICATE,
  JOIN,
  THETA,
  SCALE,
  ADD,
  MULTIPLY,
  RECTIFIER,
  GAUSSIAN,
  LAPLACIAN,
  SWAP,
  DISPERSAL,
  CAUCHY,
  MATERN,
  POLYNOMIAL,
  ACTIVATION,
  SERIES,
}

/** Bytes of an instruction. */
const INSTRUCTION: usize = 64;

/** K, D, T := α·r, α·D, β·r. */
function state(s: Strip, operands: usize, f: usize): void {
  const alpha = v128.load64_splat(operands);
  const beta = v128.load64_splat(operands, 8);
  const end = f + (usize(s.width) << 3);
  let base = s.base;
  for (; f < end; f += 16, base += 16) {
    const r = v128.load(base);
    v128.store(f, f64x2.mul(alpha, r));
    v128.store(f, f64x2.mul(alpha, v128.load(base, ARRAY)), ARRAY);
    v128.store(f, f64x2.mul(beta, r), 2 * ARRAY);
  }
}

/**
 * An affine layer: K' = w·K + b, Θ' = w·Θ + old·K + fresh·K' + constant.
 * Operands: stage (of p and q, which D needs where b > 0), w, b, old, fresh, constant.
 */
function dense(s: Strip, operands: usize, f: usize): void {
  const stage = <i32>load<f64>(operands);
  const w = v128.load64_splat(operands, 8);
  const b = v128.load64_splat(operands, 16);
  const old = v128.load64_splat(operands, 24);
  const fresh = v128.load64_splat(operands, 32);
  const constant = v128.load64_splat(operands, 40);
  learn(s, stage, load<f64>(f));
  const p = f64x2.splat(variance(s, stage));
  let q = variances(s, stage);
  const zero = f64x2.splat(0);
  const two = f64x2.splat(2);
  const end = f + (usize(s.width) << 3);
  for (; f < end; f += 16, q += 16) {
    const r = v128.load(f);
    const D = v128.load(f, ARRAY);
    const T = v128.load(f, 2 * ARRAY);
    const K = f64x2.add(f64x2.mul(w, r), b);
    // r < 0: either |u + v|² grows by (2√b)², or r changes its sign and |u − v|² is what is left
    const sum = f64x2.sub(f64x2.mul(w, D), f64x2.mul(f64x2.splat(4), b));
    const difference = f64x2.mul(w, f64x2.sub(f64x2.add(p, v128.load(q)), f64x2.mul(two, r)));
    const turned = v128.bitselect(sum, difference, f64x2.lt(K, zero));
    v128.store(f, K);
    v128.store(f, v128.bitselect(turned, f64x2.mul(w, D), f64x2.lt(r, zero)), ARRAY);
    v128.store(f, f64x2.add(f64x2.add(f64x2.mul(w, T), constant), f64x2.add(f64x2.mul(old, r), f64x2.mul(fresh, K))), 2 * ARRAY);
  }
}

/** The sum of two branches that are independent of each other. Operands: the stages of the lower and of the upper frame. */
function join(s: Strip, operands: usize, f: usize): void {
  const lower = <i32>load<f64>(operands);
  const upper = <i32>load<f64>(operands, 8);
  learn(s, lower, load<f64>(f));
  learn(s, upper, load<f64>(f, FRAME));
  const p1 = f64x2.splat(variance(s, lower));
  const p2 = f64x2.splat(variance(s, upper));
  let q1 = variances(s, lower);
  let q2 = variances(s, upper);
  const zero = f64x2.splat(0);
  const end = f + (usize(s.width) << 3);
  for (; f < end; f += 16, q1 += 16, q2 += 16) {
    const r1 = v128.load(f), r2 = v128.load(f, FRAME);
    const D1 = v128.load(f, ARRAY), D2 = v128.load(f, FRAME + ARRAY);
    const K = f64x2.add(r1, r2);
    const sum = f64x2.add(D1, D2);
    // of opposite signs: neither |u − v|² nor |u + v|² is small in both
    const total = f64x2.add(f64x2.add(p1, v128.load(q1)), f64x2.add(p2, v128.load(q2)));
    const mixed = f64x2.sub(total, f64x2.mul(f64x2.splat(2), f64x2.abs(K)));
    const signed = v128.bitselect(f64x2.neg(mixed), mixed, f64x2.lt(K, zero));
    v128.store(f, K);
    const alike = i64x2.eq(f64x2.lt(r1, zero), f64x2.lt(r2, zero));
    v128.store(f, v128.bitselect(sum, signed, alike), ARRAY);
    v128.store(f, f64x2.add(v128.load(f, 2 * ARRAY), v128.load(f, FRAME + 2 * ARRAY)), 2 * ARRAY);
  }
}

/** Exchanges the frames at f and below it. */
function swap(f: usize): void {
  for (const end = f + FRAME; f < end; f += 16) {
    const above = v128.load(f);
    v128.store(f, v128.load(f - FRAME));
    v128.store(f - FRAME, above);
  }
}

/** K := a·K. */
function scale(s: Strip, operands: usize, f: usize): void {
  const a = v128.load64_splat(operands);
  for (const end = f + (usize(s.width) << 3); f < end; f += 16) v128.store(f, f64x2.mul(a, v128.load(f)));
}

/** K := K + a·(K of the frame above), or their product. */
function combine(s: Strip, operands: usize, f: usize, multiply: bool): void {
  const a = v128.load64_splat(operands);
  for (const end = f + (usize(s.width) << 3); f < end; f += 16) {
    const k = v128.load(f), above = v128.load(f, FRAME);
    v128.store(f, multiply ? f64x2.mul(k, above) : f64x2.add(k, f64x2.mul(a, above)));
  }
}

/** Runs instructions [0, size) on a strip; the result is in K of the first frame. */
export function run(s: Strip, code: usize, size: i32, first: usize): void {
  let top = first - FRAME;
  for (const end = code + usize(size) * INSTRUCTION; code < end; code += INSTRUCTION) {
    const operands = code + 8;
    switch (<i32>load<f64>(code)) {
      case Op.STATE: top += FRAME; state(s, operands, top); break;
      case Op.DENSE: dense(s, operands, top); break;
      case Op.DUPLICATE: memory.copy(top + FRAME, top, FRAME); top += FRAME; break;
      case Op.JOIN: top -= FRAME; join(s, operands, top); break;
      case Op.THETA: memory.copy(top, top + 2 * ARRAY, ARRAY); break;
      case Op.SCALE: scale(s, operands, top); break;
      case Op.ADD: top -= FRAME; combine(s, operands, top, false); break;
      case Op.MULTIPLY: top -= FRAME; combine(s, operands, top, true); break;
      case Op.RECTIFIER: rectifier(s, operands, top); break;
      case Op.GAUSSIAN: top += FRAME; gaussian(s, operands, top); break;
      case Op.LAPLACIAN: top += FRAME; laplacian(s, operands, top); break;
      case Op.SWAP: swap(top); break;
      case Op.DISPERSAL: top += FRAME; dispersal(s, operands, top); break;
      case Op.CAUCHY: top += FRAME; cauchy(s, operands, top); break;
      case Op.MATERN: top += FRAME; matern(s, operands, top); break;
      case Op.POLYNOMIAL: top += FRAME; polynomial(s, operands, top); break;
      case Op.ACTIVATION: activation(s, operands, top); break;
      case Op.SERIES: top -= FRAME; series(s, operands, top); break;
    }
  }
}

/** Bytes of workspace for kernel_rows. */
export function kernel_rows_work_f64(frames: i32): f64 {
  return f64(64 + usize(frames + 1) * FRAME);
}

/**
 * Fills the table of X with what the first `size` instructions learn, and diagonal := k(x, x) if these are all.
 *
 * X (n×d, row stride ldx); table (stages×n, row stride ldt); diagonal (n).
 * work: kernel_rows_work_f64(frames) bytes, 64-byte aligned.
 */
export function kernel_rows_f64(
  n: i32, d: i32, x: usize, ldx: i32, code: usize, size: i32, table: usize, ldt: i32, diagonal: usize, work: usize,
): void {
  const s = changetype<Strip>(work);
  s.base = work + 64;
  s.diagonal = true;
  s.width = 2;
  s.ldl = ldt;
  s.ldr = ldt;
  for (let i = 0; i < n; i++) {
    const square = sum_squares<f64>(d, x + ((usize(i) * ldx) << 3));
    s.left = table + (usize(i) << 3);
    s.right = s.left;
    learn(s, 0, square);
    store<f64>(s.base, square);
    store<f64>(s.base, 0, ARRAY);
    run(s, code, size, s.base + FRAME);
    store<f64>(diagonal + (usize(i) << 3), load<f64>(s.base + FRAME));
  }
}
