import { philox4x32, philox_uniforms } from "../../assembly/random/philox";
import { sort, sort_bytes } from "../../assembly/stats/sort";

describe("sort", () => {
  test("orders numbers of all sizes, equal ones too", () => {
    for (let n = 0; n < 200; n += 1 + n / 3) {
      const x = new StaticArray<f64>(n);
      const expected = new Array<f64>(n);
      for (let i = 0; i < n; i++) {
        // any bits but the sign and NaN; every fourth number a small whole one, zero among them
        const words = philox4x32(i, n, 0, 0, 1, 2);
        const bits = i64x2.extract_lane(words, 0) & 0x7fefffffffffffff;
        x[i] = i % 4 ? reinterpret<f64>(bits) : f64(bits & 3);
        expected[i] = x[i];
      }
      expected.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      sort(n, changetype<usize>(x), changetype<usize>(new StaticArray<u8>(i32(sort_bytes(n)))));
      for (let i = 0; i < n; i++) expect(x[i]).toBe(expected[i]);
    }
  });
});

/** The words of a counter and a key of equal words. */
function words(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32, expected: v128): void {
  const y = philox4x32(c0, c1, c2, c3, k0, k1);
  expect(v128.any_true(v128.xor(y, expected))).toBe(false);
}

describe("philox", () => {
  test("gives the known answers of Random123", () => {
    words(0, 0, 0, 0, 0, 0, i32x4(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
    words(~0, ~0, ~0, ~0, ~0, ~0, i32x4(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
    words(
      0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
      i32x4(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1),
    );
  });

  test("makes even uniforms below 1", () => {
    let sum: f64 = 0;
    let squares: f64 = 0;
    for (let i = 0; i < 5000; i++) {
      const u = philox_uniforms(i, 3, 4, 5);
      for (let lane = 0; lane < 2; lane++) {
        const x = lane ? f64x2.extract_lane(u, 1) : f64x2.extract_lane(u, 0);
        expect(x >= 0 && x < 1).toBe(true);
        sum += x;
        squares += x * x;
      }
    }
    // 4 standard errors of the means of 10⁴ uniforms and of their squares
    expect(abs(sum / 10000 - 0.5)).toBeLessThan(4 * 0.2887 / 100);
    expect(abs(squares / 10000 - 1.0 / 3)).toBeLessThan(4 * 0.2981 / 100);
  });
});
