// Nodes of ONNX that hand on the numbers of a constant, all or some of them, and where its dimensions are afterwards.
//
// Based on: onnx/docs/Operators.md.

import type { NodeRecord, TensorRecord } from "./onnxProto.ts";

/** Which dimension of the constant each of a value's is; −1 for one of size 1 that it does not have. */
export type Order = readonly number[];

/** These change no dimension, though Slice and Split take a part. */
const STRAIGHT = /^(Identity|Cast|CastLike|QuantizeLinear|DequantizeLinear|Slice|Split)$/;
const MOVES = /^(Transpose|Squeeze|Unsqueeze|Reshape|Concat|Gather)$/;
/** Of a value; runtimes have eight dimensions or fewer. */
const MOST_DIMENSIONS = 16;

/** Whether a node may hand on the numbers of this input. */
export const mayMove = (node: NodeRecord, index: number) =>
  (index === 0 || node.op === "Concat") && (STRAIGHT.test(node.op) || MOVES.test(node.op));

/**
 * The order after a node; undefined if it does not hand the numbers on as they lie. `dims`: of the constant. `constant`: of a
 * name. `isFixed`: whether a value is made of constants alone.
 */
export function orderAfter(
  node: NodeRecord, order: Order, dims: readonly number[], constant: (name: string | undefined) => TensorRecord | undefined,
  isFixed: (name: string) => boolean,
): Order | undefined {
  if (STRAIGHT.test(node.op)) return order;
  const listed = (name: string) => {
    const attribute = node.attributes.get(name)?.ints;
    return attribute?.length ? attribute : constant(node.inputs[1])?.ints;
  };
  switch (node.op) {
    case "Concat": return isFixed(node.outputs[0] ?? "") ? order : undefined; // else an activation: a token before others
    case "Transpose": {
      const perm = node.attributes.get("perm")?.ints ?? [];
      return perm.length ? perm.map((d) => order[d] ?? -1) : [...order].reverse();
    }
    case "Squeeze": {
      const axes = listed("axes")?.map((axis) => (axis < 0 ? axis + order.length : axis));
      return order.filter((d, k) => (axes ? !axes.includes(k) : d >= 0 && dims[d] !== 1));
    }
    case "Unsqueeze": {
      const axes = listed("axes");
      if (!axes) return undefined;
      const rank = order.length + axes.length;
      if (rank > MOST_DIMENSIONS) return undefined;
      const added = axes.map((axis) => (axis < 0 ? axis + rank : axis));
      const rest = [...order];
      return Array.from({ length: rank }, (_, k) => (added.includes(k) ? -1 : rest.shift() ?? -1));
    }
    case "Reshape": return reshaped(order, dims, listed("shape"));
    default: { // Gather: an index alone takes a part, a list of them, even of one, looks up
      if (node.op !== "Gather" || constant(node.inputs[1])?.dims.length !== 0) return undefined;
      const axis = node.attributes.get("axis")?.i ?? 0;
      return order.filter((_, k) => k !== (axis < 0 ? axis + order.length : axis));
    }
  }
}

/** Where dimensions of size 1 come or go, and no others are merged or divided. */
function reshaped(order: Order, dims: readonly number[], shape: number[] | undefined): Order | undefined {
  if (!shape) return undefined;
  const size = (d: number | undefined) => (d === undefined || d < 0 ? 1 : dims[d]!);
  const total = order.reduce((product, d) => product * size(d), 1);
  const copied = shape.map((n, k) => (n === 0 ? size(order[k]) : n));
  const known = copied.reduce((product, n) => (n === -1 ? product : product * n), 1);
  const wide = order.filter((d) => size(d) !== 1);
  let next = 0;
  const result = copied.map((n) => {
    const wanted = n === -1 ? total / known : n;
    if (wanted === 1) return -1;
    return size(wide[next]) === wanted ? wide[next++]! : NaN;
  });
  return next === wide.length && !result.some(Number.isNaN) ? result : undefined;
}

/** Which dimensions of a matrix multiplied by an input are of its outputs, by the equation of Einsum: of two, the layout. */
export function einsumLayout(equation: string, index: number, order: Order): "oi" | "io" | undefined {
  const [left = "", right] = equation.replace(/\s/g, "").split("->");
  const terms = left.split(",");
  const own = terms[index] ?? "";
  if (right === undefined || order.length !== 2 || own.length !== 2) return undefined;
  const others = terms.filter((_, k) => k !== index).join("");
  const isOutput = [...own].map((letter) => right.includes(letter) && !others.includes(letter));
  const isInput = [...own].map((letter) => !right.includes(letter) && others.includes(letter));
  const [first, second] = order[0]! < order[1]! ? [0, 1] : [1, 0];
  if (isOutput[first] && isInput[second]) return "oi";
  return isInput[first] && isOutput[second] ? "io" : undefined;
}
