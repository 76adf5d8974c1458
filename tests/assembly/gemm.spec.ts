import { gemm_f64, gemm_serial, gemm_serial_work, gemm_work } from "../../assembly/blas/gemm/gemm";
import { MR, NR } from "../../assembly/blas/gemm/blocking";
import { micro } from "../../assembly/blas/gemm/micro";
import { pack } from "../../assembly/blas/gemm/pack";

/** Whole numbers in −8…8: products of them are exact, so that results can be compared with ==. */
function whole(n: i32, seed: i32): StaticArray<f64> {
  const x = new StaticArray<f64>(n);
  let s = seed;
  for (let i = 0; i < n; i++) {
    s = s * 1103515245 + 12345;
    x[i] = f64((s >>> 16) % 17 - 8);
  }
  return x;
}

describe("pack", () => {
  test("panels of R along the inner dimension", () => {
    const R = 4, rows = 6, k = 5;
    const x = whole(rows * k, 1);
    const xt = new StaticArray<f64>(rows * k);
    for (let i = 0; i < rows; i++) for (let p = 0; p < k; p++) xt[p * rows + i] = x[i * k + p];
    for (let form = 0; form < 2; form++) {
      const packed = new StaticArray<f64>(2 * R * k);
      packed.fill(NaN);
      const along = form == 0;
      pack<f64>(R, 0, rows, k, changetype<usize>(along ? x : xt), along ? k : rows, along, changetype<usize>(packed));
      for (let i = 0; i < 2 * R; i++) {
        for (let p = 0; p < k; p++) if (i < rows) expect(packed[(i / R) * R * k + p * R + (i % R)]).toBe(x[i * k + p]);
      }
    }
  });
});

describe("micro", () => {
  test("every part of a tile; the rest of C is not touched", () => {
    const k = 9;
    const nr = NR<f64>();
    const a = whole(MR * k, 2);
    const b = whole(nr * k, 3);
    for (let m = 1; m <= MR; m++) {
      for (let n = 1; n <= nr; n++) {
        const c = new StaticArray<f64>(MR * nr);
        c.fill(NaN);
        micro<f64>(k, changetype<usize>(a), changetype<usize>(b), 1, 0, changetype<usize>(c), nr, m, n);
        for (let i = 0; i < MR; i++) {
          for (let j = 0; j < nr; j++) {
            let sum: f64 = 0;
            for (let p = 0; p < k; p++) sum += a[p * MR + i] * b[p * nr + j];
            if (i < m && j < n) expect(c[i * nr + j]).toBe(sum);
            else expect(isNaN(c[i * nr + j])).toBe(true);
          }
        }
      }
    }
  });
});

describe("gemm", () => {
  test("gemm and gemm_serial are the triple loop", () => {
    const m = 101, n = 30, k = 270;
    const a = whole(m * k, 4);
    const b = whole(k * n, 5);
    const c0 = whole(m * n, 6);
    for (let serial = 0; serial < 2; serial++) {
      for (let trans = 0; trans < 4; trans++) {
        const transA = trans % 2 == 1, transB = trans > 1;
        const c = StaticArray.fromArray<f64>(c0.slice<Array<f64>>());
        const pa = changetype<usize>(a), pb = changetype<usize>(b), pc = changetype<usize>(c);
        const lda = transA ? m : k, ldb = transB ? k : n;
        if (serial) {
          const work = new StaticArray<u8>(<i32>gemm_serial_work<f64>(m, n, k) + 64);
          const aligned = (changetype<usize>(work) + 63) & ~63;
          gemm_serial<f64>(transA, transB, m, n, k, 2, pa, lda, pb, ldb, -3, pc, n, aligned);
        } else {
          const work = new StaticArray<u8>(<i32>gemm_work<f64>(m, n, k) + 64);
          const aligned = (changetype<usize>(work) + 63) & ~63;
          expect(gemm_f64(transA, transB, m, n, k, 2, pa, lda, pb, ldb, -3, pc, n, aligned)).toBe(0);
        }
        let wrong = 0;
        for (let i = 0; i < m; i++) {
          for (let j = 0; j < n; j++) {
            let sum: f64 = 0;
            for (let p = 0; p < k; p++) sum += (transA ? a[p * m + i] : a[i * k + p]) * (transB ? b[j * k + p] : b[p * n + j]);
            if (c[i * n + j] != 2 * sum - 3 * c0[i * n + j]) wrong++;
          }
        }
        expect(wrong).toBe(0);
      }
    }
  });
});
