// What an ONNX graph does with its constants: the operator that takes each in, how it is oriented there, and from
// which scale and zero point it is made where it is quantised.
//
// Based on: onnx/docs/Operators.md, onnxruntime/docs/ContribOperators.md.

import { einsumLayout, mayMove, orderAfter, type Order } from "./onnxMoves.ts";
import { functionKey, type AttributeRecord, type GraphRecord, type ModelRecord, type NodeRecord, type TensorRecord } from "./onnxProto.ts";

/** A constant of a graph, and what is known of it. */
export interface Constant {
  /** With the module before it where it has none of its own, and the graph's path where another has the same name. */
  name: string;
  tensor: TensorRecord;
  /** Of a Constant node, not among the initialisers. */
  isNode: boolean;
  use?: Use;
}

export interface Use {
  operator: string;
  /** Name of the node. */
  node: string;
  layout: "oi" | "io";
  /** Of a convolution. */
  groups?: number;
  quantized?: Quantized;
  /** Why the numbers can't be had, though they are there. */
  reason?: string;
}

/** scale·(q − zero); the scale is one number, or a list along `axis`, or a tensor of one for each `block` along it. */
export interface Quantized { scale: TensorRecord; zero?: TensorRecord; axis: number; block: number }

/** A graph or a function's body within the model. */
interface Scope {
  graph: GraphRecord;
  path: string;
  parent?: Scope;
  /** Name of a value → where it is taken in, in this graph or one within it. */
  consumers: Map<string, Consumer[]>;
  constants: Map<string, TensorRecord>;
  /** Name of a value → the node that makes it. */
  makers: Map<string, NodeRecord>;
  /** Name of a value → whether it is made of constants alone, where that was asked. */
  fixed: Map<string, boolean>;
}

interface Consumer { node: NodeRecord; index: number; scope: Scope }

/** Operators that take in weights as whole numbers: which inputs are the weights, their scale and their zero point. */
const QUANTIZED_OPERANDS = new Map<string, [weight: number, scale: number | "after", zero: number][]>([
  ["DequantizeLinear", [[0, 1, 2]]],
  ["QLinearConv", [[3, 4, 5]]],
  ["QLinearMatMul", [[0, 1, 2], [3, 4, 5]]],
  ["QGemm", [[3, 4, 5]]],
  ["QAttention", [[1, 4, 7]]],
  ["DynamicQuantizeMatMul", [[1, 2, 3]]],
  ["DynamicQuantizeLSTM", [[1, 8, 9], [2, 10, 11]]],
  ["MatMulIntegerToFloat", [[1, 3, 5]]],
  // the product is of whole numbers, and scaled when it is done
  ["MatMulInteger", [[0, "after", 2], [1, "after", 3]]],
  ["ConvInteger", [[1, "after", 3]]],
]);
/** Several numbers in a byte, of which no node says where. */
const PACKED = /^(MatMulNBits|MatMulBnb4|MatMulFpQ4|GatherBlockQuantized)$/;
/** Of the operators with "Attention" in their name those that have weights, and at which inputs; others take them when multiplied. */
const ATTENTION_WEIGHTS = new Map([["Attention", [1]], ["QAttention", [1]], ["PackedAttention", [1]], ["LongformerAttention", [1, 4]], ["DecoderAttention", [2, 3]]]);
/** Those whose weights one means: they come before a mere Add or Shape of the same constant. */
const LAYERS = /Gemm|MatMul|Conv|LSTM|GRU|RNN|Attention|^Gather/;
const RECURRENT_INPUTS = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"];
/** Nodes that are looked at for one constant. */
const LONGEST_SEARCH = 64;
const DEEPEST_SEARCH = 16;

/** A part of the path before the names of a graph within others: each of its constants may bear it. */
const short = (name: string) => name.slice(0, 100);

