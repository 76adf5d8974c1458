// Householder QR of a panel whose columns are stored as rows, and the compact form of its Q.
//
// Based on: Schreiber & Van Loan, A storage-efficient WY representation for products of Householder
// transformations, 1989; Golub & Van Loan, Matrix Computations, 4th ed., §5.2.
//
//          0        j0                 m
//        0 ┌────────┬──────────────────┐    Four columns at a time (a quad, rows here): they are reduced on
//          │1 v v v │v v v v v v v v v │    one thread; then a region has one chunk for four other rows y:
//          │0 1 v v │v v v v v v v v v │
//       j0 ├────────┼──┬───────────────┤      rows above   g := V·y, which makes the columns of T
//          │        │1 │v v v v v v v  │      rows below   y := y − Vᵀ·(Tᵀ·(V·y))
//          │        │01│v v v v v v v  │
//          ├────────┼──┼───────────────┤    so that each number of y is used 16 times for being loaded
//          │r r r r │r │y y y y y y y  │    twice, and the four rows of V stay in a near cache.
//          └────────┴──┴───────────────┘

import { largest_abs } from "../blas/level1";
import { args, parallelFor } from "../parallel";
import { hsum, madd, nmadd } from "../simd";
import { Task } from "../tasks";
import { inverse_power, scale_row } from "./scaling";

/** Rows that are reduced at a time: as many as the kernels take. */
const QUAD: i32 = 4;

/** Numbers of a row that are worth a chunk of four rows: about 15 µs. */
const CHUNK: i32 = 2048;

/** Bytes that the kernels take at a step. */
export const STEP: usize = 32;

/** Squares below this may have lost digits to underflow: the row is scaled first. */
// @ts-ignore: decorator
@inline
function tiny<T>(): f64 {
  return sizeof<T>() == 8 ? 1e-280 : 1e-28;
}

@unmanaged
class Panel {
  bytes: usize; // of a row from its place j0 on
  v: usize; // the quad: its row 0 at place j0
  y: usize; // row 0 of the panel at place j0
  ld: usize; // row stride in bytes
  quad: i32; // which quad it is
  t: usize; // its T (4×4)
  g: usize; // four numbers for each row of the panel
}

/** out[r] := Σ xᵣ·y for the four rows xᵣ = x + r·ld (bytes); the rows have `bytes` bytes, a multiple of STEP. */
function dots4<T>(bytes: usize, x: usize, ld: usize, y: usize, out: usize): void {
  const ld2 = ld + ld;
  const ld3 = ld2 + ld;
  let s0: v128 = v128.splat<T>(0), s1: v128 = v128.splat<T>(0), s2: v128 = v128.splat<T>(0), s3: v128 = v128.splat<T>(0);
  let t0: v128 = v128.splat<T>(0), t1: v128 = v128.splat<T>(0), t2: v128 = v128.splat<T>(0), t3: v128 = v128.splat<T>(0);
  for (const end = y + bytes; y < end; y += STEP) {
    let b = v128.load(y);
    s0 = madd<T>(v128.load(x), b, s0);
    s1 = madd<T>(v128.load(x + ld), b, s1);
    s2 = madd<T>(v128.load(x + ld2), b, s2);
    s3 = madd<T>(v128.load(x + ld3), b, s3);
    b = v128.load(y, 16);
    t0 = madd<T>(v128.load(x, 16), b, t0);
    t1 = madd<T>(v128.load(x + ld, 16), b, t1);
    t2 = madd<T>(v128.load(x + ld2, 16), b, t2);
    t3 = madd<T>(v128.load(x + ld3, 16), b, t3);
    x += STEP;
  }
  store<T>(out, hsum<T>(v128.add<T>(s0, t0)));
  store<T>(out, hsum<T>(v128.add<T>(s1, t1)), sizeof<T>());
  store<T>(out, hsum<T>(v128.add<T>(s2, t2)), 2 * sizeof<T>());
  store<T>(out, hsum<T>(v128.add<T>(s3, t3)), 3 * sizeof<T>());
}

