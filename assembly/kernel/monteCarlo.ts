// H∞ of a one-hidden-layer ReLU network by sampling its neurons, with NumPy's random numbers.
//
//     H = (1/m)·Σₖ (xᵢ·xⱼ)·1[wₖ·xᵢ > 0]·1[wₖ·xⱼ > 0] = G∘C/m,    wₖ = row k of RandomState(seed).randn(m, d)
//
// Based on: Du, Zhai, Poczos & Singh, Gradient descent provably optimizes over-parameterized neural
// networks, 2018.
//
// Neurons go through in batches: points of the polar method, serial, → Gaussians → bits (signs.ts) →
// counts (coactivation.ts). While one thread draws the next batch, the others take the signs of this one;
// what is drawn depends on nothing else. C is made of integers, exact for any number of threads.

import { gemm, gemm_work } from "../blas/gemm/gemm";
import { syrk, syrk_work } from "../blas/syrk";
import { aborted, args, INFO_ABORTED, parallelFor, progress } from "../parallel";
import { polar, to_gauss } from "../random/gauss";
import { mt19937_bytes, mt19937_seed } from "../random/mt19937";
import { Task } from "../tasks";
import { add_coactivations, BLOCK, blocks_before, TABLES_BYTES } from "./coactivation";
import {
  clear, GROUP, group_bytes, GROUPS, NEVER, PANEL, PANEL_BITS, pairs_of, PASS, PRODUCTS_BYTES, quantise, settle, sign_tile, TILE, tile_bytes,
} from "./signs";

/** Passes in a batch: as many as keep its weights under 8 MiB, enough of them for some threads; at most 40. */
const MOST_PASSES: i32 = 40;
const BATCH_NUMBERS: i32 = 1 << 20;

/** A call's record, at the start of its workspace: between its own regions are those of products. */
@unmanaged
class Sampling {
  n: i32;
  d: i32;
  m: i32;
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
  h: usize; // (n, n)
  ldh: i32;
  divisor: f64; // m, or 0 for C itself
  v: usize; // (n)
  sums: usize; // (end − start, n)
}

@unmanaged
class Arguments {
  sampling: Sampling;
}

// @ts-ignore: decorator
@inline
function shared(): Sampling {
  return args<Arguments>().sampling;
}

