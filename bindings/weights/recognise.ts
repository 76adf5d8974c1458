// Which tensors of a model are layers with a spectrum, and how their dimensions are to be read: from the operator that takes
// them in, where the file says so, else from name and shape. On the caller's side, where the file is, so nothing is decoded here.

import type { Tensor, TensorDtype } from "../io/tensors.ts";

export type LayerKind = "dense" | "conv1d" | "conv2d" | "conv3d" | "attention" | "embedding" | "recurrent";

/** What is known of a tensor besides its numbers. */
export interface LayerHints {
  name?: string;
  /** Default by the number of dimensions: two "dense", three to five a convolution. */
  kind?: LayerKind;
  /** "io": inputs before outputs, as Keras has them (in×out, kh×kw×in×out); default "oi", as PyTorch's. */
  layout?: "oi" | "io";
  /** The shape that the numbers are read in, where it is not the tensor's own. */
  as?: number[];
  /** Into how many groups a convolution's outputs and inputs are split; the tensor has the inputs of one. Default 1. */
  groups?: number;
  /** The convolution is a transposed one: where others have outputs it has inputs, and the reverse. Default false. */
  transposed?: boolean;
}

/** A tensor that is a layer, or a stack of `parts` layers along its first dimension: directions of an LSTM, experts. */
export interface Recognised extends Pick<LayerHints, "as" | "groups" | "transposed"> {
  kind: LayerKind;
  layout: "oi" | "io";
  parts?: number;
  /** What was concluded from little. */
  note?: string;
}

type Described = Pick<Tensor, "name" | "shape"> & Partial<Pick<Tensor, "dtype" | "layout" | "operator" | "groups" | "quantized">>;

/** Operators of ONNX, TensorFlow and Keras that a layer's weights go into. */
const OPERATORS: [pattern: RegExp, is: "product" | "conv" | "depthwise" | "transposed" | "recurrent" | "embedding" | "attention"][] = [
  [/Depthwise/i, "depthwise"],
  [/Separable/i, "conv"],
  [/Conv.*Transpose|Conv2DBackpropInput|Deconv/i, "transposed"],
  [/Conv/i, "conv"],
  [/Attention/i, "attention"],
  [/(LSTM|GRU|RNN)(Cell)?$/i, "recurrent"],
  [/^(Resource)?Gather|^Embed(ding|LayerNorm)/i, "embedding"],
  [/MatMul|Gemm|^Dense|EinsumDense/i, "product"],
];
/** Operators that only hand on, or say nothing of what they take. */
const UNDECIDED = /^(Transpose|Reshape|Identity|Cast|CastLike|DequantizeLinear|Einsum|Functional|Sequential|Model|Bidirectional|TimeDistributed)$/;

/** Parts of a name, and why what bears them is no layer. */
const NO_LAYERS: [pattern: RegExp, reason: string][] = [
  [/(^|[./])(optimizer|optim|optimizer_state\w*)([./]|$)|(^|[./_])(exp_avg(_sq)?|max_exp_avg_sq|momentum_buffer)$|\/(Adam|AdamW|RMSProp|Momentum|Adagrad|SGD)(_\d+)?(\/|$)/i, "state of the optimizer"],
  [/(^|[./_])(running_(mean|var)|moving_(mean|variance)|num_batches_tracked|batch_norm_(mean|variance))$/, "running statistics of a norm"],
  [/(^|[./_])(gamma|beta)$|(^|[./])scale$|batch_norm_(scale|offset)$/, "scale or shift of a norm"],
  [/(^|[./_])(scales|zero_points?|q?zeros|g_idx|absmax|quant_map|quant_state\w*|SCB)$|(weight|input|output)_scale(_inv)?$/, "scale or zero point of a quantisation"],
  [/(^|[./_])(masked_bias|\w*mask|position_ids|relative_position_index|inv_freq|freqs_(cos|sin|cis)|anchors?|anchor_grid)$|(^|[./])(attn|attention)\.bias$/, "a mask, an index or another buffer"],
  [/(^|[./_])bias(es)?(_\w+)?$|_bias[./]weight$/, "a bias"],
  [/(^|[./_])i?stft([./_-]|$)|(^|[./_])((forward|inverse)_basis(_buffer)?|mel(W|_basis|_filters))$|mel_scale[./]fb$/, "a fixed transform (Fourier or mel), which is not trained"],
  [/(^|[./_])(weight\w*_g|original0)$/, "lengths of a weight-normalised layer"],
];
/** Of a weight-normalised layer whose lengths are not there: with them it is in their place (weightNorm.ts). */
const DIRECTIONS = /(^|[./_])(weight\w*_v|original1)$/;
const ATTENTION = /attn|attention|(^|[._/])((q|k|v|o|qkv|query|key|value)_proj|in_proj_weight)|(^|[._/])(to_(q|k|v|out|qkv)|query_key_value|W?qkv|w[qkvo]|W_pack)([._/]|$)/i;
const EMBEDDING = /embed|(^|[./_])(wte|wpe|emb|pos_enc\w*|position(s|al)?|shared|latents|query_tokens)([./]|$)/i;
const RECURRENT = /weight_[ih]h_l\d|weight_hr_l\d|(lstm|gru|rnn)\w*[./](\w+[./])*(recurrent_)?kernel$|(^|[./_])(recurrent_kernel|weight_[ih]h)$/i;
const DEPTHWISE = /depthwise|(^|[._/])(conv_)?dw(conv)?\d*([._/]|$)/i;
const TRANSPOSED = /transpose|deconv|(^|[._/])(up_?conv|upsample_conv)/i;
const WEIGHT = /(weights?|kernels?|filters?|embeddings?)$/i;
/** Hugging Face's Conv1D of GPT-2 is in×out, nn.Linear of the same name elsewhere out×in: which side is longer tells. */
const WIDENING = /(^|[./])(c_attn|q_attn|c_fc)[./]weight$/;
const NARROWING = /(^|[./])c_proj[./]weight$/;

