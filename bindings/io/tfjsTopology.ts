// Which operator takes in each weight of a TensorFlow.js model, from its topology.

import { isRecord } from "./source.ts";

export interface Use { operator: string; layout: "oi" | "io" }

type Json = Record<string, unknown>;

/** A function from the name of a weight to its use; of a manifest alone it knows nothing. */
export function weightUses(json: unknown): (weight: string) => Use | undefined {
  const topology = isRecord(json) && isRecord(json.modelTopology) ? json.modelTopology : {};
  if (Array.isArray(topology.node)) {
    const uses = graphUses(topology.node.filter(isRecord));
    return (weight) => uses.get(weight);
  }
  const layers = layerClasses(topology.model_config ?? topology.config);
  return (weight) => {
    // "model/bidirectional/forward_lstm/kernel": the innermost part that is a layer
    const layer = weight.split("/").reverse().find((part) => layers.has(part));
    return layer === undefined ? undefined : { operator: layers.get(layer)!, layout: "io" };
  };
}

/** Name of a layer → its class, for all that are described at any depth: of nested models and of wrappers too. */
function layerClasses(config: unknown): Map<string, string> {
  const classes = new Map<string, string>();
  const queue = [config];
  while (queue.length) {
    const value = queue.pop();
    if (typeof value !== "object" || value === null) continue;
    const { class_name: type, config: inner } = value as Json;
    if (typeof type === "string" && isRecord(inner) && typeof inner.name === "string") classes.set(inner.name, type);
    for (const child of Object.values(value)) queue.push(child);
  }
  return classes;
}

/** Name of a constant → the first node that computes with it. */
function graphUses(nodes: Json[]): Map<string, Use> {
  const uses = new Map<string, Use>();
  /** What a node only hands on. */
  const same = new Map<string, string>();
  for (const { name, op, input } of nodes) {
    if ((op === "Identity" || op === "ReadVariableOp") && Array.isArray(input)) same.set(valueOf(name), valueOf(input[0]));
  }
  for (const { op, input, attr } of nodes) {
    if (typeof op !== "string" || !Array.isArray(input) || op === "Identity" || op === "ReadVariableOp") continue;
    input.forEach((from, index) => {
      let weight = valueOf(from);
      for (let step = 0; step < LONGEST_CHAIN && same.has(weight); step++) weight = same.get(weight)!;
      if (!uses.has(weight)) uses.set(weight, { operator: isWeight(op, index) ? op : `${op}.${index}`, layout: layoutOf(op, index, isRecord(attr) ? attr : {}) });
    });
  }
  return uses;
}

const LONGEST_CHAIN = 8;

/** Whether an input of a product or convolution is one of its factors: after them come biases and the slopes of a PReLU. */
const isWeight = (op: string, index: number) => (/Conv/.test(op) ? index === 1 : !/MatMul/.test(op) || index < 2);

/** "name:0" and "name" are the same value. */
const valueOf = (input: unknown) => (typeof input === "string" ? input.replace(/:\d+$/, "") : "");

/** A product's left factor is outputs×inputs, its right one inputs×outputs; either may be transposed. */
function layoutOf(op: string, index: number, attr: Json): "oi" | "io" {
  if (!/MatMul/.test(op)) return "io";
  const flag = (name: string) => isRecord(attr[name]) && attr[name].b === true;
  const transposed = index === 0 ? flag("transpose_a") || flag("adj_x") : flag("transpose_b") || flag("adj_y");
  return (index === 0) === transposed ? "io" : "oi";
}
