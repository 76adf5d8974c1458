import { hsum, lanes, madd, nmadd } from "../../assembly/simd";

describe("the SIMD floor", () => {
  test("lanes are numbers of a vector", () => {
    expect(lanes<f64>()).toBe(2);
    expect(lanes<f32>()).toBe(4);
  });

  test("madd is a·b + c and nmadd is c − a·b, in each lane", () => {
    const a = f64x2(3, -5);
    const b = f64x2(7, 2);
    const c = f64x2(1, 100);
    expect(f64x2.extract_lane(madd<f64>(a, b, c), 0)).toBe(22);
    expect(f64x2.extract_lane(madd<f64>(a, b, c), 1)).toBe(90);
    expect(f64x2.extract_lane(nmadd<f64>(a, b, c), 0)).toBe(-20);
    expect(f64x2.extract_lane(nmadd<f64>(a, b, c), 1)).toBe(110);
  });

  test("hsum adds f32 lanes as (l0 + l2) + (l1 + l3)", () => {
    // 1e8 absorbs 1 in f32: the order shows
    expect(hsum<f32>(f32x4(1e8, 1, -1e8, 1))).toBe(2);
    expect(hsum<f32>(f32x4(1e8, -1e8, 1, 1))).toBe(0);
    expect(hsum<f64>(f64x2(0.25, 4))).toBe(4.25);
  });
});

/** Knuth's TwoSum: the rounding error of a + b, exactly. */
function two_sum_error(a: f64, b: f64): f64 {
  const s = a + b;
  const bb = s - a;
  return (a - (s - bb)) + (b - bb);
}

describe("the optimizer", () => {
  test("leaves compensated sums alone", () => {
    expect(two_sum_error(1, 1e-20)).toBe(1e-20);
    expect(two_sum_error(1e16, 1)).toBe(1);
    let sum: f64 = 0;
    let lost: f64 = 0;
    for (let i = 0; i < 1000; i++) {
      lost += two_sum_error(sum, 0.1);
      sum += 0.1;
    }
    expect(sum).not.toBe(100);
    expect(sum + lost).toBe(100);
  });

  test("keeps x − x and x·0 of what is not finite", () => {
    const x = reinterpret<f64>(0x7ff0000000000000);
    expect(isNaN(x - x)).toBe(true);
    expect(isNaN(x * 0)).toBe(true);
  });
});
