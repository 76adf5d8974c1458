// What the thread pool is tested with: many regions so short that a late thread would be caught.

import { args, parallelFor } from "./parallel";
import { Task } from "./tasks";

@unmanaged
class StressArgs {
  out: usize; // (n) i32
  region: i32;
}

/** Item i of region r must see out[i] = r and leave r + 1: any chunk run twice, late or never shows. */
export function stress_task(i0: i32, i1: i32): void {
  const a = args<StressArgs>();
  for (let i = i0; i < i1; i++) {
    const p = a.out + (usize(i) << 2);
    store<i32>(p, load<i32>(p) == a.region ? a.region + 1 : -1);
  }
}

/** Runs `regions` regions over n items of `out` (zero at the start); returns how many items ended wrong. */
export function pool_stress(regions: i32, n: i32, grain: i32, out: usize): i32 {
  const a = args<StressArgs>();
  for (let r = 0; r < regions; r++) {
    a.out = out;
    a.region = r;
    // Region sizes differ, so that a stale chunk count would overrun.
    const info = parallelFor(Task.STRESS, n, 1 + (grain + r) % 7);
    if (info != 0) return info;
  }
  let wrong = 0;
  for (let i = 0; i < n; i++) if (load<i32>(out + (usize(i) << 2)) != regions) wrong++;
  return wrong;
}
