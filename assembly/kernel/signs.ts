// On which side of each neuron's hyperplane every sample lies: the bits 1[wₖ·xᵢ > 0].
//
// Only the sign of the product is wanted, so the product is taken in 16-bit integers, exactly, with a
// proven bound on what the rounding of its operands can have changed; the few that come out within the
// bound are decided in f64. That is 39·10⁹ multiply-adds a second on one core, where f32 gives 30 and f64
// 15 at best, and the same bits on every machine.
//
//     w = (p + e)/σ,  x = (q + f)/τ,  p and q the nearest integers, σ and τ such that
//     ‖p‖, ‖q‖ ≤ R with R² < 2³¹, so no partial sum of p·q overflows
//     |στ·w·x − p·q| = |p·f + e·q + e·f| ≤ R·‖f‖ + ‖e‖·(R + ‖f‖)                 (Cauchy-Schwarz)
//
// Beyond that bound the sign is that of the real number w·x, and w·x is so far from 0 that f64 in any
// order of summation agrees. With d = 64 one product in 1000 falls within, with d = 3072 one in 30; from
// d = 10,000 on so many do that f64 alone would be as fast.
//
//     neurons ─ 48 a pass ──┬─ 8 groups ──┬─ 6 bits of a byte
//     samples ─ 64 a panel ─┴─ 8 tiles ───┴─ 8
//
// bits: one byte for a sample and a group, bit b for neuron b; [pass][panel][group][64 samples].

export const GROUP: i32 = 6;
export const GROUPS: i32 = 8;
export const PASS: i32 = GROUP * GROUPS;
export const PANEL: i32 = 64;
export const TILE: i32 = 8;

/** Bytes of bits of one panel in one pass. */
export const PANEL_BITS: usize = GROUPS * PANEL;

/** R, and the largest number of 16 bits. */
const RADIUS: f64 = 46340;
const LARGEST: f64 = 32767;

/** The threshold of a row that is zero: no product is within. That of one that can't be scaled: all are. */
export const NEVER: i32 = -(1 << 30);
const ALWAYS: i32 = (1 << 30) - 1;

/** Pairs of a row of d numbers. */
// @ts-ignore: decorator
@inline
export function pairs_of(d: i32): i32 {
  return (d + 1) >> 1;
}

/** Bytes of a quantised group of neurons, and of a quantised tile of samples. */
// @ts-ignore: decorator
@inline
export function group_bytes(d: i32): usize {
  return usize(pairs_of(d)) * (4 * GROUP);
}

// @ts-ignore: decorator
@inline
export function tile_bytes(d: i32): usize {
  return usize(pairs_of(d)) * (4 * TILE);
}

/**
 * Rounds row x (d) to q: pairs of i16, `step` bytes from pair to pair; returns the row's threshold T, such
 * that |p·q| > T_w + T_x decides the sign.
 */
export function quantise(d: i32, x: usize, q: usize, step: usize): i32 {
  const largest = max_abs(d, x);
  const inverse = 1 / largest;
  if (largest == 0 || inverse == Infinity) {
    clear(d, q, step);
    return largest == 0 ? NEVER : ALWAYS;
  }
  // the norm of a quantised row is at most R: scaled to R less what rounding can add
  const slack = 0.5 * sqrt(f64(d));
  const scale = min(LARGEST, max(1, RADIUS - slack - 1) / norm(d, x, inverse));
  const residual = round_row(d, x, inverse, scale, q, step);
  return <i32>min(f64(ALWAYS), ceil((RADIUS + slack) * residual) + 1);
}

/** q := 0 */
export function clear(d: i32, q: usize, step: usize): void {
  for (let k = pairs_of(d); k > 0; k--) {
    store<i32>(q, 0);
    q += step;
  }
}

function max_abs(d: i32, x: usize): f64 {
  let v = f64x2.splat(0);
  let j = 0;
  for (; j + 2 <= d; j += 2) v = f64x2.pmax(v, f64x2.abs(v128.load(x + (usize(j) << 3))));
  const largest = max(f64x2.extract_lane(v, 0), f64x2.extract_lane(v, 1));
  return j < d ? max(largest, abs(load<f64>(x + (usize(j) << 3)))) : largest;
}

/** ‖c·x‖ */
function norm(d: i32, x: usize, c: f64): f64 {
  const factor = f64x2.splat(c);
  let v = f64x2.splat(0);
  let j = 0;
  for (; j + 2 <= d; j += 2) {
    const y = f64x2.mul(v128.load(x + (usize(j) << 3)), factor);
    v = f64x2.add(v, f64x2.mul(y, y));
  }
  const last = j < d ? load<f64>(x + (usize(j) << 3)) * c : 0;
  return sqrt(f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1) + last * last);
}

/** q := the integers nearest to x·inverse·scale; returns the norm of what was rounded off. */
function round_row(d: i32, x: usize, inverse: f64, scale: f64, q: usize, step: usize): f64 {
  const a = f64x2.splat(inverse);
  const b = f64x2.splat(scale);
  let squares = f64x2.splat(0);
  for (let j = 0; j < d; j += 2) {
    const v = j + 2 <= d ? v128.load(x) : v128.load64_zero(x);
    const y = f64x2.mul(f64x2.mul(v, a), b);
    const n = f64x2.nearest(y);
    const e = f64x2.sub(y, n);
    squares = f64x2.add(squares, f64x2.mul(e, e));
    const i = i32x4.trunc_sat_f64x2_s_zero(n);
    v128.store_lane<i32>(q, i16x8.narrow_i32x4_s(i, i), 0);
    x += 16;
    q += step;
  }
  return sqrt(f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1));
}

