import { find_asymmetry_f64, find_not_finite_f32, find_not_finite_f64 } from "../../assembly/blas/check";

describe("find_not_finite", () => {
  test("every place of a padded matrix, and none", () => {
    const m = 3, n = 7, lda = 9;
    const a = new StaticArray<f64>(m * lda);
    a.fill(1);
    for (let i = 0; i < m; i++) for (let j = n; j < lda; j++) a[i * lda + j] = NaN; // padding
    const at = changetype<usize>(a);
    expect(find_not_finite_f64(m, n, at, lda)).toBe(-1);
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        a[i * lda + j] = j % 2 ? NaN : -Infinity;
        expect(find_not_finite_f64(m, n, at, lda)).toBe(i * n + j);
        a[i * lda + j] = f64.MAX_VALUE;
        expect(find_not_finite_f64(m, n, at, lda)).toBe(-1);
      }
    }
  });

  test("in f32", () => {
    const a = new StaticArray<f32>(11);
    for (let j = 0; j < 11; j++) {
      a[j] = f32.NaN;
      expect(find_not_finite_f32(1, 11, changetype<usize>(a), 11)).toBe(j);
      a[j] = f32.MAX_VALUE;
    }
    expect(find_not_finite_f32(1, 11, changetype<usize>(a), 11)).toBe(-1);
    expect(find_not_finite_f32(0, 0, changetype<usize>(a), 0)).toBe(-1);
  });
});

describe("find_asymmetry", () => {
  test("the worst pair, relative to the largest element", () => {
    const n = 40;
    const a = new StaticArray<f64>(n * n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) a[i * n + j] = i * j;
    const at = changetype<usize>(a);
    expect(find_asymmetry_f64(n, at, n, 0)).toBe(-1);
    a[35 * n + 3] += 1;
    a[38 * n + 7] -= 2;
    expect(find_asymmetry_f64(n, at, n, 1e-6)).toBe(7 * n + 38);
    expect(find_asymmetry_f64(n, at, n, 0.01)).toBe(-1);
  });
});
