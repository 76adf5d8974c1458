// Cholesky: A = L·Lᵀ, columns halved until a block is left, so that gemm does nearly all of the work, on
// blocks as large as they can be.
//
// Based on: Golub & Van Loan, Matrix Computations, 4th ed., §4.2.6; Higham, Accuracy and Stability of
// Numerical Algorithms, 2nd ed., §10.1; Gustavson, Recursion leads to automatic variable blocking for dense
// linear-algebra algorithms, IBM J. Res. Dev. 41, 1997.
//
//            j0
//      ┌─────┬──────┐     for each block column:
//      │  L  │      │       1  L11 := chol(A11)                             on one thread
//      │     ├──┬───┤       2  L21 := A21·L11⁻ᵀ                            rows in parallel
//      │     │11│   │     for each half, when it is done:
//      │     ├──┤   │       3  A(j1.., J) −= L(j1.., j0..)·L(J, j0..)ᵀ    gemm, J the other half's columns from j1,
//      │     │21│   │                                                      on and below the diagonal
//      └─────┴──┴───┘
//                         Steps 1 and 2 work on transposed copies U11 = L11ᵀ and X = L21ᵀ, so that a vector
//                         holds several rows of L and one micro-kernel does for both.

import { args, parallelFor, progress } from "../parallel";
import { Part, gemm_work, product } from "../blas/gemm/gemm";
import { Task } from "../tasks";
import { NB, WIDTH, rows4 } from "./triangle";
import { trsm, trsm_work } from "./trsm";

@unmanaged
class Matrix {
  n: i32;
  a: usize; // (n, n), stride lda
  lda: i32;
  u: usize; // see Panel
  work: usize; // of gemm
  from: f64; // progress
  to: f64;
}

@unmanaged
class Panel {
  nb: i32; // columns of this block
  a: usize; // A21 (rows, nb), stride lda
  lda: i32;
  u: usize; // U11 (nb, nb), stride NB, and after it 1/uⱼⱼ (nb)
  x: usize; // X of each chunk: (nb, WIDTH)
}

/** The 4×4 triangle at u: U := chol. Returns 0 or the number of the pivot that is not positive. */
function triangle4(u: usize, inverse: usize): i32 {
  for (let r = 0; r < 4; r++) {
    const row = u + usize(r) * (NB << 3);
    const pivot = load<f64>(row + (r << 3));
    if (!(pivot > 0)) return r + 1;
    const root = sqrt(pivot);
    const scale = 1 / root;
    store<f64>(row + (r << 3), root);
    store<f64>(inverse + (r << 3), scale);
    for (let q = r + 1; q < 4; q++) store<f64>(row + (q << 3), load<f64>(row + (q << 3)) * scale);
    for (let p = r + 1; p < 4; p++) {
      const at = u + usize(p) * (NB << 3);
      const s = load<f64>(row + (p << 3));
      for (let q = p; q < 4; q++) store<f64>(at + (q << 3), load<f64>(at + (q << 3)) - s * load<f64>(row + (q << 3)));
    }
  }
  return 0;
}

/** U := chol of the symmetric matrix whose upper triangle U (4·quads square) holds. Returns as triangle4. */
function factor(quads: i32, u: usize, inverse: usize): i32 {
  const n = quads << 2;
  for (let j = 0; j < n; j += 4) {
    const column = u + (usize(j) << 3);
    rows4(j, column, column, NB, inverse, false);
    const info = triangle4(column + usize(j) * (NB << 3), inverse + (usize(j) << 3));
    if (info != 0) return j + info;
    for (let c = j + 4; c < n; c += 4) {
      rows4(j, column, u + (usize(c) << 3), NB, inverse + (usize(j) << 3), true);
    }
  }
  return 0;
}

/** to[c·ldt + r] := from[r·ldf + c] for r < rows, c < cols. */
function transpose(rows: i32, cols: i32, from: usize, ldf: i32, to: usize, ldt: i32): void {
  const f = usize(ldf) << 3;
  const t = usize(ldt) << 3;
  let r = 0;
  for (; r + 2 <= rows; r += 2) {
    let src = from + usize(r) * f;
    let dst = to + (usize(r) << 3);
    let c = 0;
    for (; c + 2 <= cols; c += 2) {
      const a = v128.load(src);
      const b = v128.load(src + f);
      v128.store(dst, v128.shuffle<f64>(a, b, 0, 2));
      v128.store(dst + t, v128.shuffle<f64>(a, b, 1, 3));
      src += 16;
      dst += 2 * t;
    }
    if (c < cols) {
      store<f64>(dst, load<f64>(src));
      store<f64>(dst, load<f64>(src + f), 8);
    }
  }
  if (r < rows) {
    let dst = to + (usize(r) << 3);
    for (let src = from + usize(r) * f, end = src + (usize(cols) << 3); src < end; src += 8) {
      store<f64>(dst, load<f64>(src));
      dst += t;
    }
  }
}

