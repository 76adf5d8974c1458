// Sampled neurons in batches: NumPy's random numbers → weights → which samples each neuron activates.
//
//     points of the polar method ──→ Gaussians ──→ 16 bits ──→ bits (signs.ts)
//     serial, batch b + 1            batch b, a pass of 48 neurons at a time
//
// While one thread draws the next batch, the others work on this one; what is drawn depends on nothing else.

import { args, parallelFor, progress } from "../parallel";
import { polar, to_gauss } from "../random/gauss";
import { mt19937_bytes, mt19937_seed } from "../random/mt19937";
import { Task } from "../tasks";
import {
  clear, GROUP, group_bytes, GROUPS, NEVER, PANEL, PANEL_BITS, pairs_of, PASS, PRODUCTS_BYTES, quantise, settle,
  sign_tile, TILE, tile_bytes,
} from "./signs";

/** The record of a call, at the start of its workspace: between its own regions are those of products. */
@unmanaged
export class Sampling {
  n: i32;
  d: i32;
  from: i32; // the neurons of this call: from … to − 1
  to: i32;
  x: usize; // (n, d)
  ldx: i32;
  panels: i32;
  tiles: usize; // x quantised
  thresholds: usize; // of its rows, i32
  random: usize; // the generator's state
  passes: i32; // in a whole batch
  start: i32; // this batch: neurons start … end − 1
  end: i32;
  w: usize; // its weights (end − start, d)
  wNext: usize; // the points that the next batch is made of
  groups: usize; // w quantised, and scratch: pass_bytes for each pass
  bits: usize;
  counts: usize;
  few: usize;
  tables: usize;
  v: usize; // (n)
  sums: usize; // (end − start, n)
}

@unmanaged
class Arguments {
  sampling: Sampling;
}

// @ts-ignore: decorator
@inline
export function shared(): Sampling {
  return args<Arguments>().sampling;
}

export function region(s: Sampling, task: i32, n: i32): i32 {
  args<Arguments>().sampling = s;
  return parallelFor(task, n, 1);
}

// @ts-ignore: decorator
@inline
function aligned(bytes: usize): usize {
  return (bytes + 63) & ~63;
}

function panels_of(n: i32): i32 {
  return (n + PANEL - 1) / PANEL;
}

export function passes_of(neurons: i32): i32 {
  return neurons / PASS + i32(neurons % PASS != 0); // neurons + PASS may be beyond 2³¹
}

/** Bytes of a pass: 8 groups, their 8 thresholds, room for products. */
function pass_bytes(d: i32): usize {
  return aligned(<usize>GROUPS * (group_bytes(d) + 4) + PRODUCTS_BYTES);
}

/** Bytes of what `prepare` places. */
export function sampling_bytes(n: i32, d: i32, passes: i32): f64 {
  const panels = f64(panels_of(n));
  const ofPanel = f64(PANEL / TILE) * f64(tile_bytes(d)) + PANEL * 4;
  const ofPass = f64(d) * (2 * PASS * 8) + f64(pass_bytes(d)) + panels * f64(PANEL_BITS);
  return f64(aligned(offsetof<Sampling>())) + mt19937_bytes() + panels * ofPanel + f64(passes) * ofPass;
}

/**
 * The record of a call for neurons from … to − 1, `from` a multiple of PASS, with x quantised and the first
 * batch drawn; it takes sampling_bytes() of `work`.
 */
export function prepare(
  n: i32, d: i32, from: i32, to: i32, seed: u32, x: usize, ldx: i32, passes: i32, work: usize,
): Sampling {
  const s = changetype<Sampling>(work);
  s.n = n;
  s.d = d;
  s.from = from;
  s.to = to;
  s.x = x;
  s.ldx = ldx;
  s.panels = panels_of(n);
  s.passes = passes;
  s.random = work + aligned(offsetof<Sampling>());
  s.tiles = s.random + <usize>mt19937_bytes();
  s.thresholds = s.tiles + usize(s.panels) * (PANEL / TILE) * tile_bytes(d);
  s.w = s.thresholds + usize(s.panels) * PANEL * 4;
  s.wNext = s.w + usize(passes) * PASS * d * 8;
  s.groups = s.wNext + usize(passes) * PASS * d * 8;
  s.bits = s.groups + usize(passes) * pass_bytes(d);
  s.start = from;
  s.end = from;
  mt19937_seed(s.random, seed);
  // what the neurons before these are made of; how many words that takes nobody knows without drawing it
  for (let k = 0; k < from; k += PASS) polar(s.random, (PASS >> 1) * d, s.wNext);
  draw(s);
  region(s, Task.HINF_QUANTISE, s.panels);
  return s;
}

