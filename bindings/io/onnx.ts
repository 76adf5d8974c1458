// ONNX: the constants of a model's graphs.

import { FormatError } from "../errors.ts";
import { checkOptions, type OptionNames } from "../options.ts";
import { innerPath } from "./companions.ts";
import { decodeTensor, elementCount, lazyTensor } from "./decode.ts";
import { dequantized } from "./dequantize.ts";
import { dtypeOf, openTensor, typeName } from "./onnxData.ts";
import { readModel, type ModelRecord, type TensorRecord } from "./onnxProto.ts";
import { constantsOf, type Constant, type Quantized } from "./onnxUses.ts";
import { openSource, quoted, type FileReader } from "./source.ts";
import type { ModelFile, NamedSource, Source, Tensor } from "./tensors.ts";

/** What a protobuf may have. */
const LARGEST = 2 ** 31;
const FLOATS = ["f64", "f32", "f16", "bf16"];

export interface OnnxOptions {
  /** Starts the messages. */
  name?: string;
  /** The files of external data, by their paths within the model's folder. */
  files?: NamedSource[];
}

const onnxOptions: OptionNames<OnnxOptions> = { name: true, files: true };

/**
 * The constants of an ONNX model: initialisers of its graph and of the graphs within it (branches, loops, functions;
 * their names stand behind that of the node), and Constant nodes that hold floats or have two or more dimensions.
 *
 * `operator` is the op_type that computes with a constant, found through Identity, Cast, Transpose, Slice, Split, Concat of
 * constants, Squeeze, Unsqueeze, such a Reshape, QuantizeLinear, DequantizeLinear and functions ("LSTM.B": an input that is
 * none of its weights); `layout` says how the constant lies in the file: "io" for the right factor of a
 * MatMul. The weights of LSTM, GRU and RNN are directions × gates·hidden × inputs, those of ConvTranspose in × out × ….
 * Quantised constants, by one scale or by scales along an axis or of blocks, stand for scale·(q − zero). Strings,
 * complex numbers, sparse tensors and packed formats are skipped.
 *
 * The file is read whole, at most 2 GiB; of a Blob it is not kept, each tensor is read again when it is asked for.
 *
 * FormatError, before any number is read, if the file is no ONNX model or is damaged, a tensor's bytes do not fit its
 * shape, or its external data is missing or outside the folder.
 */
export async function parseOnnx(source: Source, options: OnnxOptions = {}): Promise<ModelFile> {
  checkOptions("parseOnnx", options, onnxOptions);
  const { name = "model.onnx", files = [] } = options;
  const file = openSource(source, name);
  const { constants, sparse } = constantsOf(await readRecords(file));
  const model: ModelFile = { format: "onnx", tensors: [], skipped: [], warnings: [] };
  const names = new Set<string>();
  for (const constant of constants) {
    if (constant.isNode && isPlain(constant.tensor)) continue;
    const reason = names.has(constant.name) ? "a second tensor of this name" : reasonToSkip(constant);
    names.add(constant.name);
    if (reason) model.skipped.push({ name: constant.name, reason });
    else model.tensors.push(tensorOf(constant, file, files));
  }
  for (const each of sparse) model.skipped.push({ name: each, reason: "sparse" });
  return model;
}

/** The paths of the files with the external data of an ONNX model. */
export async function onnxPaths(source: Source, name: string): Promise<string[]> {
  const { constants } = constantsOf(await readRecords(openSource(source, name)));
  const paths = constants.flatMap(({ tensor }) => (tensor.external ? [innerPath(tensor.external.get("location"), name)] : []));
  return [...new Set(paths)];
}

async function readRecords({ name, size, read }: FileReader): Promise<ModelRecord> {
  if (size > LARGEST) throw new FormatError(`${name}: ${size} bytes, a protobuf has at most 2 GiB`);
  return readModel(await read(0, size, "the model"), name);
}

/** Sizes and indices, not weights: whole numbers, or a single one, in a Constant node. */
const isPlain = (tensor: TensorRecord) => tensor.dims.length < (FLOATS.includes(dtypeOf(tensor) ?? "") ? 1 : 2);

function reasonToSkip({ tensor, use }: Constant): string | undefined {
  if (!dtypeOf(tensor)) return `${typeName(tensor)}, expected numbers`;
  if (use?.reason) return use.reason;
  const { scale, zero } = use?.quantized ?? {};
  if (scale && !FLOATS.includes(dtypeOf(scale) ?? "")) return `quantised by a scale of ${typeName(scale)}`;
  if (zero && !dtypeOf(zero)) return `quantised from a zero of ${typeName(zero)}`;
  return use?.quantized && !scalesFit(tensor, use.quantized) ? "quantised by scales that do not fit its shape" : undefined;
}

function tensorOf({ name, tensor, use }: Constant, file: FileReader, files: NamedSource[]): Tensor {
  const label = (part: TensorRecord) => `${file.name}: ${quoted(part === tensor ? name : part.name)}`;
  const open = (part: TensorRecord) => openTensor(part, file, files, label(part));
  const { layout, operator, groups } = use ?? {};
  const about = { name, shape: tensor.dims, ...(operator && { layout, operator }), ...(groups && { groups }) };
  const stored = open(tensor);
  if (!use?.quantized) return lazyTensor({ ...about, dtype: dtypeOf(tensor)! }, stored);

  const { quantized } = use;
  const readScale = open(quantized.scale);
  const readZero = quantized.zero && open(quantized.zero);
  const single = elementCount(quantized.scale.dims) === 1;
  const kind = single ? { dtype: dtypeOf(tensor)!, quantized: true } : { dtype: "f32" as const };
  return lazyTensor({ ...about, ...kind }, async () => {
    const codes = await stored();
    const scale = decodeTensor(await readScale(), label(quantized.scale));
    const zero = readZero && decodeTensor(await readZero(), label(quantized.zero!));
    if (!single) return dequantized(codes, scale, zero, quantized);
    return { ...codes, quantization: { scale: scale[0]!, min: zero ? -scale[0]! * zero[0]! : 0 } };
  });
}

/** One scale; one for each index along the axis; or one for each block along it, and each index of the other dimensions. */
function scalesFit({ dims }: TensorRecord, { scale, zero, axis, block }: Quantized): boolean {
  const n = elementCount(scale.dims);
  if (zero && elementCount(zero.dims) !== n) return false;
  if (n === 1) return true;
  const length = dims[axis];
  if (length === undefined) return false;
  if (block === 0) return n === length;
  return scale.dims.length === dims.length && scale.dims.every((m, d) => m === (d === axis ? Math.ceil(length / block) : dims[d]));
}
