// Fork-join over the threads that share this memory: spawned by JavaScript, scheduled here.
//
// A region is n items cut into chunks of `grain`. Whoever wants a chunk claims it from the TICKET
//
//     63            32 31             0
//    ┌────────────────┬────────────────┐
//    │     epoch      │ unclaimed      │   one compare-and-swap takes one chunk
//    └────────────────┴────────────────┘
//
// and reads the job only after the claim. A claim pins the job: the caller publishes no other until
// every claimed chunk is counted in DONE. A late thread that still holds an old ticket fails its
// compare-and-swap, because the epoch has moved. (A shared `next` index with a job copied before
// the claim is wrong: a late thread then runs the old job on the new counter.)
//
// Chunks depend on n and grain only, never on the number of threads, and every reduction adds in
// chunk order: results are bitwise equal for any number of threads.
//
// One caller at a time; a task must not open a region. A task may wait for a chunk with a LOWER
// number, since chunks are claimed in ascending order and a claimed chunk is always being run.
//
// Control block, in the first 4 KiB of memory (asconfig memoryBase), one cache line per writer:
//
//       64 TICKET i64     128 DONE i32      192 JOB: task, n, grain, chunks  (i32 each)
//      256 WAKE i32       260 SLEEPERS i32  264 STOP i32 (workers leave)     268 THREADS i32
//      320 ABORT i32      328 PROGRESS f64 (fraction done)     336 ALONE i32 (one kernel is all of the call)
//     1024…4095 ARGS      the arguments of the current region, written by the caller

import { runTask } from "./tasks";

const TICKET: usize = 64;
const DONE: usize = 128;
const JOB: usize = 192;
const WAKE: usize = 256;
const SLEEPERS: usize = 260;
const STOP: usize = 264;
const ABORT: usize = 320;
const PROGRESS: usize = 328;
const ALONE: usize = 336;
const ARGS: usize = 1024;

/** What fail_chunk puts into the abort word; an abort puts 1. */
const FAILED: i32 = 2;

/** Kernels return this when the abort word was set: their results are then meaningless. */
export const INFO_ABORTED: i32 = i32.MIN_VALUE;

/** Looks at a word before a thread sleeps over it: about 0.2 ms, dozens of region gaps. */
const SPINS: i32 = 20000;

/** How long whoever waits for a chunk naps (ns): ten times the overhead of a region. */
const NAP: i64 = 50_000;

/** A sleeping worker looks for STOP at least this often (ns), in case a wake-up was lost. */
const SLEEP: i64 = 1_000_000_000;

// @ts-ignore: decorator
@external("env", "tick")
declare function tick(done: f64, total: f64): void;

/** The arguments of the next region, as an @unmanaged record T of at most 3 KiB. */
// @ts-ignore: decorator
@inline
export function args<T>(): T {
  return changetype<T>(ARGS);
}

/**
 * Runs task(i0, i1) over [0, n) in chunks [c·grain, min(n, (c+1)·grain)); returns when all are done.
 * The task finds its arguments in args<T>(). Returns 0, or INFO_ABORTED: the remaining chunks were
 * then skipped. An uncontended region costs 2-5 µs. With `tell` its chunks are the progress of the call.
 */
export function parallelFor(task: i32, n: i32, grain: i32, tell: bool = false): i32 {
  if (n <= 0) return 0;
  const chunks = (n + grain - 1) / grain;
  if (ASC_FEATURE_THREADS) {
    if (chunks > 1) {
      store<i32>(JOB, task, 0);
      store<i32>(JOB, n, 4);
      store<i32>(JOB, grain, 8);
      store<i32>(JOB, chunks, 12);
      atomic.store<i32>(DONE, 0);
      // the caller has chunk 0 already, so that the others begin while it does
      const epoch = (atomic.load<i64>(TICKET) >>> 32) + 1;
      atomic.store<i64>(TICKET, (epoch << 32) | i64(chunks - 1));
      atomic.add<i32>(WAKE, 1);
      if (atomic.load<i32>(SLEEPERS) > 0) atomic.notify(WAKE, -1);
      if (!aborted()) runTask(task, 0, grain);
      atomic.add<i32>(DONE, 1);
      while (claim()) {
        if (tell) progress(atomic.load<i32>(DONE), chunks);
      }
      wait(DONE, chunks, false);
      return aborted() ? INFO_ABORTED : 0;
    }
  }
  for (let c = 0; c < chunks; c++) {
    if (aborted()) return INFO_ABORTED;
    runTask(task, c * grain, min(n, (c + 1) * grain));
    if (tell) progress(c + 1, chunks);
  }
  return 0;
}

/**
 * Waits until the i32 at `word` is at least `least`: looks at it for a while, then naps, which leaves
 * the core to a thread that lost its own. False if it gave up because of an abort.
 */
