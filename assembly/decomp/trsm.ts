// Solving with a triangle, many right-hand sides: halved down to triangles of NB rows, so that gemm does
// nearly all of the work on large blocks.
//
//      ┌──┬─────┐          T11·X1 = B1                 upper: from the last row up
//      │T1│     │          B2 −= T21·X1     gemm
//      ├──┼──┐  │          T22·X2 = B2
//      │21│T2│  │
//      └──┴──┴──┘

import { args, parallelFor } from "../parallel";
import { gemm, gemm_work } from "../blas/gemm/gemm";
import { Task } from "../tasks";
import { NB, WIDTH, rows4 } from "./triangle";
import { trsv } from "./triangular";

/** Right-hand sides up to which each is solved on its own: gemm would pack T for too little. */
const FEW: i32 = 4;

@unmanaged
class Solve {
  n: i32; // rows, at most NB
  u: usize; // (NB, n) coefficients, stride NB: u(p, i) is what row i takes of row p; then 1/diagonal
  b: usize; // (n, columns): its first row to be solved
  step: usize; // bytes to the next, may be negative
  x: usize; // (n, WIDTH) for each chunk
}

/** Columns [j0, j1) of B, one chunk: solved in a copy whose rows are filled up to whole vectors. */
export function trsm_triangle_task(j0: i32, j1: i32): void {
  const s = args<Solve>();
  const n = s.n;
  const width = j1 - j0;
  const x = s.x + ((usize(j0) * NB) << 3);
  const inverse = s.u + ((NB * NB) << 3);
  if (width < WIDTH || (n & 3) != 0) memory.fill(x, 0, (NB * WIDTH) << 3);
  copy_rows(n, width, s.b + (usize(j0) << 3), s.step, x, WIDTH << 3);
  for (let i = 0; i < n; i += 4) {
    for (let c = 0; c < width; c += 4) {
      rows4(i, s.u + (usize(i) << 3), x + (usize(c) << 3), WIDTH, inverse + (usize(i) << 3), true);
    }
  }
  copy_rows(n, width, x, WIDTH << 3, s.b + (usize(j0) << 3), s.step);
}

function copy_rows(n: i32, width: i32, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  for (let i = 0; i < n; i++) {
    memory.copy(to, from, usize(width) << 3);
    from += fromStep;
    to += toStep;
  }
}

/** B := op(T)⁻¹·B for n ≤ NB rows. */
function solve_rows(
  n: i32, m: i32, t: usize, ldt: i32, lower: bool, trans: bool, unit: bool, b: usize, ldb: i32, work: usize,
): i32 {
  const ascending = lower != trans;
  const inverse = work + ((NB * NB) << 3);
  // element (p, i), in the order of solving, of the triangle that is transposed to be solved by rows
  const origin = ascending ? 0 : n - 1;
  const sign = ascending ? 1 : -1;
  for (let p = 0; p < n; p++) {
    for (let i = p; i < n; i++) {
      const from = origin + sign * p;
      const to = origin + sign * i;
      const row = trans ? from : to;
      const col = trans ? to : from;
      store<f64>(work + (usize(p * NB + i) << 3), load<f64>(t + ((usize(row) * ldt + col) << 3)));
    }
    const own = load<f64>(work + (usize(p * NB + p) << 3));
    store<f64>(inverse + (usize(p) << 3), unit ? 1 : 1 / own);
  }
  // up to whole quads of rows that are zero
  for (let i = n; i < ((n + 3) & ~3); i++) {
    for (let p = 0; p <= i; p++) store<f64>(work + (usize(p * NB + i) << 3), 0);
    store<f64>(inverse + (usize(i) << 3), 0);
  }
  const s = args<Solve>();
  s.n = n;
  s.u = work;
  s.b = ascending ? b : b + ((usize(n - 1) * ldb) << 3);
  s.step = ascending ? usize(ldb) << 3 : -(usize(ldb) << 3);
  s.x = inverse + (NB << 3);
  return parallelFor(Task.TRSM_TRIANGLE, m, WIDTH);
}

/** trsm for more than FEW right-hand sides. */
function solve_halves(
  n: i32, m: i32, t: usize, ldt: i32, lower: bool, trans: bool, unit: bool, b: usize, ldb: i32, work: usize,
): i32 {
  if (n <= NB) return solve_rows(n, m, t, ldt, lower, trans, unit, b, ldb, work);
  const n1 = (n + 2 * NB - 1) / (2 * NB) * NB;
  const n2 = n - n1;
  const ld = usize(ldt) << 3;
  const t2 = t + usize(n1) * ld + (usize(n1) << 3);
  const beside = lower ? t + usize(n1) * ld : t + (usize(n1) << 3);
  const b2 = b + ((usize(n1) * ldb) << 3);
  const gemmWork = work + solve_bytes(m);
  let info: i32;
  if (lower != trans) {
    info = solve_halves(n1, m, t, ldt, lower, trans, unit, b, ldb, work);
    if (info == 0) info = gemm<f64>(trans, false, n2, m, n1, -1, beside, ldt, b, ldb, 1, b2, ldb, gemmWork);
    if (info == 0) info = solve_halves(n2, m, t2, ldt, lower, trans, unit, b2, ldb, work);
  } else {
    info = solve_halves(n2, m, t2, ldt, lower, trans, unit, b2, ldb, work);
    if (info == 0) info = gemm<f64>(trans, false, n1, m, n2, -1, beside, ldt, b2, ldb, 1, b, ldb, gemmWork);
    if (info == 0) info = solve_halves(n1, m, t, ldt, lower, trans, unit, b, ldb, work);
  }
  return info;
}

/** Bytes for the coefficients of a triangle and the copies of its right-hand sides. */
function solve_bytes(m: i32): usize {
  return (usize(NB) * (NB + 1 + ((m + WIDTH - 1) / WIDTH) * WIDTH)) << 3;
}

/** Bytes of workspace for trsm. */
export function trsm_work(n: i32, m: i32): usize {
  return max(usize(n + 7) << 3, solve_bytes(m) + gemm_work<f64>(n, m, n));
}

/**
 * B := op(T)⁻¹·B; opens regions.
 *
 * T (n×n, row stride ldt) lower or upper triangular, with `unit` its diagonal is 1 and not read; op(T)
 * is T, or its transpose with `trans`. B (n×m, ldb) must not overlap T; strides in elements.
 * work: trsm_work(n, m) bytes, 64-byte aligned. Returns 0 or INFO_ABORTED.
 * For each column: (T + ΔT)·b̂ = b, |ΔT| ≤ γₙ₊₁·|T|   [Higham 2002, Thm 8.5]
 */
export function trsm(
  n: i32, m: i32, t: usize, ldt: i32, lower: bool, trans: bool, unit: bool, b: usize, ldb: i32, work: usize,
): i32 {
  if (m > FEW) return solve_halves(n, m, t, ldt, lower, trans, unit, b, ldb, work);
  for (let j = 0; j < m; j++) {
    const column = b + (usize(j) << 3);
    if (ldb > 1) copy_rows(n, 1, column, usize(ldb) << 3, work, 8);
    const info = trsv(n, t, ldt, lower, trans, unit, ldb > 1 ? work : column);
    if (info != 0) return info;
    if (ldb > 1) copy_rows(n, 1, work, 8, column, usize(ldb) << 3);
  }
  return 0;
}

export function trsm_work_f64(n: i32, m: i32): f64 {
  return f64(trsm_work(n, m));
}
