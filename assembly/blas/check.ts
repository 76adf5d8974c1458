// What the bindings ask of a matrix before anything is computed with it.

/** Index i·n + j of the first element of A (m×n, stride lda) that is NaN or infinite, −1 if none. */
function find_not_finite<T>(m: i32, n: i32, a: usize, lda: i32): f64 {
  for (let i = 0; i < m; i++) {
    const row = a + usize(i) * lda * sizeof<T>();
    // x·0 is 0 or NaN; their sum tells a whole row at once
    let sum: v128 = v128.splat<T>(<T>0);
    const zero: v128 = v128.splat<T>(<T>0);
    const lanes = 16 / sizeof<T>();
    let j = 0;
    for (; j + lanes <= n; j += lanes) {
      sum = v128.add<T>(sum, v128.mul<T>(v128.load(row + usize(j) * sizeof<T>()), zero));
    }
    let tail: T = <T>0;
    for (; j < n; j++) tail += load<T>(row + usize(j) * sizeof<T>()) * <T>0;
    if (v128.any_true(v128.ne<T>(sum, zero)) || tail != <T>0) {
      for (j = 0; j < n; j++) {
        const x = load<T>(row + usize(j) * sizeof<T>());
        if (x * <T>0 != <T>0) return f64(i) * f64(n) + f64(j);
      }
    }
  }
  return -1;
}

/** Index i·n + j, i < j, of the largest |aᵢⱼ − aⱼᵢ| if it is over tol·max|a|, otherwise −1. A is n×n. */
export function find_asymmetry_f64(n: i32, a: usize, lda: i32, tol: f64): f64 {
  const TILE = 32; // both tiles of a pair stay in L1
  let worst: f64 = 0;
  let largest: f64 = 0;
  let where: f64 = -1;
  for (let bi = 0; bi < n; bi += TILE) {
    for (let bj = bi; bj < n; bj += TILE) {
      const iEnd = min(bi + TILE, n);
      const jEnd = min(bj + TILE, n);
      for (let i = bi; i < iEnd; i++) {
        for (let j = max(bj, i); j < jEnd; j++) {
          const x = load<f64>(a + ((usize(i) * lda + j) << 3));
          const y = load<f64>(a + ((usize(j) * lda + i) << 3));
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
  return worst > tol * largest ? where : -1;
}

export function find_not_finite_f64(m: i32, n: i32, a: usize, lda: i32): f64 {
  return find_not_finite<f64>(m, n, a, lda);
}

export function find_not_finite_f32(m: i32, n: i32, a: usize, lda: i32): f64 {
  return find_not_finite<f32>(m, n, a, lda);
}