function wait(word: usize, least: i32, mayGiveUp: bool): bool {
  let looks = 0;
  for (let seen = atomic.load<i32>(word); seen < least; seen = atomic.load<i32>(word)) {
    if (mayGiveUp && aborted()) return false;
    if (++looks > SPINS) atomic.wait<i32>(word, seen, NAP);
  }
  return true;
}

/**
 * Within a task: waits until a chunk with a lower number has brought the i32 at `word` to at least
 * `least`. False after an abort; the task must then return. At once without threads: chunks run in order.
 */
export function awaitChunk(word: usize, least: i32): bool {
  if (ASC_FEATURE_THREADS) return wait(word, least, true);
  return true;
}

/** Within a task: tells chunks with higher numbers how far this one is. */
export function tellChunks(word: usize, value: i32): void {
  if (ASC_FEATURE_THREADS) atomic.store<i32>(word, value);
}

/** Takes one chunk and runs it. False when there is none to take. */
function claim(): bool {
  let ticket = atomic.load<i64>(TICKET);
  while (<i32>ticket > 0) {
    const seen = atomic.cmpxchg<i64>(TICKET, ticket, ticket - 1);
    if (seen == ticket) {
      const n = load<i32>(JOB, 4);
      const grain = load<i32>(JOB, 8);
      const c = load<i32>(JOB, 12) - <i32>ticket;
      if (!aborted()) runTask(load<i32>(JOB), c * grain, min(n, (c + 1) * grain));
      atomic.add<i32>(DONE, 1);
      return true;
    }
    ticket = seen;
  }
  return false;
}

/** The life of a pool worker: run chunks, sleep when there are none, leave on STOP. */
export function workerLoop(): void {
  if (ASC_FEATURE_THREADS) {
    let idle = 0;
    while (!atomic.load<i32>(STOP)) {
      if (claim()) {
        idle = 0;
      } else if (++idle > SPINS) {
        atomic.add<i32>(SLEEPERS, 1);
        // The region that is published after this load changes WAKE, so the wait falls through.
        const seen = atomic.load<i32>(WAKE);
        if (!claim() && !atomic.load<i32>(STOP)) atomic.wait<i32>(WAKE, seen, SLEEP);
        atomic.sub<i32>(SLEEPERS, 1);
        idle = 0;
      }
    }
  }
}

/**
 * For a worker whose chunk trapped, which only a bug can bring about: counts the chunk and aborts the
 * region, so that its caller does not wait for ever.
 */
export function fail_chunk(): void {
  if (ASC_FEATURE_THREADS) {
    atomic.store<i32>(ABORT, FAILED);
    atomic.add<i32>(DONE, 1);
  }
}

/** Lets the workers of this memory leave their loops. */
export function stopWorkers(): void {
  if (ASC_FEATURE_THREADS) {
    atomic.store<i32>(STOP, 1);
    atomic.add<i32>(WAKE, 1);
    atomic.notify(WAKE, -1);
  }
}

/**
 * True for the one chunk that takes bit `bit` of the word first: for chunks that choose their work.
 * The caller of parallelFor clears the word before the region.
 */
export function claimBit(word: usize, bit: i32): bool {
  if (ASC_FEATURE_THREADS) return (atomic.or<i32>(word, 1 << bit) & (1 << bit)) == 0;
  const old = load<i32>(word);
  store<i32>(word, old | (1 << bit));
  return (old & (1 << bit)) == 0;
}

/** Gives a bit back that claimBit gave. */
export function releaseBit(word: usize, bit: i32): void {
  if (ASC_FEATURE_THREADS) atomic.and<i32>(word, ~(1 << bit));
  else store<i32>(word, load<i32>(word) & ~(1 << bit));
}

/** True once the abort word is set. Serial loops over 10 ms look here and return INFO_ABORTED. */
// @ts-ignore: decorator
@inline
export function aborted(): bool {
  if (ASC_FEATURE_THREADS) return atomic.load<i32>(ABORT) != 0;
  return false;
}

/** Tells how far the call has come; done ≤ total. Cheap enough for every 10 ms, not for inner loops. */
export function progress(done: f64, total: f64): void {
  if (ASC_FEATURE_THREADS) atomic.store<i64>(PROGRESS, reinterpret<i64>(done / total));
  else tick(done, total);
}

/**
 * Whether the kernel is all of its call, and not one step of many: then it tells its own progress as that
 * of the call. Only who asks first is told so: the kernels within it are steps.
 */
export function alone(): bool {
  const answer = load<i32>(ALONE) != 0;
  store<i32>(ALONE, 0);
  return answer;
}

/** The word (i32) by which JavaScript says so. */
export function alone_word(): usize {
  return ALONE;
}

/** Where the words that JavaScript reads and writes are: the abort word (i32). */
export function abort_word(): usize {
  return ABORT;
}

/** The progress word (the bits of an f64 in [0, 1]). */
export function progress_word(): usize {
  return PROGRESS;
}

/** The first byte that belongs to JavaScript's allocator. */
export function heap_base(): usize {
  return (__heap_base + 63) & ~63;
}