/** All constants of a model, each graph's own in its order, and the names of those that are sparse. */
export function constantsOf(model: ModelRecord): { constants: Constant[]; sparse: string[] } {
  const constants: Constant[] = [];
  const bodies = new Map<string, Scope>();
  const all: Scope[] = [];
  scopeOf(model.graph, "", undefined, all);
  for (const [key, body] of model.functions) bodies.set(key, scopeOf(body, `${short(key.replace(/^:/, ""))}/`, undefined, all));
  const graphsWith = new Map<string, number>();
  for (const scope of all) for (const name of scope.constants.keys()) graphsWith.set(name, (graphsWith.get(name) ?? 0) + 1);
  for (const scope of all) {
    const initializers = new Set(scope.graph.initializers);
    for (const [name, tensor] of scope.constants) {
      const isNode = !initializers.has(tensor);
      const use = useOf(name, { tensor, isNode }, scope, bodies);
      const path = graphsWith.get(name) === 1 ? "" : scope.path;
      constants.push({ name: path + moduleOf(name, use) + name, tensor, isNode, ...(use && { use }) });
    }
  }
  return { constants, sparse: all.flatMap(({ graph, path }) => graph.sparse.map((name) => path + name)) };
}

/**
 * torch.onnx names what it has transposed or merged "onnx::MatMul_215", and the node that takes it in after the module
 * that it was in: "/encoder/query/MatMul".
 */
function moduleOf(name: string, use: Use | undefined): string {
  if (!name.startsWith("onnx::") || !use?.node.startsWith("/")) return "";
  const module = short(use.node.split("/").filter((part) => part !== "").slice(0, -1).join("."));
  return module && `${module}/`;
}

function scopeOf(graph: GraphRecord, path: string, parent: Scope | undefined, all: Scope[]): Scope {
  const scope: Scope = { graph, path, consumers: new Map(), constants: new Map(), makers: new Map(), fixed: new Map(), ...(parent && { parent }) };
  all.push(scope);
  for (const tensor of graph.initializers) scope.constants.set(tensor.name, tensor);
  graph.nodes.forEach((node, n) => {
    for (const output of node.outputs) scope.makers.set(output, node);
    const value = node.op === "Constant" && node.attributes.get("value")?.tensor;
    if (value && node.outputs[0]) scope.constants.set(node.outputs[0], value);
    node.inputs.forEach((input, index) => addTo(scope.consumers, input, [{ node, index, scope }]));
    for (const [name, { graphs }] of node.attributes) {
      const inside = `${path}${short(node.name || `${node.op}_${n}`)}/${short(name)}/`;
      for (const inner of graphs) scopeOf(inner, inside, scope, all);
    }
  });
  // what this graph takes from the one around it
  if (parent) for (const [name, list] of scope.consumers) {
    if (!scope.constants.has(name) && !scope.makers.has(name)) addTo(parent.consumers, name, list);
  }
  return scope;
}

function addTo(consumers: Map<string, Consumer[]>, name: string, list: Consumer[]): void {
  const known = consumers.get(name);
  if (known) for (const consumer of list) known.push(consumer);
  else consumers.set(name, [...list]);
}

/** One constant on its way: under which name it goes, turned how, and how it is made of whole numbers. */
interface Step { value: string; scope: Scope; order: Order; quantized?: Quantized; reason?: string; rounded: boolean }

/** Follows a constant through what hands it on, quantisation and functions to the first operator that computes with it. */
function useOf(name: string, constant: Pick<Constant, "tensor" | "isNode">, scope: Scope, bodies: Map<string, Scope>): Use | undefined {
  let first: Use | undefined;
  const steps: Step[] = [{ value: name, scope, order: constant.tensor.dims.map((_, d) => d), rounded: false }];
  let seen = 0;
  for (let s = 0; s < steps.length && s < LONGEST_SEARCH; s++) {
    const step = steps[s]!;
    for (const consumer of step.scope.consumers.get(step.value) ?? []) {
      if (++seen > LONGEST_SEARCH) return first;
      const { node, index } = consumer;
      const next = nextSteps(step, consumer, constant.tensor, bodies);
      if (next) steps.push(...next);
      else {
        const use = useBy(node, index, step, consumer.scope, constant);
        if (LAYERS.test(use.operator) && !use.operator.includes(".")) return use;
        first ??= use;
      }
    }
  }
  return first;
}

