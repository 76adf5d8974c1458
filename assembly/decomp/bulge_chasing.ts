// Symmetric band of half-width b = 24 → tridiagonal, the second stage of the two-stage reduction.
//
// Based on: B. Lang, "A parallel algorithm for reducing symmetric banded matrices to tridiagonal
// form", SIAM J. Sci. Comput. 14 (1993); the pipelining after A. Haidar, H. Ltaief, J. Dongarra,
// "Parallel reduction to condensed forms for symmetric eigenvalue problems", SC11.
//
// Sweep s annihilates row s right of its first off-diagonal element by a reflector H on the indices
// P₀ = s+1 … s+b, and chases the bulge down the band, b places a hop:
//
//        P₀   P₁            hop t, P₀ = s+1+t·b … s+(t+1)·b, P₁ the next b indices
//      ┌────┬────┐
//   P₀ │ D  │ F  │          D := H·D·H                          fold_diagonal
//      └────┼────┤          F := H·F·K, K annihilates the       fold_bulge
//           │ D′ │          first row of H·F and is H of hop t+1
//           └────┘
//
// Hop t of sweep s+1 may run when sweep s has done hop t+1. Sweeps are dealt to the threads in
// groups; inside a group they follow each other closely, so that the blocks stay in L1, and the first
// of a group waits for the last of the group before.

import { args, awaitChunk, parallelFor, tellChunks } from "../parallel";
import { Task } from "../tasks";
import { BAND, BAND_STRIDE, fold_bulge, fold_diagonal, put_first, reflector } from "./bulge_fold";

const SWEEPS: i32 = 8; // sweeps of a group
const REFLECTOR: usize = 256; // bytes of v (24) and τ
const SLOT: usize = 2 * REFLECTOR; // of a sweep: H of its next hop, and room for the K that follows

@unmanaged
class ChaseArgs {
  n: i32;
  band: usize;
  groups: usize; // per group: hops done by its last sweep (i32), scratch y and z, then SWEEPS slots
}

const GROUP: usize = 512 + usize(SWEEPS) * SLOT;

/** Bytes of a band of order n: it has 2b more rows of zeros, so that no block needs an edge. */
export function band_bytes(n: i32): f64 {
  return 64 + f64(BAND_STRIDE + 8) * f64(n + 2 * BAND + 1);
}

/** Bytes of workspace of bulge_chasing. */
export function bulge_chasing_work(n: i32): f64 {
  return Math.ceil(f64(n) / SWEEPS) * f64(GROUP);
}

/**
 * Reduces the band (n×n, element (0, 0) at `band`, upper triangle, zeros elsewhere in band_bytes(n)) to
 * the tridiagonal matrix with diagonal d (n) and off-diagonal e (n − 1).
 *
 * ‖B‖ should be near 1. Backward error O(n·u)·‖B‖. Returns 0 or INFO_ABORTED.
 */
export function bulge_chasing(n: i32, band: usize, d: usize, e: usize, work: usize): i32 {
  const p = args<ChaseArgs>();
  p.n = n;
  p.band = band;
  p.groups = work;
  const groups = (n - 2 + SWEEPS - 1) / SWEEPS;
  for (let c = 0; c < groups; c++) store<i32>(work + usize(c) * GROUP, 0);
  const info = parallelFor(Task.BULGE_CHASING, groups, 1);
  if (info != 0) return info;
  for (let i = 0; i < n; i++) {
    const at = band + usize(i) * (BAND_STRIDE + 8);
    store<f64>(d + usize(i) * 8, load<f64>(at));
    if (i + 1 < n) store<f64>(e + usize(i) * 8, load<f64>(at, 8));
  }
  return 0;
}

/** Groups [c0, c1) of sweeps. */
export function bulge_chasing_task(c0: i32, c1: i32): void {
  const p = args<ChaseArgs>();
  for (let c = c0; c < c1; c++) {
    const group = p.groups + usize(c) * GROUP;
    const s0 = c * SWEEPS;
    const s1 = min(p.n - 2, s0 + SWEEPS);
    const waves = hops(p.n, s0) + s1 - s0;
    for (let wave = 0; wave < waves; wave++) {
      if (c > 0 && !awaitChunk(group - GROUP, wave + 2)) return;
      for (let s = s0; s < s1; s++) {
        const t = wave - (s - s0);
        if (t >= 0 && t < hops(p.n, s)) hop(p, s, t, group + 512 + usize(s - s0) * SLOT, group + 64);
      }
      const t = wave - (s1 - 1 - s0);
      // the sweep is over after its last hop: whoever follows need not wait any more
      tellChunks(group, t + 1 < hops(p.n, s1 - 1) ? t + 1 : i32.MAX_VALUE);
    }
  }
}

/** Hops of sweep s: reflectors of at least two elements. */
// @ts-ignore: decorator
@inline
function hops(n: i32, s: i32): i32 {
  return (n - 2 - s + BAND - 1) / BAND;
}

/** Hop t of sweep s, whose reflectors are at slot. */
function hop(p: ChaseArgs, s: i32, t: i32, slot: usize, scratch: usize): void {
  const h = slot + usize(t & 1) * REFLECTOR;
  const k = slot + usize(~t & 1) * REFLECTOR;
  if (t == 0) {
    // row s: H from its b elements right of the diagonal
    const x = p.band + usize(s) * (BAND_STRIDE + 8) + 8;
    memory.copy(h, x, 192);
    put_first(x, reflector(h));
  }
  const i = s + 1 + t * BAND;
  const d = p.band + usize(i) * (BAND_STRIDE + 8);
  fold_diagonal(d, h, scratch);
  if (i + BAND < p.n) fold_bulge(d + 192, h, k, scratch);
}
