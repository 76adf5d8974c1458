// How everything here is timed.
//
// A case runs in a process of its own: its first call is then really cold (modules not compiled,
// memory not touched), and no case suffers from another's garbage. After the cold call come ROUNDS rounds
// of ours, the peak and each peer in turn, so that all meet the same machine; of each the fastest call counts.
// benchmark.js does the repetitions. The peers get the same input, as files. With `tiny` sizes all cases run
// in one process, once and without peers.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCore, type Core, type Matrix } from "../bindings/sync.ts";
import { numbers } from "../tests/numbers.ts";
import type Benchmark from "benchmark";
import type { InputFile, Peer } from "./peers.ts";

const benchmark = createRequire(import.meta.url)("benchmark") as typeof Benchmark;

export interface Case {
  /** Unique: what, type and size. */
  name: string;
  type: "f64" | "f32";
  threads: number;
  /** Operations of one call, where there is an agreed count; then GFLOP/s and % of the peak are shown. */
  flops?: number;
  /** The matrices that we and the peers compute with. */
  input?(core: Core): Matrix[];
  /** Returns the call to be timed. */
  prepare(core: Core, ...input: Matrix[]): () => unknown;
  peers?: Peer[];
}

/** The cases of one operation; `tiny` sizes only show that they run. */
export type Cases = (tiny: boolean) => Case[];

export interface Row {
  name: string;
  threads: number;
  variant: string;
  /** Times in ms: the first call, the fastest, and the mean with its relative margin of error in %. */
  cold: number;
  warm: number;
  mean: number;
  margin: number;
  gflops?: number;
  /** GFLOP/s as % of threads × the peak of one thread, measured between the rounds. */
  ofPeak?: number;
  /** Fastest call of each peer in ms, or why there is none. */
  peers: Record<string, number | string>;
}

const ROUNDS = 4;

/** A peer whose call takes longer (in ms) is called once. */
const SLOW = 5e3;

export async function measure(c: Case, tiny: boolean): Promise<Row> {
  const core = await createCore({ threads: c.threads });
  const input = c.input?.(core) ?? [];
  const call = c.prepare(core, ...input);
  const start = performance.now();
  call();
  const cold = performance.now() - start;

  const contestants = tiny ? [] : (c.peers ?? []);
  const files = contestants.length ? writeInput(input) : { inputs: [], remove: () => {} };
  const peers: Row["peers"] = {};
  const samples: number[] = [];
  let peak = 0;
  let margin = 0;
  for (let round = 0; round < (tiny ? 1 : ROUNDS); round++) {
    const stats = repeat(call, tiny ? 0.01 : 0.4);
    samples.push(...stats.sample.map((s) => s * 1e3));
    margin = stats.rme;
    if (!tiny) peak = Math.max(peak, core.peakGflops()[c.type]);
    for (const peer of contestants) {
      const before = peers[peer.name] ?? Infinity;
      if (typeof before === "string" || (round > 0 && before > SLOW)) continue; // a string: there is none
      const ms = await peer.fastest(c.threads, 0.4, files.inputs);
      peers[peer.name] = typeof ms === "number" ? Math.min(ms, before) : ms;
    }
  }
  for (const peer of contestants) peer.close();
  files.remove();
  core.close();

  const warm = Math.min(...samples);
  const mean = samples.reduce((sum, s) => sum + s, 0) / samples.length;
  const row: Row = { name: c.name, threads: c.threads, variant: core.variant, cold, warm, mean, margin, peers };
  if (c.flops) {
    row.gflops = c.flops / warm / 1e6;
    if (peak) row.ofPeak = (100 * row.gflops) / (c.threads * peak);
  }
  return row;
}

/** The matrices as files for the peers. */
function writeInput(input: Matrix[]): { inputs: InputFile[]; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "eigenscope-bench-"));
  const inputs = input.map(({ data, rows, cols }, i): InputFile => {
    const path = join(folder, String(i));
    writeFileSync(path, data);
    return { path, rows, cols, type: data instanceof Float64Array ? "f64" : "f32" };
  });
  return { inputs, remove: () => rmSync(folder, { recursive: true }) };
}

/** Runs benchmark.js on `call` for about so many seconds. */
function repeat(call: () => unknown, seconds: number): Benchmark.Stats {
  const b = new benchmark({ fn: call, maxTime: seconds, minSamples: 3, initCount: 1, minTime: Math.min(0.05, seconds / 4) } as never);
  b.run({ async: false });
  if (b.error) throw b.error;
  return b.stats;
}

/** A rows×cols matrix of seeded numbers from the normal distribution   (Box & Muller 1958). */
export function gaussian(rows: number, cols: number, seed: number): Matrix<Float64Array> {
  const n = rows * cols;
  const u = numbers(n + (n & 1), seed);
  for (let i = 0; i < u.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log((1 - u[i]!) / 2));
    const angle = Math.PI * u[i + 1]!;
    u[i] = radius * Math.cos(angle);
    u[i + 1] = radius * Math.sin(angle);
  }
  return { data: u.subarray(0, n), rows, cols };
}