function nextSteps(step: Step, { node, index, scope }: Consumer, { dims }: TensorRecord, bodies: Map<string, Scope>): Step[] | undefined {
  const body = bodies.get(functionKey(node.domain, node.op));
  const inner = body?.graph.inputs[index];
  if (body && inner !== undefined) return [{ ...step, value: inner, scope: body }];
  if (!mayMove(node, index)) return undefined;
  const order = orderAfter(node, step.order, dims, (name) => constantAt(scope, name), (name) => isFixed(name, scope));
  if (!order) return undefined;
  const next: Step = { ...step, scope, order };
  if (node.op === "QuantizeLinear") next.rounded = true;
  if (node.op === "DequantizeLinear" && !step.rounded && !step.quantized) Object.assign(next, quantizedBy(node, scope, 0, step));
  return node.outputs.slice(0, LONGEST_SEARCH).map((value) => ({ ...next, value }));
}

/** Whether a value is made of constants alone, by nodes that hand on numbers. */
function isFixed(name: string, scope: Scope, depth = 0): boolean {
  if (constantAt(scope, name)) return true;
  const known = scope.fixed.get(name);
  if (known !== undefined || depth > DEEPEST_SEARCH) return known ?? false;
  scope.fixed.set(name, false); // until it is known, in a circle too
  const maker = scope.makers.get(name);
  const fixed = maker !== undefined && mayMove(maker, 0) && maker.inputs.every((input, k) => (k > 0 && maker.op !== "Concat") || isFixed(input, scope, depth + 1));
  scope.fixed.set(name, fixed);
  return fixed;
}

function useBy(node: NodeRecord, index: number, step: Step, scope: Scope, { tensor, isNode }: Pick<Constant, "tensor" | "isNode">): Use {
  const { layout, turned } = layoutOf(node, index, step.order, tensor.dims);
  // a Constant node multiplied by weights is a state to start from
  const isState = isNode && index === 0 && /^(Gemm|MatMul)$/.test(node.op) && isFixed(node.inputs[1] ?? "", scope);
  const use: Use = { operator: turned ? "Transpose" : isState ? `${node.op}.A` : operatorOf(node.op, index), node: node.name, layout };
  if (/Conv/.test(node.op)) use.groups = attribute(node, "group")?.i ?? 1;
  if (step.quantized) use.quantized = step.quantized;
  if (step.reason) use.reason = step.reason;
  if (!step.quantized) Object.assign(use, quantizedBy(node, scope, index, step));
  if (PACKED.test(node.op) && !use.operator.includes(".")) use.reason = `packed for ${node.op}`;
  return use;
}

/** Of an operator's inputs those that are weights; undefined where it has none to tell apart. */
function weightInputs(op: string): readonly number[] | undefined {
  if (/Attention$/.test(op)) return ATTENTION_WEIGHTS.get(op) ?? [];
  if (PACKED.test(op)) return [op.startsWith("Gather") ? 0 : 1];
  if (/(LSTM|GRU|RNN)$/.test(op)) return [1, 2];
  if (op !== "DequantizeLinear" && QUANTIZED_OPERANDS.has(op)) return QUANTIZED_OPERANDS.get(op)!.map(([weight]) => weight);
  if (/Gemm|MatMul/.test(op)) return [0, 1];
  if (/Conv/.test(op)) return [1];
  return undefined;
}

/** The op_type; for an input that is none of its weights with the input's name or number: "LSTM.B", "Gemm.C", "Conv.2". */
function operatorOf(op: string, index: number): string {
  if (weightInputs(op)?.includes(index) ?? true) return op;
  const names = /(LSTM|GRU|RNN)$/.test(op) ? RECURRENT_INPUTS : op === "Gemm" ? ["A", "B", "C"] : [];
  return `${op}.${names[index] ?? index}`;
}

