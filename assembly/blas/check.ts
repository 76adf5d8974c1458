// What the bindings ask of a matrix before anything is computed with it.

/** Whether all of the n numbers at x are finite: x·0 is 0 or NaN, and so is any sum of such. */
function all_finite<T>(n: i32, x: usize): bool {
  const zero = v128.splat<T>(<T>0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  const end = x + usize(n) * sizeof<T>();
  for (; x + 64 <= end; x += 64) {
    s0 = v128.add<T>(s0, v128.mul<T>(v128.load(x), zero));
    s1 = v128.add<T>(s1, v128.mul<T>(v128.load(x, 16), zero));
    s2 = v128.add<T>(s2, v128.mul<T>(v128.load(x, 32), zero));
    s3 = v128.add<T>(s3, v128.mul<T>(v128.load(x, 48), zero));
  }
  s0 = v128.add<T>(v128.add<T>(s0, s1), v128.add<T>(s2, s3));
  let tail: T = <T>0;
  for (; x < end; x += sizeof<T>()) tail += load<T>(x) * <T>0;
  return !v128.any_true(v128.ne<T>(s0, zero)) && tail == <T>0;
}

/** Index i·n + j of the first element of A (m×n, stride lda) that is NaN or infinite, −1 if none. */
function find_not_finite<T>(m: i32, n: i32, a: usize, lda: i32): f64 {
  for (let i = 0; i < m; i++) {
    const row = a + usize(i) * lda * sizeof<T>();
    if (all_finite<T>(n, row)) continue;
    for (let j = 0; j < n; j++) {
      if (load<T>(row + usize(j) * sizeof<T>()) * <T>0 != <T>0) return f64(i) * f64(n) + f64(j);
    }
  }
  return -1;
}

/** Tiles of a matrix and its mirror image that stay in L1 together. */
const TILE: i32 = 32;

/**
 * Index i·n + j, i < j, of the largest |aᵢⱼ − aⱼᵢ| if it is over tol·max|a|; −1 if it is not; −2 if a
 * number is not finite. A is n×n.
 */
export function find_asymmetry_f64(n: i32, a: usize, lda: i32, tol: f64): f64 {
  // Of each number the upper half suffices: sign, exponent and 20 bits order them as integers.
  let gaps: v128 = i64x2.splat(0);
  let sizes: v128 = i64x2.splat(0);
  if (n == 1) sizes = v128.abs<f64>(v128.load64_zero(a));
  for (let i = 0; i < n - 1; i += TILE) {
    for (let j = i; j < n - 1; j += TILE) {
      gaps = v128.max<u32>(gaps, tile_gaps(n, a, lda, i, j));
      sizes = v128.max<u32>(sizes, tile_sizes(n, a, lda, i, j));
    }
  }
  const size = max(i32x4.extract_lane(sizes, 1), i32x4.extract_lane(sizes, 3));
  if (size >= 0x7ff00000) return -2;
  const gap = max(i32x4.extract_lane(gaps, 1), i32x4.extract_lane(gaps, 3));
  if (reinterpret<f64>(i64(gap + 1) << 32) <= tol * reinterpret<f64>(i64(size) << 32)) return -1;
  return find_largest_gap<f64>(n, a, lda, tol);
}

/** The same for a matrix of f32, without haste. */
export function find_asymmetry_f32(n: i32, a: usize, lda: i32, tol: f64): f64 {
  return find_largest_gap<f32>(n, a, lda, tol);
}

/** The exact answer, in scalar arithmetic. */
function find_largest_gap<T>(n: i32, a: usize, lda: i32, tol: f64): f64 {
  let worst: f64 = 0;
  let largest: f64 = 0;
  let where: f64 = -1;
  for (let bi = 0; bi < n; bi += TILE) {
    for (let bj = bi; bj < n; bj += TILE) {
      const iEnd = min(bi + TILE, n);
      const jEnd = min(bj + TILE, n);
      for (let i = bi; i < iEnd; i++) {
        for (let j = max(bj, i); j < jEnd; j++) {
          const x = f64(load<T>(a + (usize(i) * lda + j) * sizeof<T>()));
          const y = f64(load<T>(a + (usize(j) * lda + i) * sizeof<T>()));
          largest = max(largest, max(abs(x), abs(y)));
          const gap = abs(x - y);
          if (gap > worst) {
            worst = gap;
            where = f64(i) * f64(n) + f64(j);
          }
        }
      }
    }
  }
  if (!(largest < Infinity)) return -2;
  return worst > tol * largest ? where : -1;
}

/** The largest |aᵢⱼ − aⱼᵢ| of a tile and its mirror image, as integers lane by lane; n ≥ 2. */
function tile_gaps(n: i32, a: usize, lda: i32, i0: i32, j0: i32): v128 {
  const ld = usize(lda) << 3;
  let gaps: v128 = i64x2.splat(0);
  for (let i = i0; i < min(i0 + TILE, n); i += 2) {
    const row = a + usize(min(i, n - 2)) * ld;
    const col = a + (usize(min(i, n - 2)) << 3);
    for (let j = j0; j < min(j0 + TILE, n); j += 2) {
      // a pair that would reach beyond the matrix is moved back by one
      const at = min(j, n - 2);
      const x0 = v128.load(row + (usize(at) << 3)), x1 = v128.load(row + ld + (usize(at) << 3));
      const y0 = v128.load(col + usize(at) * ld), y1 = v128.load(col + usize(at + 1) * ld);
      const gap0 = v128.abs<f64>(v128.sub<f64>(x0, v128.shuffle<i64>(y0, y1, 0, 2)));
      const gap1 = v128.abs<f64>(v128.sub<f64>(x1, v128.shuffle<i64>(y0, y1, 1, 3)));
      gaps = v128.max<u32>(gaps, v128.max<u32>(gap0, gap1));
    }
  }
  return gaps;
}

/** The largest |aᵢⱼ| of a tile, as tile_gaps. */
function tile_sizes(n: i32, a: usize, lda: i32, i0: i32, j0: i32): v128 {
  let sizes: v128 = i64x2.splat(0);
  for (let i = i0; i < min(i0 + TILE, n); i++) {
    const row = a + (usize(i) * lda << 3);
    for (let j = j0; j < min(j0 + TILE, n); j += 2) {
      sizes = v128.max<u32>(sizes, v128.abs<f64>(v128.load(row + (usize(min(j, n - 2)) << 3))));
    }
  }
  return sizes;
}

export function find_not_finite_f64(m: i32, n: i32, a: usize, lda: i32): f64 {
  return find_not_finite<f64>(m, n, a, lda);
}

export function find_not_finite_f32(m: i32, n: i32, a: usize, lda: i32): f64 {
  return find_not_finite<f32>(m, n, a, lda);
}