export const FLOATS: ReadonlySet<TensorDtype> = new Set(["f64", "f32", "f16", "bf16", "f8_e4m3", "f8_e5m2"] as const);

/**
 * The layers of one tensor, or why it has none. `first`: no convolution came before it in the model, so that one
 * input channel is no sign of a depthwise convolution.
 */
export function recognise(tensor: Described, first = true): Recognised | { reason: string } {
  const { shape, dtype = "f32", operator = "" } = tensor;
  const name = tensor.name.replace(/:\d+$/, ""); // TensorFlow's "kernel:0"
  const size = shape.reduce((a, b) => a * b, 1);
  if (size === 0) return { reason: `no numbers: its shape is ${shape.join("×")}` };
  if (size === 1) return { reason: "a single number" };
  for (const [pattern, reason] of NO_LAYERS) if (pattern.test(name)) return { reason };
  if (DIRECTIONS.test(name) && shape.length > 1) return { reason: "directions of a weight-normalised layer without its lengths" };
  if (!FLOATS.has(dtype) && !tensor.quantized) return { reason: `${dtype === "bool" ? "truth values" : "whole numbers"} (${dtype}), no weights` };
  if (shape.length < 2) return { reason: "a vector: a bias, scale or shift" };

  // "LSTM.B": an input that is none of an operator's weights
  const role = operator.includes(".") ? undefined : OPERATORS.find(([pattern]) => pattern.test(operator))?.[1];
  if (operator && !role && !UNDECIDED.test(operator) && !RECURRENT.test(name)) return { reason: `goes into ${operator}, which is no layer with a spectrum` };
  if (!role && /(^|[./_])(\w*norm\d*|bn\d*|ln(_\w+)?)[./]\w+$/i.test(name) && isVector(shape)) return { reason: "scale or shift of a norm" };
  // flax and Keras say kernel, and have it inputs first, unless the operator tells how it is read
  const layout = !role && /(^|[./_])(kernel|filters?)$/.test(name) ? "io" : tensor.layout ?? "oi";
  if (role === "recurrent" || RECURRENT.test(name)) return recurrent(shape, layout);
  if (role === "attention" || (role !== "conv" && shape.length <= 3 && ATTENTION.test(name) && (shape.length === 2 || layout === "io"))) {
    return attention(name, shape, layout);
  }
  if ((operator === "Einsum" && shape.length > 2) || (operator === "Transpose" && shape.length === 3)) return { reason: `goes into ${operator} with ${shape.length} dimensions, which make no matrix that is known` };
  if (role === "embedding" || (!role && EMBEDDING.test(name) && shape.length <= 3 && !/kernel$/.test(name))) return embedding(name, shape, role);
  if (role === "product" || shape.length === 2) return product(name, shape, layout);
  if (!role && shape.length === 3 && /expert/i.test(name)) return { kind: "dense", layout, parts: shape[0]! };
  if (isVector(shape) && !role && !WEIGHT.test(name)) return { reason: "a vector: a token, scale or shift" };
  if (!role && shape.length === 3 && shape[0] === 1 && !WEIGHT.test(name)) return { reason: "a constant, by its name and shape" };
  return convolution(name, shape, layout, role, first, tensor.groups);
}

