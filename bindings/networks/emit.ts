// A network as instructions: the recursion of its layers for the covariance K and the tangent kernel Θ.
//
// Based on: Lee et al., Wide neural networks of any depth evolve as linear models, 2019 (the recursion);
// Sohl-Dickstein, Novak, Schoenholz & Lee, On the infinite width limit of neural networks with a standard
// parameterization, 2020.

import { OptionError } from "../errors.ts";
import { OP, type Program } from "../kernels/instructions.ts";
import type { Activation, Convention, Dense, Layer, Network } from "./layers.ts";

interface Emission {
  fn: string;
  program: Program;
  convention: Convention;
}

/** Leaves a frame with K and Θ of a network of rows of d numbers on the stack. */
export function emitNetwork(fn: string, program: Program, network: Network, d: number): void {
  const { layers, convention } = network;
  program.emit(OP.STATE, convention === "tutorial" ? 1 : 1 / d, 0);
  emitLayers({ fn, program, convention }, layers, d);
}

/** Returns the width of the last layer. */
function emitLayers(to: Emission, layers: Layer[], width: number): number {
  for (const layer of layers) {
    if (layer.kind === "dense") {
      emitDense(to, layer, width);
      width = layer.width;
    } else if (layer.kind === "residual") {
      const { program } = to;
      program.emit(OP.DUPLICATE);
      const end = emitLayers(to, layer.layers, width);
      // the shortcut starts from what the branch started from, which lies below the branch's result
      program.emit(OP.SWAP);
      emitLayers(to, layer.shortcut, width);
      program.emit(OP.JOIN, program.stage(), program.stage());
      width = end;
    } else {
      emitActivation(to, layer);
    }
  }
  return width;
}

function emitDense({ program, convention }: Emission, { weightStd, biasStd }: Dense, fanIn: number): void {
  const standard = convention === "standard";
  const bias = biasStd === undefined ? 0 : biasStd ** 2;
  const constant = standard && biasStd !== undefined ? 1 : 0;
  program.emit(OP.DENSE, program.stage(), weightStd ** 2, bias, standard ? fanIn : 0, standard ? 0 : 1, constant);
}

function emitActivation(to: Emission, activation: Activation): void {
  switch (activation.kind) {
    case "identity": return emitRectifier(to, 1, 1);
    case "relu": return emitRectifier(to, 0, 1);
    case "leakyRelu": return emitRectifier(to, activation.slope, 1);
    case "abRelu": return emitRectifier(to, activation.a, activation.b);
    case "abs": return emitRectifier(to, -1, 1);
    default: throw new OptionError(`${to.fn}: ${(activation as { kind: string }).kind} is no activation`);
  }
}

function emitRectifier({ program, convention }: Emission, a: number, b: number): void {
  const scale = convention === "tutorial" ? 2 / (a * a + b * b) : 1;
  program.emit(OP.RECTIFIER, program.stage(), program.stage(), a, b, scale);
}
