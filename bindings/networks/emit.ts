// A network as instructions: the recursion of its layers for the covariance K and the tangent kernel Θ.
//
// Based on: Lee et al., Wide neural networks of any depth evolve as linear models, 2019 (the recursion);
// Sohl-Dickstein, Novak, Schoenholz & Lee, On the infinite width limit of neural networks with a standard
// parameterization, 2020.

import { OptionError } from "../errors.ts";
import { OP, type Program } from "../kernels/instructions.ts";
import type { Activation } from "./activations.ts";
import { checkActivation, checkDense, checkLayers, checkNetwork } from "./check.ts";
import { closedFormOf, rectifierOf } from "./closedForms.ts";
import { degreesOf, MOMENTS, squareOf, termsOf } from "./coefficients.ts";
import type { Convention, Dense, Layer, Network } from "./layers.ts";

export interface Emission {
  fn: string;
  program: Program;
  convention: Convention;
  /** Whether Θ is wanted. */
  tangent: boolean;
}

/** Leaves a frame with K and Θ of a network of rows of d numbers on the stack; Θ only if `tangent`. */
export function emitNetwork(fn: string, program: Program, network: Network, d: number, tangent: boolean, path: string): void {
  checkNetwork(fn, path, network);
  const { layers, convention } = network;
  program.emit(OP.STATE, convention === "tutorial" ? 1 : 1 / d, 0);
  emitLayers({ fn, program, convention, tangent }, layers, d, `${path}.layers`);
}

/** Returns the width of the last layer. */
function emitLayers(to: Emission, layers: readonly Layer[], width: number, path: string): number {
  checkLayers(to.fn, path, layers);
  layers.forEach((layer, i) => {
    const at = `${path}[${i}]`;
    if (layer?.kind === "dense") {
      checkDense(to.fn, at, layer);
      emitDense(to, layer, width);
      width = layer.width;
    } else if (layer?.kind === "residual") {
      const { program } = to;
      program.emit(OP.DUPLICATE);
      const end = emitLayers(to, layer.layers, width, `${at}.layers`);
      // the shortcut starts from what the branch started from, which lies below the branch's result
      program.emit(OP.SWAP);
      emitLayers(to, layer.shortcut, width, `${at}.shortcut`);
      program.emit(OP.JOIN, program.stage(), program.stage());
      width = end;
    } else {
      checkActivation(to.fn, at, layer, "dense, residual or ");
      emitActivation(to, layer, at);
    }
  });
  return width;
}

function emitDense({ program, convention }: Emission, { weightStd, biasStd }: Dense, fanIn: number): void {
  const standard = convention === "standard";
  const bias = biasStd === undefined ? 0 : biasStd ** 2;
  const constant = standard && biasStd !== undefined ? 1 : 0;
  program.emit(OP.DENSE, program.stage(), weightStd ** 2, bias, standard ? fanIn : 0, standard ? 0 : 1, constant);
}

export function emitActivation(to: Emission, activation: Activation, path: string): void {
  const { program } = to;
  const rectifier = rectifierOf(activation);
  if (rectifier) {
    const { a, b } = rectifier;
    program.emit(OP.RECTIFIER, program.stage(), program.stage(), a, b, factorOf(to, (a * a + b * b) / 2, path));
    return;
  }
  const closed = closedFormOf(activation);
  const inStage = program.stage();
  const outStage = program.stage();
  const what = `${path} (${nameOf(activation)})`;
  program.watched.push({ activation, inStage, stage: outStage, what });
  if (closed) {
    program.emit(OP.ACTIVATION, inStage, outStage, factorOf(to, closed.square, path), closed.dual, ...closed.parameters);
    return;
  }
  if (to.tangent && activation.kind === "tabulated" && activation.jumps) {
    throw new OptionError(`${to.fn}: ${what} jumps, expected a continuous activation where there is a tangent kernel`);
  }
  const square = to.convention === "tutorial" ? squareOf(activation) : 1;
  const base = program.stages;
  const terms = termsOf(activation);
  for (let i = 0; i < MOMENTS + terms; i++) program.stage();
  const { first, step } = degreesOf(activation);
  program.emit(OP.DUPLICATE); // scratch
  program.emit(OP.SERIES, inStage, outStage, base, 1, first, step);
  program.series.push({ activation, factor: factorOf(to, square, path), inStage, base, terms, at: program.size - 1, what });
}

/** What normalises an activation with that 𝔼 φ(z)² in the tutorial's convention. */
function factorOf({ fn, convention }: Emission, square: number, path: string): number {
  if (convention !== "tutorial") return 1;
  const factor = 1 / square;
  if (factor > 0 && factor < Infinity) return factor;
  throw new OptionError(`${fn}: ${path} has E φ(z)² = ${square}, expected a positive number where the convention "tutorial" normalises by it`);
}

const nameOf = (activation: Activation) => (activation.kind === "tabulated" ? activation.name : activation.kind);
