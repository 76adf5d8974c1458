import { exp_f64x2, power_f64x2 } from "../../assembly/kernel/exp";
import { EXP, POWER } from "./exp.fixture";

/** Distance of y from hi + lo in places of hi, at least those of the smallest normal number. */
function places(y: f64, hi: f64, lo: f64): f64 {
  if (y == hi && lo == 0) return 0;
  const place = max(abs(hi), 2.2250738585072014e-308);
  return abs((y - hi) - lo) / (reinterpret<f64>(reinterpret<i64>(place) + 1) - place);
}

function exp(x: f64): f64 {
  const y = exp_f64x2(f64x2(x, -x));
  const z = exp_f64x2(f64x2(-x, x));
  expect(f64x2.extract_lane(y, 0)).toBe(f64x2.extract_lane(z, 1));
  return f64x2.extract_lane(y, 0);
}

/** c in 40 bits. */
function high(c: f64): f64 {
  return reinterpret<f64>(reinterpret<i64>(c) & ~0x1fff);
}

function power(x: f64, c: f64): f64 {
  const y = power_f64x2(f64x2(x, 2), high(c), c - high(c));
  const z = power_f64x2(f64x2(0.1, x), high(c), c - high(c));
  expect(f64x2.extract_lane(y, 0)).toBe(f64x2.extract_lane(z, 1));
  return f64x2.extract_lane(y, 0);
}

describe("exp", () => {
  test("is right to 1.1 places", () => {
    let worst: f64 = 0;
    for (let i = 0; i < EXP.length; i += 3) worst = max(worst, places(exp(EXP[i]), EXP[i + 1], EXP[i + 2]));
    expect(worst).toBeLessThan(1.1);
  });

  test("at the ends of the range", () => {
    expect(exp(-Infinity)).toBe(0);
    expect(exp(Infinity)).toBe(Infinity);
    expect(exp(f64.MAX_VALUE)).toBe(Infinity);
    expect(exp(-f64.MAX_VALUE)).toBe(0);
    expect(exp(709.782712893384)).toBeLessThan(Infinity);
    expect(exp(709.7827128933841)).toBe(Infinity);
    expect(exp(-745.1332191019411)).toBe(5e-324);
    expect(exp(-745.1332191019412)).toBe(0);
    expect(exp(-0.0)).toBe(1);
    expect(isNaN(f64x2.extract_lane(exp_f64x2(f64x2(NaN, 0)), 0))).toBe(true);
  });
});

describe("power", () => {
  test("is right to 2 + 2c places, whatever the size of c·log x", () => {
    let worst: f64 = 0;
    for (let i = 0; i < POWER.length; i += 4) {
      worst = max(worst, places(power(POWER[i], POWER[i + 1]), POWER[i + 2], POWER[i + 3]) / (2 + 2 * POWER[i + 1]));
    }
    expect(worst).toBeLessThan(1);
  });

  test("of 0, 1 and infinity", () => {
    for (let c = 0.001; c < 4; c *= 1.7) {
      expect(power(0, c)).toBe(0);
      expect(power(1, c)).toBe(1);
      expect(power(Infinity, c)).toBe(Infinity);
    }
  });
});