/** Step 2 for rows [i0, i1) of A21, one chunk. */
export function cholesky_panel_task(i0: i32, i1: i32): void {
  const s = args<Panel>();
  const nb = s.nb;
  const a = s.a + ((usize(i0) * s.lda) << 3);
  const x = s.x + ((usize(i0) * NB) << 3);
  const inverse = s.u + ((NB * NB) << 3);
  const width = i1 - i0;
  const whole = (width + 3) & ~3;
  if (width < whole) memory.fill(x, 0, (NB * WIDTH) << 3);
  transpose(width, nb, a, s.lda, x, WIDTH);
  for (let j = 0; j < nb; j += 4) {
    for (let c = 0; c < whole; c += 4) {
      rows4(j, s.u + (usize(j) << 3), x + (usize(c) << 3), WIDTH, inverse + (usize(j) << 3), true);
    }
  }
  transpose(nb, width, x, WIDTH, a, s.lda);
}

/** Columns [j0, j0 + nb) on their own: steps 1 and 2. Returns as cholesky_f64. */
function block(s: Matrix, j0: i32, nb: i32): i32 {
  const rows = s.n - j0;
  const ld = usize(s.lda) << 3;
  const a11 = s.a + usize(j0) * ld + (usize(j0) << 3);
  const u = s.u;
  const inverse = u + ((NB * NB) << 3);

  // U11, the last rows of the matrix filled up with those of the identity
  const quads = (nb + 3) >> 2;
  transpose(nb, nb, a11, s.lda, u, NB);
  for (let k = nb; k < quads << 2; k++) {
    for (let i = 0; i <= k; i++) store<f64>(u + (usize(i * NB + k) << 3), i == k ? 1 : 0);
  }
  const pivot = factor(quads, u, inverse);
  if (pivot != 0) return j0 + pivot;
  for (let k = 0; k < nb; k++) {
    for (let i = k; i < nb; i++) store<f64>(a11 + usize(i) * ld + (usize(k) << 3), load<f64>(u + (usize(k * NB + i) << 3)));
  }

  const done = f64(j0 + nb) / f64(s.n);
  progress(s.from + (s.to - s.from) * done * done * (3 - 2 * done), 1);
  const t = args<Panel>();
  t.nb = nb;
  t.a = a11 + usize(nb) * ld;
  t.lda = s.lda;
  t.u = u;
  t.x = inverse + (NB << 3);
  return parallelFor(Task.CHOLESKY_PANEL, rows - nb, WIDTH);
}

/** Columns [j0, j0 + count) of rows [j0, n). Returns as cholesky_f64. */
function columns(s: Matrix, j0: i32, count: i32): i32 {
  if (count <= NB) return block(s, j0, count);
  const left = (count + 2 * NB - 1) / (2 * NB) * NB;
  const right = count - left;
  const j1 = j0 + left;
  const a21 = s.a + (((usize(j1) * s.lda) + j0) << 3);
  let info = columns(s, j0, left);
  if (info == 0) {
    info = product<f64>(
      false, true, s.n - j1, right, left, -1, a21, s.lda, a21, s.lda, 1, a21 + (usize(left) << 3), s.lda, Part.LOWER, s.work,
    );
  }
  return info != 0 ? info : columns(s, j1, right);
}

/** Bytes of workspace for cholesky. */
export function cholesky_work_f64(n: i32): f64 {
  const half = (n + 2 * NB) / 2;
  return 128 + f64(8 * NB) * f64(NB + 1 + n + WIDTH) + f64(gemm_work<f64>(n, half, half));
}

/**
 * A = L·Lᵀ; L overwrites the lower triangle of A.
 *
 * A (n×n, row stride lda in elements), only its lower triangle is read; what lies above the diagonal by up
 * to NB places is destroyed, the rest is not touched.
 * work: cholesky_work_f64(n) bytes, 64-byte aligned. Progress is told as going from `from` to `to`.
 * Returns 0; k > 0: pivot k (from 1) is not positive, the rows from there are undefined; INFO_ABORTED.
 * |L̂·L̂ᵀ − A| ≤ γ_{n+1}·|L̂|·|L̂|ᵀ elementwise: every number of L is a sum in some order, a product with
 * the reciprocal of a pivot's root or that root; see docs/certificate.md §1.   [Higham 2002, Thm 10.3]
 */
export function cholesky_f64(n: i32, a: usize, lda: i32, from: f64, to: f64, work: usize): i32 {
  const s = changetype<Matrix>(work);
  s.n = n;
  s.a = a;
  s.lda = lda;
  s.u = work + 64; // after this record
  s.work = (s.u + ((usize(NB + 1 + n + WIDTH) * NB) << 3) + 63) & ~63;
  s.from = from;
  s.to = to;
  return columns(s, 0, n);
}

/** Bytes of workspace for cholesky_solve. */
export function cholesky_solve_work_f64(n: i32, m: i32): f64 {
  return f64(trsm_work(n, m));
}

/**
 * B := (L·Lᵀ)⁻¹·B with the lower triangle L (n×n, row stride ldl) that cholesky_f64 leaves.
 *
 * B (n×m, ldb); strides in elements. work: cholesky_solve_work_f64(n, m) bytes, 64-byte aligned. Opens
 * regions. Returns 0 or INFO_ABORTED.
 */
export function cholesky_solve_f64(n: i32, m: i32, l: usize, ldl: i32, b: usize, ldb: i32, work: usize): i32 {
  const info = trsm(n, m, l, ldl, true, false, false, b, ldb, work);
  return info != 0 ? info : trsm(n, m, l, ldl, true, true, false, b, ldb, work);
}