/** y −= Σ cᵣ·xᵣ for the four numbers at c; rows as in dots4. */
function minus4<T>(bytes: usize, c: usize, x: usize, ld: usize, y: usize): void {
  const c0 = v128.load_splat<T>(c);
  const c1 = v128.load_splat<T>(c, sizeof<T>());
  const c2 = v128.load_splat<T>(c, 2 * sizeof<T>());
  const c3 = v128.load_splat<T>(c, 3 * sizeof<T>());
  const ld2 = ld + ld;
  const ld3 = ld2 + ld;
  for (const end = y + bytes; y < end; y += STEP) {
    let s = nmadd<T>(c0, v128.load(x), v128.load(y));
    let t = nmadd<T>(c0, v128.load(x, 16), v128.load(y, 16));
    s = nmadd<T>(c1, v128.load(x + ld), s);
    t = nmadd<T>(c1, v128.load(x + ld, 16), t);
    s = nmadd<T>(c2, v128.load(x + ld2), s);
    t = nmadd<T>(c2, v128.load(x + ld2, 16), t);
    v128.store(y, nmadd<T>(c3, v128.load(x + ld3), s));
    v128.store(y, nmadd<T>(c3, v128.load(x + ld3, 16), t), 16);
    x += STEP;
  }
}

/** y −= c·x, `bytes` bytes, a multiple of STEP. */
function minus<T>(bytes: usize, c: T, x: usize, y: usize): void {
  const s = v128.splat<T>(c);
  for (const end = y + bytes; y < end; y += STEP) {
    v128.store(y, nmadd<T>(s, v128.load(x), v128.load(y)));
    v128.store(y, nmadd<T>(s, v128.load(x, 16), v128.load(y, 16)), 16);
    x += STEP;
  }
}

// @ts-ignore: decorator
@inline
function get<T>(x: usize, i: i32): T {
  return load<T>(x + usize(i) * sizeof<T>());
}

// @ts-ignore: decorator
@inline
function set<T>(x: usize, i: i32, value: T): void {
  store<T>(x + usize(i) * sizeof<T>(), value);
}

/** Σ xᵢ·yᵢ for i0 ≤ i < QUAD: what of two rows lies within the square of the quad. */
function head_dot<T>(i0: i32, x: usize, y: usize): T {
  let sum: T = 0;
  for (let i = i0; i < QUAD; i++) sum += get<T>(x, i) * get<T>(y, i);
  return sum;
}

/**
 * Reduces the first `count` ≤ 4 rows of a quad, x its row 0 at its diagonal element; whatever lies beyond
 * a row's end is zero. Row i then holds i numbers of R, β, and from place i + 1 on its reflector
 * v, whose leading 1 is not stored. T (4×4): I − Vᵀ·T·V is the product of the reflectors H = I − τ·v·vᵀ.
 *
 * d: four numbers of scratch. Reflectors as LAPACK's dlarfg: β = −sign(α)·‖x‖, τ = 0 for a row that has
 * nothing after its diagonal.
 */
