// C := α·op(A)·op(B) + β·C: five loops around one micro-kernel.
//
// Based on: Goto & van de Geijn, Anatomy of high-performance matrix multiplication, 2008;
// Van Zee & van de Geijn, BLIS: a framework for rapidly instantiating BLAS functionality, 2015.
//
//   5th loop  jc   NC columns of C
//   4th loop  pc   KC of the inner dimension; B's block is packed
//   3rd loop  ic   MC rows of C; A's block is packed
//   2nd loop  ir   MR rows              (micro.ts)
//   1st loop  jr   NR columns
//
// The inner two are in this order, and not the usual one, because C is stored by rows: then it streams.
// With threads, one region packs B's block and all of A's rows, the next runs the 3rd loop over tiles
// of MC×NJ. A number of C is the same sum in the same order in whatever tile and thread it falls.

import { alone, args, parallelFor, progress } from "../../parallel";
import { Task } from "../../tasks";
import { MC, MR, NC, NJ, NR, PACK_GRAIN, UNIT, depth, part } from "./blocking";
import { macro } from "./micro";
import { pack } from "./pack";
import { at } from "../level1";

/** What is computed of C. */
export const enum Part {
  WHOLE,
  UPPER, // on and above the diagonal
  LOWER, // on and below it
  MIRRORED, // UPPER, and the rest becomes its mirror image
}

/** C (m×n) := α·A·B + β·C, one step of the 4th loop. */
@unmanaged
class Block<T> {
  m: i32;
  n: i32;
  k: i32;
  alpha: T;
  a: usize; // the m×k block of op(A), see pack
  lda: i32;
  aAlongK: bool;
  b: usize; // the k×n block of op(B)
  ldb: i32;
  bAlongK: bool;
  beta: T;
  c: usize;
  ldc: i32;
  packedA: usize;
  packedB: usize;
  tileM: i32;
  tileN: i32;
  part: i32; // Part of C, C being a column block …
  jc: i32; // … whose first column is jc of a symmetric matrix
  mirror: bool; // the inner dimension ends here, and what is done is to be mirrored
}

/** Packs panels [p0, p1) of this block: those of A first, then those of B. */
export function gemm_pack_task<T>(p0: i32, p1: i32): void {
  const s = args<Block<T>>();
  const panelsA = (s.m + MR - 1) / MR;
  if (p0 < panelsA) pack<T>(MR, p0 * MR, min(s.m, p1 * MR), s.k, s.a, s.lda, s.aAlongK, s.packedA);
  if (p1 > panelsA) {
    const j0 = max(0, p0 - panelsA) * NR<T>();
    pack<T>(NR<T>(), j0, min(s.n, (p1 - panelsA) * NR<T>()), s.k, s.b, s.ldb, s.bAlongK, s.packedB);
  }
}

/** Computes tiles [t0, t1) of this block, numbered down columns of tiles, which share a block of B. */
export function gemm_tile_task<T>(t0: i32, t1: i32): void {
  const s = args<Block<T>>();
  const down = (s.m + s.tileM - 1) / s.tileM;
  for (let t = t0; t < t1; t++) {
    const i = t % down * s.tileM;
    const j = t / down * s.tileN;
    const m = min(s.tileM, s.m - i);
    const n = min(s.tileN, s.n - j);
    // how far the diagonal of C lies to the right of the tile's own
    const offset = i - s.jc - j;
    const below = s.part == Part.UPPER ? -offset : m;
    const above = s.part == Part.LOWER ? offset : n;
    if (below + n <= 0 || above + m <= 0) continue;
    const a1 = s.packedA + usize(i) * s.k * sizeof<T>();
    const b1 = s.packedB + usize(j) * s.k * sizeof<T>();
    macro<T>(m, n, s.k, s.alpha, a1, b1, s.beta, at<T>(s.c, s.ldc, i, j), s.ldc, below, above);
    if (s.mirror) mirror<T>(i, i + m, s.jc + j, s.jc + j + n, at<T>(s.c, s.ldc, 0, -s.jc), s.ldc);
  }
}