/**
 * out[0…8) := the bytes of a group of 6 neurons (p, thresholds' maximum tw) for a tile of 8 samples (q,
 * thresholds tx). True when a product is within its threshold: then the 12 vectors of products, two a
 * neuron, are left at `products`.
 */
export function sign_tile(pairs: i32, p: usize, tw: i32, q: usize, tx: usize, out: usize, products: usize): bool {
  let a0 = i32x4.splat(0);
  let a1 = i32x4.splat(0);
  let b0 = i32x4.splat(0);
  let b1 = i32x4.splat(0);
  let c0 = i32x4.splat(0);
  let c1 = i32x4.splat(0);
  let d0 = i32x4.splat(0);
  let d1 = i32x4.splat(0);
  let e0 = i32x4.splat(0);
  let e1 = i32x4.splat(0);
  let f0 = i32x4.splat(0);
  let f1 = i32x4.splat(0);
  for (; pairs > 0; pairs--) {
    const q0 = v128.load(q);
    const q1 = v128.load(q, 16);
    let w = v128.load_splat<i32>(p);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(w, q0));
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(w, q1));
    w = v128.load_splat<i32>(p, 4);
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(w, q0));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(w, q1));
    w = v128.load_splat<i32>(p, 8);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(w, q0));
    c1 = i32x4.add(c1, i32x4.dot_i16x8_s(w, q1));
    w = v128.load_splat<i32>(p, 12);
    d0 = i32x4.add(d0, i32x4.dot_i16x8_s(w, q0));
    d1 = i32x4.add(d1, i32x4.dot_i16x8_s(w, q1));
    w = v128.load_splat<i32>(p, 16);
    e0 = i32x4.add(e0, i32x4.dot_i16x8_s(w, q0));
    e1 = i32x4.add(e1, i32x4.dot_i16x8_s(w, q1));
    w = v128.load_splat<i32>(p, 20);
    f0 = i32x4.add(f0, i32x4.dot_i16x8_s(w, q0));
    f1 = i32x4.add(f1, i32x4.dot_i16x8_s(w, q1));
    q += 4 * TILE;
    p += 4 * GROUP;
  }
  const byte0 = push(push(push(push(push(push(i32x4.splat(0), f0), e0), d0), c0), b0), a0);
  const byte1 = push(push(push(push(push(push(i32x4.splat(0), f1), e1), d1), c1), b1), a1);
  const bytes = i16x8.narrow_i32x4_u(byte0, byte1);
  v128.store_lane<i64>(out, i8x16.narrow_i16x8_u(bytes, bytes), 0);

  const t = i32x4.splat(tw);
  const near0 = i32x4.le_s(least(a0, b0, c0, d0, e0, f0), i32x4.add(t, v128.load(tx)));
  const near1 = i32x4.le_s(least(a1, b1, c1, d1, e1, f1), i32x4.add(t, v128.load(tx, 16)));
  if (!v128.any_true(v128.or(near0, near1))) return false;
  v128.store(products, a0);
  v128.store(products, a1, 16);
  v128.store(products, b0, 32);
  v128.store(products, b1, 48);
  v128.store(products, c0, 64);
  v128.store(products, c1, 80);
  v128.store(products, d0, 96);
  v128.store(products, d1, 112);
  v128.store(products, e0, 128);
  v128.store(products, e1, 144);
  v128.store(products, f0, 160);
  v128.store(products, f1, 176);
  return true;
}

/** Room that sign_tile needs for products. */
export const PRODUCTS_BYTES: usize = GROUP * TILE * 4;

/** bits·2 + (v > 0) */
// @ts-ignore: decorator
@inline
function push(bits: v128, v: v128): v128 {
  return i32x4.sub(i32x4.add(bits, bits), i32x4.gt_s(v, i32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function least(a: v128, b: v128, c: v128, d: v128, e: v128, f: v128): v128 {
  const ab = i32x4.min_s(i32x4.abs(a), i32x4.abs(b));
  const cd = i32x4.min_s(i32x4.abs(c), i32x4.abs(d));
  const ef = i32x4.min_s(i32x4.abs(e), i32x4.abs(f));
  return i32x4.min_s(i32x4.min_s(ab, cd), ef);
}

/**
 * Decides in f64 what sign_tile left within its thresholds: rows w (6×d, stride d) of the group and x
 * (8×d, stride ldx) of the tile, which may reach beyond the data where thresholds are NEVER.
 */
export function settle(d: i32, w: usize, tw: i32, x: usize, ldx: i32, tx: usize, out: usize, products: usize): void {
  for (let s = 0; s < TILE; s++) {
    const threshold = tw + load<i32>(tx + (usize(s) << 2));
    let byte = <i32>load<u8>(out + s);
    for (let b = 0; b < GROUP; b++) {
      if (abs(load<i32>(products + ((usize(b) * TILE + s) << 2))) > threshold) continue;
      const active = dot(d, w + ((usize(b) * d) << 3), x + ((usize(s) * ldx) << 3)) > 0;
      byte = (byte & ~(1 << b)) | (i32(active) << b);
    }
    store<u8>(out + s, <u8>byte);
  }
}

function dot(d: i32, x: usize, y: usize): f64 {
  let u = f64x2.splat(0);
  let v = f64x2.splat(0);
  let j = 0;
  for (; j + 4 <= d; j += 4) {
    u = f64x2.add(u, f64x2.mul(v128.load(x), v128.load(y)));
    v = f64x2.add(v, f64x2.mul(v128.load(x, 16), v128.load(y, 16)));
    x += 32;
    y += 32;
  }
  u = f64x2.add(u, v);
  let sum = f64x2.extract_lane(u, 0) + f64x2.extract_lane(u, 1);
  for (; j < d; j++) {
    sum += load<f64>(x) * load<f64>(y);
    x += 8;
    y += 8;
  }
  return sum;
}