/** Whether kh×kw×in×out, as Keras has it, is likelier than out×in×kh×kw: small equal sides first, and more behind them than a kernel has. */
function looksInputsFirst([a, b, c, d]: readonly number[]): boolean {
  return d !== undefined && a === b && a! <= 11 && d > a! && (c !== d || d > 11) && c! * d > 16;
}

const isVector = (shape: readonly number[]) => shape.filter((n) => n > 1).length <= 1;

function product(name: string, shape: number[], layout: "oi" | "io"): Recognised | { reason: string } {
  const sides = shape.filter((n) => n > 1);
  if (shape.length > 2 && sides.length === 2) return { kind: "dense", layout, as: sides };
  if (shape.length > 3) return { reason: `${shape.length} dimensions, a product has two` };
  if (shape.length === 3) return { kind: "dense", layout, parts: shape[0]! };
  const [m, n] = shape as [number, number];
  if (WIDENING.test(name)) return { kind: /attn/.test(name) ? "attention" : "dense", layout: m >= n ? "oi" : "io" };
  if (NARROWING.test(name) && m !== n) return { kind: "dense", layout: m < n ? "oi" : "io" };
  return { kind: "dense", layout };
}

/** PyTorch has a tensor of 4·hidden×inputs for each direction, ONNX one with the directions first; Keras is inputs first. */
function recurrent(shape: number[], layout: "oi" | "io"): Recognised | { reason: string } {
  if (shape.length === 2) return { kind: "recurrent", layout };
  if (shape.length === 3) return { kind: "recurrent", layout, parts: shape[0]! };
  return { reason: `${shape.length} dimensions, a recurrent layer has two or three` };
}

/** Keras' MultiHeadAttention has in×heads×size, and at its end heads×size×out. */
function attention(name: string, shape: number[], layout: "oi" | "io"): Recognised | { reason: string } {
  const [a, b, c] = shape as [number, number, number];
  if (shape.length === 2) return { ...product(name, shape, layout), kind: "attention" };
  if (shape.length === 3) return { kind: "attention", layout, as: /out/i.test(name) ? [a * b, c] : [a, b * c] };
  return { reason: `${shape.length} dimensions, attention has two or three` };
}

/** One row for each token or position, in every format. */
function embedding(name: string, shape: number[], role: string | undefined): Recognised | { reason: string } {
  if (isVector(shape) && !WEIGHT.test(name)) return { reason: "a vector: a token, scale or shift" };
  const as = shape.length === 3 && shape[0] === 1 ? shape.slice(1) : undefined;
  if (shape.length === 2) return { kind: "embedding", layout: "oi" };
  if (as) return { kind: "embedding", layout: "oi", as };
  if (role) return { reason: `${shape.length} dimensions, an embedding has two` };
  return convolution(name, shape, "oi", undefined, true);
}

function convolution(
  name: string, shape: number[], layout: "oi" | "io", role: string | undefined, first: boolean, groups?: number,
): Recognised | { reason: string } {
  const d = shape.length - 2;
  if (d < 1 || d > 3) return { reason: `${shape.length} dimensions, a layer has two to five` };
  const kind = (["conv1d", "conv2d", "conv3d"] as const)[d - 1]!;
  const split = groups !== undefined && groups > 1 ? { groups } : {};
  if (role === "transposed" || (!role && TRANSPOSED.test(name))) return { kind, layout, transposed: true, ...split };
  const depthwise = role === "depthwise" || DEPTHWISE.test(name) && !/pointwise/i.test(name);
  if (layout === "io") {
    if (!depthwise || (role === "conv" && !/depthwise_\w+$/.test(name))) return { kind, layout, ...split };
    // kh×kw×channels×multiplier: one input for each of channels·multiplier outputs
    const [channels, multiplier] = shape.slice(-2) as [number, number];
    return { kind, layout, groups: channels, as: [...shape.slice(0, d), 1, channels * multiplier] };
  }
  if (groups !== undefined) return { kind, layout, ...split };
  const [outputs, inputs] = shape as [number, number];
  if (inputs > 1 || outputs === 1 || isVector(shape)) {
    if (!looksInputsFirst(shape)) return { kind, layout };
    return { kind, layout, note: `${shape.join("×")} was read as out×in×kernel: if it is kernel×in×out, as Keras has it, call the array kernel` };
  }
  if (depthwise) return { kind, layout, groups: outputs };
  if (first) return { kind, layout };
  return { kind, layout, groups: outputs, note: `one input channel: taken for a depthwise convolution of ${outputs} channels` };
}
