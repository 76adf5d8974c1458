// The instructions that kernels are compiled to (assembly/kernel/program.ts).

import type { Activation } from "../networks/activations.ts";

/** Equal to Op of assembly/kernel/program.ts. */
export const OP = {
  STATE: 0,
  DENSE: 1,
  DUPLICATE: 2,
  JOIN: 3,
  THETA: 4,
  SCALE: 5,
  ADD: 6,
  MULTIPLY: 7,
  RECTIFIER: 8,
  GAUSSIAN: 9,
  LAPLACIAN: 10,
  SWAP: 11,
  DISPERSAL: 12,
  CAUCHY: 13,
  MATERN: 14,
  POLYNOMIAL: 15,
  ACTIVATION: 16,
  SERIES: 17,
} as const;

/** Numbers of an instruction. */
export const WIDTH = 8;

/** How many frames each instruction adds to the stack. */
const GROWTH: Partial<Record<number, number>> = {
  [OP.STATE]: 1, [OP.DUPLICATE]: 1, [OP.JOIN]: -1, [OP.ADD]: -1, [OP.MULTIPLY]: -1, [OP.GAUSSIAN]: 1, [OP.LAPLACIAN]: 1,
  [OP.DISPERSAL]: 1, [OP.CAUCHY]: 1, [OP.MATERN]: 1, [OP.POLYNOMIAL]: 1,
  [OP.SERIES]: -1,
};

/** An activation whose Hermite coefficients are put into the tables from outside (networks/fill.ts). */
export interface SeriesPlan {
  activation: Activation;
  /** What K and K̇ are multiplied by. */
  factor: number;
  /** Where the variances are found. */
  inStage: number;
  /** The first of the stages to be filled, 3 + terms. */
  base: number;
  terms: number;
  /** Which instruction it is. */
  at: number;
  /** For messages. */
  what: string;
}

/** A program in the making: instructions, the frames that they need, the stages of the tables that they fill. */
export class Program {
  readonly code: number[] = [];
  /** Most frames at a time. */
  frames = 0;
  /**
   * Of a kernel of distances alone: a power of two that rows are multiplied by, after they were moved towards the origin
   * (assembly/kernel/origin.ts). Otherwise undefined: rows are taken as they are.
   */
  unit?: number;
  /** Rows of a table; the first is |x|². */
  stages = 1;
  readonly series: SeriesPlan[] = [];
  /** Activations that are no rectifiers: the stages of the variances before and after, which may overflow. */
  readonly watched: { activation: Activation; inStage: number; stage: number; what: string }[] = [];
  private depth = 0;

  get size(): number {
    return this.code.length / WIDTH;
  }

  emit(op: number, ...operands: number[]): void {
    this.code.push(op, ...operands, ...new Array<number>(WIDTH - 1 - operands.length).fill(0));
    this.depth += GROWTH[op] ?? 0;
    this.frames = Math.max(this.frames, this.depth);
  }

  /** One more row of the tables. */
  stage(): number {
    return this.stages++;
  }
}
