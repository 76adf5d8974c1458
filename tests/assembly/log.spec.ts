import { log1p_f64x2, log_f64x2 } from "../../assembly/kernel/log";
import { PowerLawOptions, prepare, Sample, sample_bytes } from "../../assembly/stats/sample";
import { LOG, LOG1P, POINTS, SAMPLE } from "./log.fixture";

/** Distance of y from hi + lo in places of hi. */
function places(y: f64, hi: f64, lo: f64): f64 {
  if (y == hi && lo == 0) return 0;
  const place = max(abs(hi), 2.2250738585072014e-308);
  return abs((y - hi) - lo) / (reinterpret<f64>(reinterpret<i64>(place) + 1) - place);
}

function log(x: f64): f64 {
  const y = log_f64x2(f64x2(x, 3));
  expect(f64x2.extract_lane(log_f64x2(f64x2(3, x)), 1)).toBe(f64x2.extract_lane(y, 0));
  return f64x2.extract_lane(y, 0);
}

function log1p(f: f64): f64 {
  return f64x2.extract_lane(log1p_f64x2(f64x2.splat(f)), 0);
}

describe("log", () => {
  test("is right to a place", () => {
    let worst: f64 = 0;
    for (let i = 0; i < LOG.length; i += 3) worst = max(worst, places(log(LOG[i]), LOG[i + 1], LOG[i + 2]));
    expect(worst).toBeLessThan(1);
    expect(log(1)).toBe(0);
  });

  test("of 1 + f is, too", () => {
    let worst: f64 = 0;
    for (let i = 0; i < LOG1P.length; i += 3) worst = max(worst, places(log1p(LOG1P[i]), LOG1P[i + 1], LOG1P[i + 2]));
    expect(worst).toBeLessThan(1);
    expect(log1p(0)).toBe(0);
  });
});

describe("a sample of all sizes", () => {
  test("has its points, their logarithms and sums to 4 places", () => {
    const n = SAMPLE.length;
    const memory = new StaticArray<f64>(i32(sample_bytes(n)) / 8 + 32);
    const options = changetype<PowerLawOptions>(changetype<usize>(new StaticArray<f64>(12)));
    options.highest = Infinity;
    options.xmax = Infinity;
    options.alphaBelow = Infinity;
    options.sigmaBelow = Infinity;
    options.alphaMost = Infinity;
    options.distinct = 1;
    const s = changetype<Sample>(changetype<usize>(memory));
    s.n = n;
    s.x = changetype<usize>(SAMPLE);
    s.options = options;
    prepare(s, changetype<usize>(memory) + 256);
    expect(s.r).toBe(POINTS.length / 5);
    expect(s.from).toBe(0);
    expect(s.to).toBe(s.r - 1);
    expect(s.noise).toBe(false);
    for (let i = 0; i < s.r; i++) {
      expect(load<f64>(s.c + i * 8)).toBe(POINTS[5 * i]);
      expect(places(load<f64>(s.y + i * 8), POINTS[5 * i + 1], POINTS[5 * i + 2])).toBeLessThan(4);
      expect(places(load<f64>(s.sums + i * 8), POINTS[5 * i + 3], POINTS[5 * i + 4])).toBeLessThan(4);
    }
    expect(load<f64>(s.c + s.r * 8)).toBe(f64(n));
  });
});