/** The points of the batch after this one. An odd number of weights takes the first half of its last pair. */
function draw(s: Sampling): void {
  const neurons = min(s.to - s.end, s.passes * PASS);
  polar(s.random, (neurons * s.d + 1) >> 1, s.wNext);
}

/** Goes on to the batch that is drawn: its bits; and draws the one after it. False when there is none. */
export function next_batch(s: Sampling): bool {
  if (s.end == s.to) return false;
  const w = s.w;
  s.w = s.wNext;
  s.wNext = w;
  s.start = s.end;
  s.end = s.start + min(s.to - s.start, s.passes * PASS);
  progress(f64(s.start - s.from), f64(s.to - s.from));
  return region(s, Task.HINF_SIGNS, 1 + passes_of(s.end - s.start)) == 0;
}

/** Panels [I0, I1) of x to 16 bits. */
export function hinf_quantise_task(I0: i32, I1: i32): void {
  const s = shared();
  for (let i = I0 * PANEL; i < I1 * PANEL; i++) {
    const q = s.tiles + usize(i / TILE) * tile_bytes(s.d) + (i % TILE << 2);
    let threshold = NEVER;
    if (i < s.n) threshold = quantise(s.d, s.x + ((usize(i) * s.ldx) << 3), q, 4 * TILE);
    else clear(s.d, q, 4 * TILE);
    store<i32>(s.thresholds + (usize(i) << 2), threshold);
  }
}

/** Item 0 draws the next batch; item p + 1 makes Gaussians of the points of pass p, and bits of them. */
export function hinf_signs_task(i0: i32, i1: i32): void {
  for (let i = i0; i < i1; i++) {
    if (i == 0) draw(shared());
    else sign_pass(shared(), i - 1);
  }
}

function sign_pass(s: Sampling, p: i32): void {
  const d = s.d;
  const numbers = PASS * d;
  const w = s.w + ((usize(p) * numbers) << 3);
  const filled = min(s.end - s.start - p * PASS, PASS) * d;
  to_gauss((filled + 1) >> 1, w);
  // neurons past the end activate nothing
  if (filled < numbers) memory.fill(w + (usize(filled) << 3), 0, usize(numbers - filled) << 3);

  const groups = s.groups + usize(p) * pass_bytes(d);
  const thresholds = groups + usize(GROUPS) * group_bytes(d);
  for (let g = 0; g < GROUPS; g++) {
    let threshold = NEVER;
    for (let b = 0; b < GROUP; b++) {
      const row = w + ((usize(g * GROUP + b) * d) << 3);
      threshold = max(threshold, quantise(d, row, groups + usize(g) * group_bytes(d) + (b << 2), 4 * GROUP));
    }
    store<i32>(thresholds + (g << 2), threshold);
  }
  const bits = s.bits + usize(p) * s.panels * PANEL_BITS;
  for (let i = 0; i < s.panels * PANEL; i += TILE) {
    sign_groups(s, i, w, groups, bits + usize(i / PANEL) * PANEL_BITS + i % PANEL);
  }
}

/** The bytes of all groups of a pass for samples i…i + 7. */
function sign_groups(s: Sampling, i: i32, w: usize, groups: usize, bits: usize): void {
  const d = s.d;
  const tile = s.tiles + usize(i / TILE) * tile_bytes(d);
  const tx = s.thresholds + (usize(i) << 2);
  const thresholds = groups + usize(GROUPS) * group_bytes(d);
  const products = thresholds + GROUPS * 4;
  for (let g = 0; g < GROUPS; g++) {
    const tw = load<i32>(thresholds + (g << 2));
    if (sign_tile(pairs_of(d), groups + usize(g) * group_bytes(d), tw, tile, tx, bits, products)) {
      settle(d, w + ((usize(g * GROUP) * d) << 3), tw, s.x + ((usize(i) * s.ldx) << 3), s.ldx, tx, bits, products);
    }
    bits += PANEL;
  }
}
