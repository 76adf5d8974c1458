// Named tensors: what every reader of model files gives.

/** Floats of 64 to 8 bits (bf16: the upper half of an f32; f8 as in safetensors), whole numbers, bool. */
export type TensorDtype =
  | "f64" | "f32" | "f16" | "bf16" | "f8_e4m3" | "f8_e5m2" | "i64" | "i32" | "i16" | "i8" | "u64" | "u32" | "u16" | "u8" | "bool";

export type TensorData =
  | Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Int16Array<ArrayBuffer>
  | Int8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** A tensor as a file holds it: plain data, which can be posted to a worker and decoded there. */
export interface StoredTensor {
  shape: number[];
  dtype: TensorDtype;
  /** Its numbers, little-endian unless `bigEndian`. */
  bytes: Uint8Array;
  bigEndian?: boolean;
  /** Elements from one index to the next, by dimension; without it the last index runs fastest (C order). */
  strides?: number[];
  /** A quantised number q stands for scale·q + min. */
  quantization?: { scale: number; min: number };
}

/** A tensor of a model file. Its numbers are read when they are asked for, and not kept. */
export interface Tensor {
  name: string;
  shape: number[];
  dtype: TensorDtype;
  /** "io": inputs before outputs, as Keras has them (in×out, kh×kw×in×out); "oi", as PyTorch's, otherwise. */
  layout: "oi" | "io";
  /** The operator that takes it in, where the file says so: ONNX's op_type ("Gemm"; "Gemm.C": an input that is no factor), TensorFlow's op, Keras's class. */
  operator?: string;
  /** Into how many groups a convolution splits its channels, where the file says so. */
  groups?: number;
  /** Its whole numbers stand for others, as `stored()` says. */
  quantized?: boolean;
  /** As it is in the file. */
  stored(): Promise<StoredTensor>;
  /** Its numbers in C order: f16, bf16 and f8 in f32, whole numbers of 64 bits in f64, quantised ones in f32. */
  data(): Promise<TensorData>;
}

/** What a model file holds. */
export interface ModelFile {
  format: "safetensors" | "npy" | "npz" | "onnx" | "tfjs" | "pytorch";
  tensors: Tensor[];
  /** What is in the file but cannot be given as numbers, with the reason. */
  skipped: { name: string; reason: string }[];
  /** What was read differently from what one may expect, one line each. */
  warnings: string[];
}

/** A file, or a part of a page's: bytes that are here, or a Blob (a File, `fs.openAsBlob`) that is read in pieces. */
export type Source = Uint8Array | Blob;

/** A file that was chosen or dropped on a page, which has its name, and if a folder was chosen its path. */
export interface NamedBlob extends Blob {
  readonly name: string;
  readonly webkitRelativePath?: string;
}

/** One of the files of a model: its path within the model's folder, with "/" between the parts, and its bytes. */
export interface NamedSource {
  name: string;
  source: Source;
}

/** One of several models, by the path of its file. */
export interface NamedModel extends ModelFile {
  name: string;
}