/** c(j, i) := c(i, j) for i0 ≤ i < i1, j0 ≤ j < j1, i < j. */
export function mirror<T>(i0: i32, i1: i32, j0: i32, j1: i32, c: usize, ldc: i32): void {
  for (let j = max(j0, i0); j < j1; j++) mirror_row<T>(min(i1, j) - i0, at<T>(c, ldc, i0, j), ldc, at<T>(c, ldc, j, i0));
}

/** to[i] := from[i·ld] for i < n. */
function mirror_row<T>(n: i32, from: usize, ld: i32, to: usize): void {
  for (const end = to + usize(n) * sizeof<T>(); to < end; to += sizeof<T>()) {
    store<T>(to, load<T>(from));
    from += usize(ld) * sizeof<T>();
  }
}

/** Rounded up to whole panels and to 64 bytes. */
function packed_bytes<T>(R: i32, n: i32, k: i32): usize {
  return (usize((n + R - 1) / R * R) * k * sizeof<T>() + 63) & ~63;
}

/** Bytes of workspace for gemm: all of A's rows and NC columns of B, KC deep. */
export function gemm_work<T>(m: i32, n: i32, k: i32): usize {
  return packed_bytes<T>(MR, m, min(k, depth<T>())) + packed_bytes<T>(NR<T>(), min(n, NC), min(k, depth<T>()));
}

/** Bytes of workspace for gemm_serial: MC rows of A and NC columns of B, KC deep. */
export function gemm_serial_work<T>(m: i32, n: i32, k: i32): usize {
  return gemm_work<T>(min(m, MC), n, k);
}

/**
 * gemm, or only a part of C, of which then nothing else is read: that on and above the diagonal of a square C,
 * mirrored or not, or that on and below the diagonal of a C with m ≥ n. Register tiles that meet the diagonal
 * are computed whole.
 */
export function product<T>(
  transA: bool, transB: bool, m: i32, n: i32, k: i32, alpha: T, a: usize, lda: i32, b: usize, ldb: i32,
  beta: T, c: usize, ldc: i32, which: Part, work: usize,
): i32 {
  if (m <= 0 || n <= 0) return 0;
  if (alpha == 0) k = 0;
  const isF64 = sizeof<T>() == 8;
  const upper = which == Part.UPPER || which == Part.MIRRORED;
  const nc = part(n, NC, UNIT);
  const kc = part(k, depth<T>(), 1);
  const tileM = part(m, MC, UNIT);
  const tell = alone();
  for (let jc = 0; jc < n; jc += nc) { // 5th loop
    let pc = 0;
    do { // 4th loop; entered once for k = 0, which leaves β·C
      const s = args<Block<T>>();
      // below the diagonal of the column block there is nothing to do
      s.m = upper ? min(m, jc + nc) : m;
      s.n = min(nc, n - jc);
      s.k = min(kc, k - pc);
      s.alpha = alpha;
      s.a = transA ? at<T>(a, lda, pc, 0) : at<T>(a, lda, 0, pc);
      s.lda = lda;
      s.aAlongK = !transA;
      s.b = transB ? at<T>(b, ldb, jc, pc) : at<T>(b, ldb, pc, jc);
      s.ldb = ldb;
      s.bAlongK = transB;
      s.beta = pc == 0 ? beta : <T>1;
      s.c = at<T>(c, ldc, 0, jc);
      s.ldc = ldc;
      s.packedA = work;
      s.packedB = work + packed_bytes<T>(MR, m, kc);
      s.tileM = tileM;
      s.tileN = part(s.n, NJ, UNIT);
      s.part = upper ? Part.UPPER : which;
      s.jc = jc;
      s.mirror = which == Part.MIRRORED && pc + kc >= k;
      const panels = (s.m + MR - 1) / MR + (s.n + NR<T>() - 1) / NR<T>();
      const tiles = ((s.m + tileM - 1) / tileM) * ((s.n + s.tileN - 1) / s.tileN);
      let info = parallelFor(isF64 ? Task.GEMM_PACK_F64 : Task.GEMM_PACK_F32, panels, PACK_GRAIN);
      if (info == 0) info = parallelFor(isF64 ? Task.GEMM_TILE_F64 : Task.GEMM_TILE_F32, tiles, 1); // 3rd loop
      if (info != 0) return info;
      pc += kc;
      if (tell) progress(f64(jc) * k + f64(s.n) * min(pc, k), f64(n) * max(k, 1));
    } while (pc < k);
  }
  return 0;
}