function region(s: Sampling, task: i32, n: i32): i32 {
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

function passes_of(neurons: i32): i32 {
  return (neurons + PASS - 1) / PASS;
}

/** Passes in a batch, of m neurons with d weights each. */
function batch_passes(d: i32, m: i32): i32 {
  return min(passes_of(m), max(1, min(MOST_PASSES, BATCH_NUMBERS / (PASS * d))));
}

/** Bytes of a pass: 8 groups, their 8 thresholds, room for products. */
function pass_bytes(d: i32): usize {
  return aligned(<usize>GROUPS * (group_bytes(d) + 4) + PRODUCTS_BYTES);
}

/** Bytes of what `prepare` places. */
function sampling_bytes(n: i32, d: i32, passes: i32): f64 {
  const panels = f64(panels_of(n));
  return (
    f64(aligned(offsetof<Sampling>())) + mt19937_bytes() + panels * (f64(PANEL / TILE) * f64(tile_bytes(d)) + PANEL * 4) +
    f64(passes) * (f64(d) * (2 * PASS * 8) + f64(pass_bytes(d)) + panels * f64(PANEL_BITS))
  );
}

/** The record of a call with x quantised and the first batch drawn; it takes sampling_bytes() of `work`. */
function prepare(n: i32, d: i32, m: i32, seed: u32, x: usize, ldx: i32, passes: i32, work: usize): Sampling {
  const s = changetype<Sampling>(work);
  s.n = n;
  s.d = d;
  s.m = m;
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
  s.start = 0;
  s.end = 0;
  mt19937_seed(s.random, seed);
  draw(s);
  region(s, Task.HINF_QUANTISE, s.panels);
  return s;
}

/** The points of the batch after this one. An odd number of weights takes the first half of its last pair. */
function draw(s: Sampling): void {
  const neurons = min(s.m - s.end, s.passes * PASS);
  polar(s.random, (neurons * s.d + 1) >> 1, s.wNext);
}

/** Goes on to the batch that is drawn: its bits; and draws the one after it. False when there is none. */
function next_batch(s: Sampling): bool {
  if (s.end == s.m) return false;
  const w = s.w;
  s.w = s.wNext;
  s.wNext = w;
  s.start = s.end;
  s.end = s.start + min(s.m - s.start, s.passes * PASS);
  progress(f64(s.start), f64(s.m));
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

/** Adds this batch to columns of the counts, the longest first. */
export function hinf_count_task(c0: i32, c1: i32): void {
  const s = shared();
  for (let c = c0; c < c1; c++) {
    const J = s.panels - 1 - c;
    const tables = s.tables + usize(J) * TABLES_BYTES;
    add_coactivations(J, passes_of(s.end - s.start), s.panels, s.bits, s.counts, s.few, tables);
  }
}

/** Columns of panels of H, which holds G, and their mirror image. */
export function hinf_finish_task(J0: i32, J1: i32): void {
  const s = shared();
  for (let J = J0; J < J1; J++) {
    for (let I = 0; I <= J; I++) finish_block(s, I * PANEL, J * PANEL, s.counts + ((blocks_before(J) + I) * BLOCK << 2));
  }
}

function finish_block(s: Sampling, i0: i32, j0: i32, counts: usize): void {
  const iEnd = min(s.n, i0 + PANEL);
  const jEnd = min(s.n, j0 + PANEL);
  const divisor = s.divisor;
  for (let i = i0; i < iEnd; i++) {
    let p = counts + (usize(i - i0) * PANEL << 2);
    for (let j = j0; j < jEnd; j++) {
      const upper = s.h + ((usize(i) * s.ldh + j) << 3);
      let h = f64(load<u32>(p));
      if (divisor != 0) h = load<f64>(upper) * h / divisor;
      store<f64>(upper, h);
      if (i0 != j0) store<f64>(s.h + ((usize(j) * s.ldh + i) << 3), h);
      p += 4;
    }
  }
}

/** Bytes of the counts: u32 and u8 for each pair, and the tables of each column. */
function counts_bytes(n: i32): f64 {
  const panels = f64(panels_of(n));
  return panels * (panels + 1) / 2 * f64(BLOCK) * 5 + panels * f64(TABLES_BYTES);
}

/** The counts of m neurons, in s.counts of the record returned. */
function count_all(n: i32, d: i32, m: i32, seed: u32, x: usize, ldx: i32, work: usize): Sampling {
  const passes = batch_passes(d, m);
  const s = prepare(n, d, m, seed, x, ldx, passes, work);
  const blocks = blocks_before(s.panels) * BLOCK;
  s.counts = work + <usize>sampling_bytes(n, d, passes);
  s.few = s.counts + blocks * 4;
  s.tables = s.few + blocks;
  memory.fill(s.counts, 0, blocks * 5);
  while (next_batch(s)) region(s, Task.HINF_COUNT, s.panels);
  return s;
}

/** Bytes of workspace for hinf_monte_carlo_f64 and hinf_coactivations_f64. */
export function hinf_monte_carlo_work_f64(n: i32, d: i32, m: i32): f64 {
  return sampling_bytes(n, d, batch_passes(d, m)) + counts_bytes(n) + f64(syrk_work<f64>(n, d));
}

/**
 * H := G∘C/m, G = X·Xᵀ, C[i, j] = |{k : wₖ·xᵢ > 0 and wₖ·xⱼ > 0}|, both triangles; opens regions.
 *
 * X (n×d, row stride ldx), H (n×n, ldh); strides in elements. H must not overlap X.
 * work: hinf_monte_carlo_work_f64(n, d, m) bytes, 64-byte aligned. Returns 0 or INFO_ABORTED.
 * C is exact; |Ĥ − H| ≤ (γ_d + 2u)·|X|·|X|ᵀ elementwise.
 */
export function hinf_monte_carlo_f64(n: i32, d: i32, m: i32, seed: u32, x: usize, ldx: i32, h: usize, ldh: i32, work: usize): i32 {
  const s = count_all(n, d, m, seed, x, ldx, work);
  const info = syrk<f64>(n, d, 1, x, ldx, 0, h, ldh, s.tables + usize(s.panels) * TABLES_BYTES);
  return info == 0 ? finish(s, h, ldh, f64(m)) : info;
}

/** C of hinf_monte_carlo_f64 alone (n×n, ldc); the same workspace. */
export function hinf_coactivations_f64(n: i32, d: i32, m: i32, seed: u32, x: usize, ldx: i32, c: usize, ldc: i32, work: usize): i32 {
  return finish(count_all(n, d, m, seed, x, ldx, work), c, ldc, 0);
}

function finish(s: Sampling, h: usize, ldh: i32, divisor: f64): i32 {
  s.h = h;
  s.ldh = ldh;
  s.divisor = divisor;
  return region(s, Task.HINF_FINISH, s.panels);
}

/** Passes in a batch of hinf_activation_norms_f64: few, since each of its neurons takes a row of n f64. */
function norm_passes(m: i32): i32 {
  return min(passes_of(m), 10);
}

/** Bytes of workspace for hinf_activation_norms_f64. */
export function hinf_activation_norms_work_f64(n: i32, d: i32, m: i32): f64 {
  const rows = norm_passes(m) * PASS;
  return sampling_bytes(n, d, norm_passes(m)) + f64(rows) * f64(n + d) * 8 + f64(gemm_work<f64>(rows, d, n));
}

/**
 * z[k] := ‖Σᵢ v[i]·1[wₖ·xᵢ > 0]·xᵢ‖² for k < m; their mean is vᵀ·H·v for H of these neurons. Opens regions.
 *
 * X (n×d, row stride ldx), v (n), z (m). work: hinf_activation_norms_work_f64(n, d, m) bytes, 64-byte
 * aligned. Returns 0 or INFO_ABORTED.
 */
export function hinf_activation_norms_f64(n: i32, d: i32, m: i32, seed: u32, x: usize, ldx: i32, v: usize, z: usize, work: usize): i32 {
  const passes = norm_passes(m);
  const s = prepare(n, d, m, seed, x, ldx, passes, work);
  s.v = v;
  s.sums = work + <usize>sampling_bytes(n, d, passes);
  const y = s.sums + usize(passes) * PASS * n * 8;
  const gemmWork = y + usize(passes) * PASS * d * 8;
  while (next_batch(s)) {
    const rows = s.end - s.start;
    region(s, Task.HINF_ACTIVE, passes_of(rows));
    gemm<f64>(false, false, rows, d, n, 1, s.sums, n, x, ldx, 0, y, d, gemmWork);
    for (let k = 0; k < rows; k++) store<f64>(z + (usize(s.start + k) << 3), square(d, y + ((usize(k) * d) << 3)));
  }
  return aborted() ? INFO_ABORTED : 0;
}

/** Rows of sums: v where the neuron is active, 0 elsewhere. */
export function hinf_active_task(p0: i32, p1: i32): void {
  const s = shared();
  for (let k = p0 * PASS; k < p1 * PASS; k++) {
    const bits = s.bits + usize(k / PASS) * s.panels * PANEL_BITS + (k % PASS) / GROUP * PANEL;
    active_row(s.n, k % GROUP, bits, s.v, s.sums + ((usize(k) * s.n) << 3));
  }
}

/** row[i] := v[i] where bit b of sample i is set, else 0. */
function active_row(n: i32, b: i32, bits: usize, v: usize, row: usize): void {
  for (let i = 0; i < n; i++) {
    const byte = load<u8>(bits + usize(i / PANEL) * PANEL_BITS + i % PANEL);
    store<f64>(row + (usize(i) << 3), byte >> <u8>b & 1 ? load<f64>(v + (usize(i) << 3)) : 0);
  }
}

function square(d: i32, y: usize): f64 {
  let sum: f64 = 0;
  for (let j = 0; j < d; j++) {
    const t = load<f64>(y + (usize(j) << 3));
    sum += t * t;
  }
  return sum;
}
