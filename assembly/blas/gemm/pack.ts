// Packing: a block of op(A) or op(B) is copied into panels that the micro-kernel reads from front
// to back.
//
//    X: rows i, inner index p          panel of R rows, stored along p
//    ┌─────────────────┐
//    │ x00 x01 x02 …   │               x00 x10 … x(R−1)0 │ x01 x11 … x(R−1)1 │ …
//    │ x10 x11 x12 …   │
//    └─────────────────┘               rows beyond the last one are zero, or copies of it
//
// For A the rows are those of op(A), R = MR; for B they are the columns of op(B), R = NR.

/** Two rows at once: dst[p·R] := x[p], dst[p·R + 1] := y[p] for p < k. */
export function spread<T>(R: i32, k: i32, x: usize, y: usize, dst: usize): void {
  const end = x + usize(k) * sizeof<T>();
  const step = usize(R) * sizeof<T>();
  for (; x + 16 <= end; x += 16) {
    const u = v128.load(x);
    const v = v128.load(y);
    if (sizeof<T>() == 8) {
      v128.store(dst, v128.shuffle<f64>(u, v, 0, 2));
      v128.store(dst + step, v128.shuffle<f64>(u, v, 1, 3));
      dst += 2 * step;
    } else {
      const low = v128.shuffle<f32>(u, v, 0, 4, 1, 5);
      const high = v128.shuffle<f32>(u, v, 2, 6, 3, 7);
      v128.store64_lane(dst, low, 0);
      v128.store64_lane(dst + step, low, 1);
      v128.store64_lane(dst + 2 * step, high, 0);
      v128.store64_lane(dst + 3 * step, high, 1);
      dst += 4 * step;
    }
    y += 16;
  }
  for (; x < end; x += sizeof<T>()) {
    store<T>(dst, load<T>(x));
    store<T>(dst, load<T>(y), sizeof<T>());
    y += sizeof<T>();
    dst += step;
  }
}

/** k pieces of the type V from src, `from` bytes apart, to dst, `to` bytes apart. */
function lift<V>(k: i32, src: usize, from: usize, dst: usize, to: usize): void {
  for (const end = dst + usize(k) * to; dst < end; dst += to) {
    store<V>(dst, load<V>(src));
    src += from;
  }
}

/** k pieces of 64 bytes from src, `from` bytes apart, the first half of each to dst0, the second to dst1. */
function deal(k: i32, src: usize, from: usize, dst0: usize, dst1: usize): void {
  for (const end = dst0 + (usize(k) << 5); dst0 < end; dst0 += 32) {
    v128.store(dst0, v128.load(src));
    v128.store(dst0, v128.load(src, 16), 16);
    v128.store(dst1, v128.load(src, 32));
    v128.store(dst1, v128.load(src, 48), 16);
    src += from;
    dst1 += 32;
  }
}

/**
 * Packs rows [i0, i1) × inner [0, k) of X into panels of R rows; i0 is a multiple of R.
 *
 * alongK: x(i, p) = x[i·ldx + p], otherwise x[p·ldx + i]. The panel of row i starts at dst + i·k
 * elements, so that chunks of one block may be packed apart.
 */
export function pack<T>(R: i32, i0: i32, i1: i32, k: i32, x: usize, ldx: i32, alongK: bool, dst: usize): void {
  const ld = usize(ldx) * sizeof<T>();
  const step = usize(R) * sizeof<T>();
  for (let i = i0; i < i1; i += R) {
    const panel = dst + usize(i) * k * sizeof<T>();
    const rows = min(R, i1 - i);
    if (!alongK && step == 32 && i + 2 * R <= i1) {
      // two panels of two vectors: a cache line of X is read once
      deal(k, x + usize(i) * sizeof<T>(), ld, panel, panel + usize(k) * 32);
      i += R;
      continue;
    }
    if (rows < R) memory.fill(panel, 0, usize(k) * step);
    if (alongK) {
      const src = x + usize(i) * ld;
      for (let r = 0; r < rows; r += 2) {
        const row = src + usize(r) * ld;
        spread<T>(R, k, row, r + 1 < rows ? row + ld : row, panel + usize(r) * sizeof<T>());
      }
    } else {
      const bytes = usize(rows) * sizeof<T>();
      const src = x + usize(i) * sizeof<T>();
      let at: usize = 0;
      for (; at + 16 <= bytes; at += 16) lift<v128>(k, src + at, ld, panel + at, step);
      for (; at + 8 <= bytes; at += 8) lift<i64>(k, src + at, ld, panel + at, step);
      for (; at < bytes; at += 4) lift<i32>(k, src + at, ld, panel + at, step);
    }
  }
}
