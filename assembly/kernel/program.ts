// Kernel matrices K(X, Z): products of rows on all threads, then a small program on each strip of them.
//
// The program is what bindings/kernels/compile.ts makes of a kernel's description: instructions of 8 numbers, an opcode
// and its operands, for a stack of frames (strip.ts). What an instruction needs of a row alone, its variance in each
// layer of a network, is in the tables of X and Z, which the same program fills: run on the pair of a row with itself.

import { gemm, gemm_work } from "../blas/gemm/gemm";
import { sum_squares } from "../blas/level1";
import { args, parallelFor } from "../parallel";
import { hsum, madd } from "../simd";
import { Task } from "../tasks";
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

/** Into so many chunks the rows of a block are cut at most, each with scratch of its own. */
const CHUNKS: i32 = 64;

/** |x·z| above so much of (|x|² + |z|²)/2 makes a pair near: |x ∓ z|² is then summed from differences. */
const NEAR: f64 = 0.9375;

@unmanaged
class Block {
  m: i32; // rows
  n: i32; // columns
  d: i32;
  x: usize; // (m, d), stride ldx
  ldx: i32;
  z: usize; // (n, d), stride ldz
  ldz: i32;
  code: usize;
  size: i32; // instructions
  frames: i32;
  left: usize; // table of X
  ldl: i32;
  right: usize; // table of Z
  ldr: i32;
  k: usize; // (m, n), stride ldk: first the products
  ldk: i32;
  grain: i32;
  scratch: usize; // of each chunk a Strip, a base frame and `frames` frames
}

function scratch_bytes(frames: i32): usize {
  return 64 + usize(frames + 1) * FRAME;
}

function grain(m: i32): i32 {
  return max(4, (m + CHUNKS - 1) / CHUNKS);
}

/** |x − z|², or |x + z|² with `sum`. */
function distance_squared(d: i32, x: usize, z: usize, sum: bool): f64 {
  const sign = f64x2.splat(sum ? 1 : -1);
  let acc: v128 = f64x2.splat(0);
  const end = x + (usize(d & ~1) << 3);
  for (; x < end; x += 16, z += 16) {
    const e = f64x2.add(v128.load(x), f64x2.mul(sign, v128.load(z)));
    acc = madd<f64>(e, e, acc);
  }
  let total = hsum<f64>(acc);
  if (d & 1) {
    const e = load<f64>(x) + (sum ? load<f64>(z) : -load<f64>(z));
    total += e * e;
  }
  return total;
}

/** The base frame: K = x·z and D of the pairs from column j0 on. */
function base_strip(b: Block, s: Strip, i: i32, j0: i32, width: i32): void {
  const products = b.k + ((usize(i) * b.ldk + j0) << 3);
  const x = b.x + ((usize(i) * b.ldx) << 3);
  const p = variance(s, 0);
  const q = variances(s, 0);
  for (let j = 0; j < width; j++) {
    const at = usize(j) << 3;
    let r = load<f64>(products + at);
    const total = p + load<f64>(q + at);
    let D = total - 2 * abs(r);
    if (abs(r) > 0.5 * NEAR * total) {
      D = distance_squared(b.d, x, b.z + ((usize(j0 + j) * b.ldz) << 3), r < 0);
      if (D == 0 && r >= 0) r = p;
    }
    store<f64>(s.base + at, r);
    store<f64>(s.base + at, r < 0 ? -D : D, ARRAY);
  }
}

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
function run(s: Strip, code: usize, size: i32, first: usize): void {
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

/** Rows [i0, i1) of a block: one chunk. */
export function kernel_map_task(i0: i32, i1: i32): void {
  const b = args<Block>();
  const at = b.scratch + usize(i0 / b.grain) * scratch_bytes(b.frames);
  const s = changetype<Strip>(at);
  s.base = at + 64;
  s.diagonal = false;
  s.ldl = b.ldl;
  s.ldr = b.ldr;
  for (let i = i0; i < i1; i++) {
    s.left = b.left + (usize(i) << 3);
    for (let j = 0; j < b.n; j += STRIP) {
      const width = min(STRIP, b.n - j);
      s.width = (width + 1) & ~1;
      s.right = b.right + (usize(j) << 3);
      base_strip(b, s, i, j, width);
      run(s, b.code, b.size, s.base + FRAME);
      memory.copy(b.k + ((usize(i) * b.ldk + j) << 3), s.base + FRAME, usize(width) << 3);
    }
  }
}

/** Bytes of workspace for kernel_block. */
export function kernel_block_work_f64(m: i32, n: i32, d: i32, frames: i32): f64 {
  return f64(gemm_work<f64>(m, n, d)) + f64(CHUNKS) * f64(scratch_bytes(frames)) + 64;
}

/**
 * K := k(X, Z) by a program.
 *
 * X (m×d, row stride ldx), Z (n×d, ldz), K (m×n, ldk); strides in elements; K must not overlap X or Z.
 * code: `size` instructions that need so many frames. left, right: the tables of X and Z from their first rows on, row
 * strides ldl, ldr, filled by kernel_rows; right is read up to an even column.
 * work: kernel_block_work_f64(m, n, d, frames) bytes, 64-byte aligned. Returns 0 or INFO_ABORTED.
 */
export function kernel_block_f64(
  m: i32, n: i32, d: i32, x: usize, ldx: i32, z: usize, ldz: i32, code: usize, size: i32, frames: i32,
  left: usize, ldl: i32, right: usize, ldr: i32, k: usize, ldk: i32, work: usize,
): i32 {
  const scratch = work;
  const gemmWork = (work + usize(CHUNKS) * scratch_bytes(frames) + 63) & ~63;
  const info = gemm<f64>(false, true, m, n, d, 1, x, ldx, z, ldz, 0, k, ldk, gemmWork);
  if (info != 0) return info;
  const b = args<Block>();
  b.m = m;
  b.n = n;
  b.d = d;
  b.x = x;
  b.ldx = ldx;
  b.z = z;
  b.ldz = ldz;
  b.code = code;
  b.size = size;
  b.frames = frames;
  b.left = left;
  b.ldl = ldl;
  b.right = right;
  b.ldr = ldr;
  b.k = k;
  b.ldk = ldk;
  b.grain = grain(m);
  b.scratch = scratch;
  return parallelFor(Task.KERNEL_MAP, m, b.grain);
}

/** Bytes of workspace for kernel_rows. */
export function kernel_rows_work_f64(frames: i32): f64 {
  return f64(scratch_bytes(frames));
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
