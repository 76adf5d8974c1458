// H∞ of a one-hidden-layer ReLU network from sampled neurons, and how far to trust it.
//
//     H = (1/m)·Σₖ (xᵢ·xⱼ)·1[wₖ·xᵢ > 0]·1[wₖ·xⱼ > 0] = G∘C/m,   W = RandomState(seed).randn(m, d)
//
// Based on: Du, Zhai, Poczos & Singh, Gradient descent provably optimizes over-parameterized neural
// networks, 2018.
//
// G is a product; C counts the neurons that two samples both activate: integers, exact in any order, so that
// workers with memories of their own may each count some of the neurons.

import { gemm, gemm_work } from "../blas/gemm/gemm";
import { aborted, args, INFO_ABORTED, parallelFor } from "../parallel";
import { Task } from "../tasks";
import { add_coactivations, BLOCK, blocks_before, TABLES_BYTES } from "./coactivation";
import { next_batch, passes_of, prepare, region, Sampling, sampling_bytes, shared } from "./hinf_sampling";
import { GROUP, PANEL, PANEL_BITS, PASS } from "./signs";

/** Adds this batch to columns of the counts, the longest first. */
export function hinf_count_task(c0: i32, c1: i32): void {
  const s = shared();
  for (let c = c0; c < c1; c++) {
    const J = s.panels - 1 - c;
    const tables = s.tables + usize(J) * TABLES_BYTES;
    add_coactivations(J, passes_of(s.end - s.start), s.panels, s.bits, s.counts, s.few, tables);
  }
}

/** Passes in a batch: as many as keep its weights under 8 MiB, enough of them for some threads; at most 60. */
const MOST_PASSES: i32 = 60;
const BATCH_NUMBERS: i32 = 1 << 20;

/** Passes in a batch, of m neurons with d weights each. */
function batch_passes(d: i32, m: i32): i32 {
  return min(passes_of(m), max(1, min(MOST_PASSES, BATCH_NUMBERS / PASS / d)));
}

/** Numbers of the counts of n samples: a u32 for each pair of two, block by block (coactivation.ts). */
export function hinf_counts_f64(n: i32): f64 {
  return f64(blocks_of(n) * BLOCK);
}

function blocks_of(n: i32): usize {
  return blocks_before((n + PANEL - 1) / PANEL);
}

/** Bytes of workspace for hinf_count_f64; m = to − from. */
export function hinf_count_work_f64(n: i32, d: i32, m: i32): f64 {
  const panels = f64((n + PANEL - 1) / PANEL);
  return sampling_bytes(n, d, batch_passes(d, m)) + f64(blocks_of(n) * BLOCK) + panels * f64(TABLES_BYTES);
}

/**
 * C[i, j] := |{k : wₖ·xᵢ > 0 and wₖ·xⱼ > 0}| over neurons from ≤ k < to; opens regions.
 *
 * X (n×d, row stride ldx in elements); C: hinf_counts_f64(n) u32. `from` is a multiple of 48; W is drawn from
 * its first row on whatever `from` is: a row that is passed over takes a third of the time of one that counts
 * where samples are few, 3 % where they are 1800 of 64 numbers.
 * work: hinf_count_work_f64(n, d, to − from) bytes, 64-byte aligned. Returns 0 or INFO_ABORTED. C is exact.
 */
export function hinf_count_f64(
  n: i32, d: i32, from: i32, to: i32, seed: u32, x: usize, ldx: i32, counts: usize, work: usize,
): i32 {
  const passes = batch_passes(d, to - from);
  const blocks = blocks_of(n) * BLOCK;
  memory.fill(counts, 0, blocks * 4);
  const s = prepare(n, d, from, to, seed, x, ldx, passes, work);
  s.counts = counts;
  s.few = work + <usize>sampling_bytes(n, d, passes);
  s.tables = s.few + blocks;
  memory.fill(s.few, 0, blocks);
  while (next_batch(s)) region(s, Task.HINF_COUNT, s.panels);
  return aborted() ? INFO_ABORTED : 0;
}

@unmanaged
class Finish {
  n: i32;
  counts: usize;
  divisor: f64; // 0: H := C
  h: usize; // (n, n)
  ldh: i32;
}

/**
 * H := H∘C/divisor, of which only the part on and above the diagonal is read, or H := C if the divisor is 0;
 * both triangles; opens regions.
 *
 * counts: hinf_counts_f64(n) u32; H (n×n, row stride ldh in elements). Returns 0 or INFO_ABORTED.
 * With H = X·Xᵀ of syrk before and m neurons as the divisor: |Ĥ − H| ≤ (γ_d + 2u)·|X|·|X|ᵀ elementwise.
 */
export function hinf_finish_f64(n: i32, counts: usize, divisor: f64, h: usize, ldh: i32): i32 {
  const s = args<Finish>();
  s.n = n;
  s.counts = counts;
  s.divisor = divisor;
  s.h = h;
  s.ldh = ldh;
  return parallelFor(Task.HINF_FINISH, (n + PANEL - 1) / PANEL, 1);
}

/** Columns of panels of H and their mirror image. */
export function hinf_finish_task(J0: i32, J1: i32): void {
  const s = args<Finish>();
  for (let J = J0; J < J1; J++) {
    let counts = s.counts + (blocks_before(J) * BLOCK << 2);
    for (let I = 0; I <= J; I++) {
      finish_block(s, I * PANEL, J * PANEL, counts);
      counts += BLOCK << 2;
    }
  }
}

function finish_block(s: Finish, i0: i32, j0: i32, counts: usize): void {
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
export function hinf_activation_norms_f64(
  n: i32, d: i32, m: i32, seed: u32, x: usize, ldx: i32, v: usize, z: usize, work: usize,
): i32 {
  const passes = norm_passes(m);
  const s = prepare(n, d, 0, m, seed, x, ldx, passes, work);
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
