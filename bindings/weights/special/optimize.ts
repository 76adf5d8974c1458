// Roots and maxima of functions of one number, maxima of functions of two.
//
// Based on: Brent, Algorithms for minimization without derivatives, 1973; Dowell & Jarratt, 1971 (the Illinois rule);
// Nelder & Mead, A simplex method for function minimization, 1965.

const { abs, max, sqrt } = Math;

/**
 * A root of f between lo and hi, to the last bits. f(lo) and f(hi) have different signs, or the end with the smaller |f| is given.
 * Chords by the Illinois rule; where they do little, halves.
 */
export function findRoot(f: (x: number) => number, lo: number, hi: number): number {
  let [a, b, fa, fb] = [lo, hi, f(lo), f(hi)];
  if (fa === 0 || fb === 0 || fa > 0 === fb > 0) return abs(fa) <= abs(fb) ? a : b;
  for (let step = 0; step < 200 && abs(b - a) > 2 ** -52 * (abs(a) + abs(b)); step++) {
    const chord = b - (fb * (b - a)) / (fb - fa);
    const x = step % 4 === 3 || !(chord > Math.min(a, b) && chord < max(a, b)) ? a + (b - a) / 2 : chord;
    const y = f(x);
    if (y === 0) return x;
    if (y > 0 !== fb > 0) [a, fa] = [b, fb];
    else fa /= 2;
    [b, fb] = [x, y];
  }
  return b;
}

/** Where a function with one maximum between lo and hi has it, to about 1e−8 of |x|: golden sections and parabolas. */
export function maximize(f: (x: number) => number, lo: number, hi: number): number {
  const GOLDEN = (3 - sqrt(5)) / 2;
  let [a, b] = [lo, hi];
  let x = a + GOLDEN * (b - a);
  let [w, v] = [x, x]; // second and third best
  let fx = f(x);
  let [fw, fv] = [fx, fx];
  let [step, last] = [0, 0];
  for (let count = 0; count < 100; count++) {
    const middle = (a + b) / 2;
    const least = 1e-9 * abs(x) + 1e-12;
    if (abs(x - middle) <= 2 * least - (b - a) / 2) break;
    const [r, q] = [(x - w) * (fv - fx), (x - v) * (fw - fx)];
    const below = 2 * (q - r);
    const parabola = below === 0 ? NaN : ((x - w) * r - (x - v) * q) / below;
    if (abs(last) > least && abs(parabola) < abs(last / 2) && x + parabola > a && x + parabola < b) {
      [last, step] = [step, parabola];
      if (x + step - a < 2 * least || b - x - step < 2 * least) step = x < middle ? least : -least;
    } else {
      last = x < middle ? b - x : a - x;
      step = GOLDEN * last;
    }
    const u = x + (abs(step) >= least ? step : step > 0 ? least : -least);
    const fu = f(u);
    if (fu >= fx) {
      if (u < x) b = x;
      else a = x;
      [v, fv, w, fw, x, fx] = [w, fw, x, fx, u, fu];
    } else {
      if (u < x) a = u;
      else b = u;
      if (fu >= fw || w === x) [v, fv, w, fw] = [w, fw, u, fu];
      else if (fu >= fv || v === x || v === w) [v, fv] = [u, fu];
    }
  }
  return x;
}

type Point = readonly [number, number];

/**
 * Where f(x, y) is greatest, from `start` on, by simplices whose first sides are `steps`, and a second time from where the first
 * ended. f is −Infinity where it is not defined.
 */
export function maximize2(f: (x: number, y: number) => number, start: Point, steps: Point): Point {
  const first = simplex(f, start, steps);
  return simplex(f, first, [max(steps[0] / 100, 1e-6 * abs(first[0])), max(steps[1] / 100, 1e-6 * abs(first[1]))]);
}

function simplex(f: (x: number, y: number) => number, [x, y]: Point, [dx, dy]: Point): Point {
  const at = (p: Point) => ({ p, value: f(p[0], p[1]) });
  const corners = [at([x, y]), at([x + dx, y]), at([x, y + dy])];
  for (let count = 0; count < 400; count++) {
    corners.sort((a, b) => b.value - a.value);
    const [best, good, worst] = corners as [ReturnType<typeof at>, ReturnType<typeof at>, ReturnType<typeof at>];
    const small = [0, 1].every((i) => abs(worst.p[i]! - best.p[i]!) + abs(good.p[i]! - best.p[i]!) <= 1e-9 * abs(best.p[i]!) + 1e-14);
    if (small && best.value - worst.value <= 1e-14 * abs(best.value)) break;
    const along = (t: number) => at([0, 1].map((i) => {
      const middle = (best.p[i]! + good.p[i]!) / 2;
      return middle + t * (middle - worst.p[i]!);
    }) as unknown as Point);
    const mirrored = along(1);
    let next = mirrored;
    if (mirrored.value > best.value) {
      const further = along(2);
      if (further.value > mirrored.value) next = further;
    } else if (!(mirrored.value > good.value)) {
      next = along(mirrored.value > worst.value ? 0.5 : -0.5);
      if (!(next.value > Math.max(worst.value, mirrored.value))) {
        const shrunk = (p: Point): Point => [(p[0] + best.p[0]) / 2, (p[1] + best.p[1]) / 2];
        [corners[1], corners[2]] = [at(shrunk(good.p)), at(shrunk(worst.p))];
        continue;
      }
    }
    corners[2] = next;
  }
  return corners.reduce((a, b) => (b.value > a.value ? b : a)).p;
}