function factor_quad<T>(count: i32, bytes: usize, x: usize, ld: usize, t: usize, d: usize): void {
  memory.fill(t, 0, QUAD * QUAD * sizeof<T>());
  const body = QUAD * sizeof<T>();
  bytes -= body;
  const inner = (bytes + STEP - 1) & ~(STEP - 1);
  for (let i = 0; i < count; i++) {
    const y = x + usize(i) * ld;
    let unit: T = 1; // row i is scaled by
    dots4<T>(inner, x + body, ld, y + body, d);
    let tail = get<T>(d, i) + head_dot<T>(i + 1, y, y);
    if (f64(tail) < tiny<T>()) {
      const n = i32((bytes + body) / sizeof<T>()) - i;
      const largest = largest_abs<T>(n, y + usize(i) * sizeof<T>());
      if (largest > 0) {
        unit = inverse_power<T>(largest);
        scale_row<T>(n, unit, y + usize(i) * sizeof<T>());
        dots4<T>(inner, x + body, ld, y + body, d);
        tail = get<T>(d, i) + head_dot<T>(i + 1, y, y);
      }
    }
    const alpha = get<T>(y, i);
    let beta = alpha;
    let tau: T = 0;
    let scale: T = 0;
    if (tail > 0) {
      beta = sqrt<T>(alpha * alpha + tail);
      if (alpha >= 0) beta = -beta;
      tau = (beta - alpha) / beta;
      scale = 1 / (alpha - beta);
    }
    for (let c = i + 1; c < QUAD; c++) set<T>(y, c, scale * get<T>(y, c));
    scale_row<T>(i32(bytes / sizeof<T>()), scale, y + body);
    set<T>(y, i, beta / unit);

    // the rows after it in the quad: y' −= τ·(vᵀy')·v
    for (let k = i + 1; k < count; k++) {
      const z = x + usize(k) * ld;
      const w = tau * (get<T>(z, i) + head_dot<T>(i + 1, y, z) + scale * get<T>(d, k));
      set<T>(z, i, get<T>(z, i) - w);
      for (let c = i + 1; c < QUAD; c++) set<T>(z, c, get<T>(z, c) - w * get<T>(y, c));
      minus<T>(inner, w, y + body, z + body);
    }
    // column i of T: −τ·T·(V·v), V the rows before it
    for (let k = 0; k < i; k++) {
      const z = x + usize(k) * ld;
      set<T>(d, k, get<T>(z, i) + head_dot<T>(i + 1, y, z) + scale * get<T>(d, k));
    }
    for (let k = 0; k < i; k++) {
      let sum: T = 0;
      for (let l = k; l < i; l++) sum += get<T>(t, k * QUAD + l) * get<T>(d, l);
      set<T>(t, k * QUAD + i, -tau * sum);
    }
    set<T>(t, i * QUAD + i, tau);
  }
}

/** Applies the current quad to quads [c0, c1) of the panel's others, see the figure. */
export function qr_panel_task<T>(c0: i32, c1: i32): void {
  const s = args<Panel>();
  const t = s.t;
  for (let c = c0; c < c1; c++) {
    const below = c >= s.quad;
    const i0 = (below ? c + 1 : c) * QUAD;
    for (let i = i0; i < i0 + QUAD; i++) {
      const y = s.y + usize(i) * s.ld;
      const g = s.g + usize(i * QUAD) * sizeof<T>();
      dots4<T>(s.bytes, s.v, s.ld, y, g);
      if (!below) continue;
      for (let k = QUAD - 1; k >= 0; k--) { // g := Tᵀ·g
        let sum: T = 0;
        for (let l = 0; l <= k; l++) sum += get<T>(t, l * QUAD + k) * get<T>(g, l);
        set<T>(g, k, sum);
      }
      minus4<T>(s.bytes, g, s.v, s.ld, y);
    }
  }
}

/** T[..j0, quad] := −T[..j0, ..j0]·G·Tq for the quad at j0: g = G (j0×4), tq (4×4), t to T, stride ldt. */
function extend_t<T>(j0: i32, g: usize, tq: usize, t: usize, ldt: i32): void {
  for (let k = 0; k < j0; k++) { // G := G·Tq
    const row = g + usize(k * QUAD) * sizeof<T>();
    for (let c = QUAD - 1; c >= 0; c--) {
      let sum: T = 0;
      for (let l = 0; l <= c; l++) sum += get<T>(row, l) * get<T>(tq, l * QUAD + c);
      set<T>(row, c, sum);
    }
  }
  for (let r = 0; r < j0; r++) {
    const row = t + usize(r) * ldt * sizeof<T>();
    row_times_quad<T>(row + usize(r) * sizeof<T>(), row + usize(j0) * sizeof<T>(), g + usize(r * QUAD) * sizeof<T>());
  }
  for (let l = 0; l < QUAD; l++) {
    memory.copy(
      t + (usize(j0 + l) * ldt + j0) * sizeof<T>(), tq + usize(l * QUAD) * sizeof<T>(), QUAD * sizeof<T>(),
    );
  }
}

