// The checks of a network's description, before anything is computed.

import { OptionError } from "../errors.ts";
import { checkOptions, type OptionNames } from "../options.ts";
import type { Activation } from "./activations.ts";
import type { Convention, Dense, Layer, Network } from "./layers.ts";

const CONVENTIONS: Convention[] = ["ntk", "standard", "tutorial"];

/** Degrees beyond have coefficients that cancel. */
const MOST_DEGREE = 32;

/** What each activation takes, besides `kind`. */
const ACTIVATIONS: Record<Activation["kind"], string[]> = {
  identity: [], relu: [], leakyRelu: ["slope"], abRelu: ["a", "b"], abs: [], step: [], sign: [], erf: ["a", "b", "c"],
  sigmoidLike: [], gelu: [], sin: ["a", "b", "c"], cos: ["a", "b", "c"], rbf: ["gamma"], exp: ["a", "b"], gaussian: ["a", "b"],
  gabor: [], monomial: ["degree"], rectifiedMonomial: ["degree"], hermite: ["degree"], polynomial: [], tanh: [], sigmoid: [],
  swish: [], softplus: [], tabulated: [],
};

/** Refuses what is no network; layers are checked as they are met. */
export function checkNetwork(fn: string, path: string, network: Network): void {
  const { layers, convention } = (network ?? {}) as Partial<Network>;
  checkLayers(fn, `${path}.layers`, layers);
  if (!CONVENTIONS.includes(convention!)) refuse(fn, `${path}.convention`, convention, `one of ${CONVENTIONS.join(", ")}`);
}

export function checkLayers(fn: string, path: string, layers: unknown): asserts layers is readonly Layer[] {
  if (!Array.isArray(layers)) refuse(fn, path, layers, "an array of layers");
}

const denseNames: OptionNames<Dense> = { kind: true, weightStd: true, biasStd: true, width: true };

export function checkDense(fn: string, path: string, dense: Dense): void {
  checkOptions(fn, dense, denseNames, path); // biasStd may be absent, so misspelt it would be
  const { weightStd, biasStd, width } = dense;
  if (!(Number.isFinite(weightStd) && weightStd >= 0)) refuse(fn, `${path}.weightStd`, weightStd, "a number from 0 on");
  if (biasStd !== undefined && !(Number.isFinite(biasStd) && biasStd >= 0)) refuse(fn, `${path}.biasStd`, biasStd, "a number from 0 on, or none");
  if (!(Number.isInteger(width) && width > 0)) refuse(fn, `${path}.width`, width, "a whole number from 1 on");
}

/** `others`: what else may stand there. */
export function checkActivation(fn: string, path: string, activation: Activation, others = ""): void {
  const kind = (activation as Partial<Activation> | undefined)?.kind;
  const names = Object.hasOwn(ACTIVATIONS, kind ?? "") ? ACTIVATIONS[kind!] : undefined;
  if (!names) refuse(fn, `${path}.kind`, kind, `${others}one of the activations ${Object.keys(ACTIVATIONS).join(", ")}`);
  for (const name of names) {
    const value = (activation as unknown as Record<string, unknown>)[name];
    if (!Number.isFinite(value)) refuse(fn, `${path}.${name}`, value, "a finite number");
  }
  switch (activation.kind) {
    case "rbf":
      if (activation.gamma <= 0) refuse(fn, `${path}.gamma`, activation.gamma, "a number above 0");
      return;
    case "rectifiedMonomial": return checkDegree(fn, path, activation.degree, 2);
    case "monomial": case "hermite": return checkDegree(fn, path, activation.degree, MOST_DEGREE);
    case "polynomial": {
      const { coefficients } = activation;
      const fits = areNumbers(coefficients) && coefficients.length > 0 && coefficients.length <= MOST_DEGREE + 1;
      if (!fits) refuse(fn, `${path}.coefficients`, coefficients, `an array of 1 to ${MOST_DEGREE + 1} finite numbers`);
      return;
    }
    case "tabulated": {
      const { edges, coefficients, breakpoints, jumps, error } = activation;
      const fits = areNumbers(edges) && edges.length > 1 && edges.every((x, i) => i === 0 || x > edges[i - 1]!)
        && Array.isArray(coefficients) && coefficients.length === edges.length - 1 && coefficients.every((c) => areNumbers(c) && c.length > 0)
        && areNumbers(breakpoints) && typeof jumps === "boolean" && Number.isFinite(error);
      if (!fits) refuse(fn, path, "a table with other contents", "what networks.activation(fn) gives");
    }
  }
}

/** An array of finite numbers, with none left out. */
function areNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.findIndex((x) => !Number.isFinite(x)) < 0;
}

function checkDegree(fn: string, path: string, degree: number, most: number): void {
  if (!(Number.isInteger(degree) && degree >= 0 && degree <= most)) refuse(fn, `${path}.degree`, degree, `a whole number from 0 to ${most}`);
}

function refuse(fn: string, what: string, value: unknown, expected: string): never {
  throw new OptionError(`${fn}: ${what} is ${String(value)}, expected ${expected}`);
}