/**
 * C := α·op(A)·op(B) + β·C, row-major, on all threads; opens regions.
 *
 * op(A) is m×k: A (m×k, row stride lda), or its transpose with transA (then A is k×m); op(B) is k×n
 * likewise; C (m×n, ldc); strides in elements.
 * α = 0 does not read A and B; β = 0 overwrites C (NaN in C is not read). C must not overlap A or B.
 * work: gemm_work(m, n, k) bytes, 64-byte aligned. Returns 0 or INFO_ABORTED.
 * α = 1, β = 0: |Ĉ − C| ≤ γ_k·|A|·|B| elementwise, γ_k = k·u/(1 − k·u)   [Higham 2002, §3.5]
 */
export function gemm<T>(
  transA: bool, transB: bool, m: i32, n: i32, k: i32, alpha: T, a: usize, lda: i32, b: usize, ldb: i32,
  beta: T, c: usize, ldc: i32, work: usize,
): i32 {
  return product<T>(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, Part.WHOLE, work);
}

/** gemm on the calling thread alone, without regions: for use within a task. work: gemm_serial_work(m, n, k) bytes. */
export function gemm_serial<T>(
  transA: bool, transB: bool, m: i32, n: i32, k: i32, alpha: T, a: usize, lda: i32, b: usize, ldb: i32,
  beta: T, c: usize, ldc: i32, work: usize,
): void {
  if (alpha == 0) k = 0;
  const nc = part(n, NC, UNIT);
  const kc = part(k, depth<T>(), 1);
  const mc = part(m, MC, UNIT);
  const packedB = work + packed_bytes<T>(MR, mc, kc);
  for (let jc = 0; jc < n; jc += nc) { // 5th loop
    const n1 = min(nc, n - jc);
    let pc = 0;
    do { // 4th loop
      const k1 = min(kc, k - pc);
      pack<T>(NR<T>(), 0, n1, k1, transB ? at<T>(b, ldb, jc, pc) : at<T>(b, ldb, pc, jc), ldb, transB, packedB);
      for (let ic = 0; ic < m; ic += mc) { // 3rd loop
        const m1 = min(mc, m - ic);
        pack<T>(MR, 0, m1, k1, transA ? at<T>(a, lda, pc, ic) : at<T>(a, lda, ic, pc), lda, !transA, work);
        macro<T>(m1, n1, k1, alpha, work, packedB, pc == 0 ? beta : <T>1, at<T>(c, ldc, ic, jc), ldc, m1, n1);
      }
      pc += kc;
    } while (pc < k);
  }
}

export function gemm_work_f64(m: i32, n: i32, k: i32): f64 {
  return f64(gemm_work<f64>(m, n, k));
}

export function gemm_work_f32(m: i32, n: i32, k: i32): f64 {
  return f64(gemm_work<f32>(m, n, k));
}

export function gemm_f64(
  transA: bool, transB: bool, m: i32, n: i32, k: i32, alpha: f64, a: usize, lda: i32, b: usize, ldb: i32,
  beta: f64, c: usize, ldc: i32, work: usize,
): i32 {
  return gemm<f64>(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, work);
}

export function gemm_f32(
  transA: bool, transB: bool, m: i32, n: i32, k: i32, alpha: f32, a: usize, lda: i32, b: usize, ldb: i32,
  beta: f32, c: usize, ldc: i32, work: usize,
): i32 {
  return gemm<f32>(transA, transB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, work);
}