/** The four numbers at `end` := −Σ x·G over the numbers of a row from x to `end`, G four numbers for each. */
function row_times_quad<T>(x: usize, end: usize, g: usize): void {
  let s: v128 = v128.splat<T>(0), u: v128 = v128.splat<T>(0);
  for (; x < end; x += sizeof<T>()) {
    const a = v128.load_splat<T>(x);
    s = nmadd<T>(a, v128.load(g), s);
    if (sizeof<T>() == 8) u = nmadd<T>(a, v128.load(g, 16), u);
    g += QUAD * sizeof<T>();
  }
  v128.store(end, s);
  if (sizeof<T>() == 8) v128.store(end, u, 16);
}

/** Numbers of scratch of factor_panel. */
export function factor_panel_scratch(nb: i32): i32 {
  return (nb + 8) * QUAD;
}

/**
 * A = Q·[R; 0] for a panel A (m×nb) whose columns are the rows of V; Q = I − Vᵀ·T·V. Opens regions.
 *
 * v (nb rows, stride ldv): on entry Aᵀ, on return the reflectors, unit upper trapezoidal with ones and
 * zeros written out. nb is a multiple of 4; rows from `count` on are zero on entry and stay so. A row has
 * room for m rounded up to 32 bytes and 32 bytes more, zeros beyond m.
 * R (nb×nb upper triangular, stride ldr), only its first `count` columns are written, nothing below
 * their diagonal. t: T (nb×nb upper triangular, stride nb), zeros written out.
 * scratch: factor_panel_scratch(nb) numbers. Returns 0 or INFO_ABORTED.
 * Columnwise ‖ΔAⱼ‖ ≤ c·m·nb·u·‖Aⱼ‖   [Higham 2002, §19.3]
 */
export function factor_panel<T>(
  m: i32, nb: i32, count: i32, v: usize, ldv: i32, r: usize, ldr: i32, t: usize, scratch: usize,
): i32 {
  const ld = usize(ldv) * sizeof<T>();
  const d = scratch;
  const tq = d + QUAD * sizeof<T>();
  const g = tq + QUAD * QUAD * sizeof<T>();
  memory.fill(t, 0, usize(nb * nb) * sizeof<T>());
  for (let j0 = 0; j0 < count; j0 += QUAD) {
    const x = v + usize(j0) * (ld + sizeof<T>());
    const bytes = usize(max(m - j0, QUAD)) * sizeof<T>();
    const rows = min(QUAD, count - j0);
    factor_quad<T>(rows, bytes, x, ld, tq, d);

    for (let j = j0; j < j0 + rows; j++) {
      let row = v + usize(j) * ld;
      let to = r + usize(j) * sizeof<T>();
      for (let i = 0; i <= j; i++) {
        store<T>(to, load<T>(row));
        store<T>(row, i < j ? <T>0 : <T>1);
        row += sizeof<T>();
        to += usize(ldr) * sizeof<T>();
      }
    }

    const s = args<Panel>();
    s.bytes = (bytes + STEP - 1) & ~(STEP - 1);
    s.v = x;
    s.y = v + usize(j0) * sizeof<T>();
    s.ld = ld;
    s.quad = j0 / QUAD;
    s.t = tq;
    s.g = g;
    const task = sizeof<T>() == 8 ? Task.QR_PANEL_F64 : Task.QR_PANEL_F32;
    const info = parallelFor(task, nb / QUAD - 1, 1 + CHUNK / m);
    if (info != 0) return info;
    extend_t<T>(j0, g, tq, t, nb);
  }
  return 0;
}