function quantizedBy(node: NodeRecord, scope: Scope, index: number, { order }: Step): Pick<Use, "quantized" | "reason"> {
  const operand = QUANTIZED_OPERANDS.get(node.op)?.find(([weight]) => weight === index);
  if (!operand) return {};
  const [, scaleAt, zeroAt] = operand;
  const scale = scaleAt === "after" ? scaleAfter(node, scope) : constantAt(scope, node.inputs[scaleAt]);
  const zeroName = node.inputs[zeroAt];
  const zero = constantAt(scope, zeroName);
  if (!scale || (zeroName && !zero)) return { reason: `quantised for ${node.op}, by a scale or zero point that is no constant` };
  // a convolution has a scale for each output, the first dimension, a product one for each column
  const axis = node.op === "DequantizeLinear" ? attribute(node, "axis")?.i ?? 1 : /Conv/.test(node.op) ? 0 : -1;
  return { quantized: { scale, ...(zero && { zero }), axis: order.at(axis) ?? -1, block: attribute(node, "block_size")?.i ?? 0 } };
}

/** The weights' scale where a product of whole numbers is cast and then multiplied by it, or by it times the inputs' scale. */
function scaleAfter(node: NodeRecord, scope: Scope): TensorRecord | undefined {
  const nextOf = (from: NodeRecord | undefined, op: string) =>
    scope.consumers.get(from?.outputs[0] ?? "")?.slice(0, LONGEST_SEARCH).find((consumer) => consumer.node.op === op)?.node;
  const product = nextOf(nextOf(node, "Cast"), "Mul");
  for (const input of product?.inputs.slice(0, 2) ?? []) {
    const maker = scope.makers.get(input);
    const scales = maker?.op === "Mul" ? maker.inputs.slice(0, 2) : [input];
    const found = scales.map((name) => constantAt(scope, name)).find((tensor) => tensor);
    if (found) return found;
  }
  return undefined;
}

/** How the constant, of `dims`, lies in the file, when `order` says which of its dimensions each of the operator's is. */
function layoutOf(node: NodeRecord, index: number, order: Order, dims: readonly number[]): { layout: "oi" | "io"; turned: boolean } {
  if (/Gemm|MatMul|Attention|DynamicQuantizeLSTM/.test(node.op)) {
    const [a = -1, b = Infinity] = order.slice(-2);
    const flag = (name: string) => (attribute(node, name)?.i ?? 0) !== 0;
    // the left factor of a product is outputs×inputs, the right one inputs×outputs, unless transposed
    const left = index === 0 && !/Attention/.test(node.op);
    const oi = left !== (left ? flag("transA") : flag("transB"));
    // of a stack of matrices each has to lie in one piece
    const turned = dims.some((n, d) => n > 1 && d !== a && d !== b && d > Math.min(a, b));
    return { layout: oi !== (a > b) ? "oi" : "io", turned };
  }
  // its own dimensions by their rank: without those that came, and those that went
  const own = order.filter((d) => d >= 0);
  const ranked = own.map((d) => own.filter((other) => other < d).length);
  const straight = ranked.every((d, k) => d === k);
  const n = ranked.length;
  if (node.op === "Einsum") {
    const layout = einsumLayout(attribute(node, "equation")?.s ?? "", index, order);
    if (layout) return { layout, turned: false };
  }
  // kh×kw×in×out, as TensorFlow has it, turned to out×in×kh×kw
  const turnedKernel = n > 2 && /Conv/.test(node.op) && ranked.every((d, k) => d === (k < 2 ? n - 1 - k : k - 2));
  return { layout: turnedKernel ? "io" : "oi", turned: !straight && !turnedKernel };
}

const attribute = (node: NodeRecord, name: string): AttributeRecord | undefined => node.attributes.get(name);

/** The constant of a name as seen in a graph: its own, or of one around it. */
function constantAt(scope: Scope, name: string | undefined): TensorRecord | undefined {
  for (let at: Scope | undefined = scope; name && at; at = at.parent) {
    const found = at.constants.get(name);
    if (found) return found;
  }
  return undefined;
}
