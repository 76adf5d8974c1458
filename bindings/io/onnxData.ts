// Where the numbers of a tensor of an ONNX file are, and their bytes.

import { BinaryReader } from "@bufbuild/protobuf/wire";
import { FormatError } from "../errors.ts";
import { companion, innerPath } from "./companions.ts";
import { elementCount, ITEM_SIZE } from "./decode.ts";
import type { Range, TensorRecord } from "./onnxProto.ts";
import { openSource, quoted, type FileReader } from "./source.ts";
import type { NamedSource, StoredTensor, TensorDtype } from "./tensors.ts";

interface Type {
  dtype: TensorDtype;
  /** Of the numbers where they are not raw. */
  field: 4 | 5 | 7 | 10 | 11;
  /** Two in a byte, the first in its lower half. */
  half?: true;
}

/** By TensorProto.DataType. */
const TYPES = new Map<number, Type>([
  [1, { dtype: "f32", field: 4 }], [2, { dtype: "u8", field: 5 }], [3, { dtype: "i8", field: 5 }],
  [4, { dtype: "u16", field: 5 }], [5, { dtype: "i16", field: 5 }], [6, { dtype: "i32", field: 5 }],
  [7, { dtype: "i64", field: 7 }], [9, { dtype: "bool", field: 5 }], [10, { dtype: "f16", field: 5 }],
  [11, { dtype: "f64", field: 10 }], [12, { dtype: "u32", field: 11 }], [13, { dtype: "u64", field: 11 }],
  [16, { dtype: "bf16", field: 5 }], [17, { dtype: "f8_e4m3", field: 5 }], [19, { dtype: "f8_e5m2", field: 5 }],
  [21, { dtype: "u8", field: 5, half: true }], [22, { dtype: "i8", field: 5, half: true }],
]);
const OTHER_TYPES = new Map([
  [8, "strings"], [14, "complex numbers"], [15, "complex numbers"], [18, "FLOAT8E4M3FNUZ"], [20, "FLOAT8E5M2FNUZ"],
  [23, "FLOAT4E2M1"], [24, "FLOAT8E8M0"], [25, "UINT2"], [26, "INT2"],
]);

/** The dtype of a tensor's numbers; undefined if they are of a type that cannot be given. */
export const dtypeOf = (tensor: TensorRecord): TensorDtype | undefined => TYPES.get(tensor.dataType)?.dtype;

export const typeName = (tensor: TensorRecord) => OTHER_TYPES.get(tensor.dataType) ?? `type ${tensor.dataType}`;

/** Finds a tensor's numbers and holds their size against its shape; what it returns reads them. `label` starts messages. */
export function openTensor(tensor: TensorRecord, file: FileReader, files: NamedSource[], label: string): () => Promise<StoredTensor> {
  const { dims: shape } = tensor;
  const { dtype, field, half } = TYPES.get(tensor.dataType)!;
  if (!shape.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw new FormatError(`${label}: shape ${shape.slice(0, 8).join("×")}, expected whole numbers of 0 or more`);
  }
  const count = elementCount(shape);
  const size = half ? Math.ceil(count / 2) : count * ITEM_SIZE[dtype];
  const expect = (held: number, unit: string, expected: number) => {
    if (held === expected) return;
    throw new FormatError(`${label}: shape ${shape.join("×") || "()"} needs ${expected} ${unit}, the file holds ${held}`);
  };
  const given = (bytes: Uint8Array): StoredTensor => ({ shape, dtype, bytes: half ? unpackHalves(bytes, count, dtype) : bytes });

  if (tensor.external) {
    const { reader, start, length } = externalData(tensor.external, files, label);
    expect(length, "bytes", size);
    return async () => given(await reader.read(start, length, label));
  }
  const typed = tensor.typed.get(field);
  if (!tensor.raw && typed) {
    expect(typed.count, "numbers", half ? size : count);
    return async () => given(await readTyped(typed.pieces, file, field, half ? "u8" : dtype, typed.count, label));
  }
  const { start, end } = tensor.raw ?? { start: 0, end: 0 };
  expect(end - start, "bytes", size);
  return async () => given(await file.read(start, end - start, label));
}

function externalData(external: Map<string, string>, files: NamedSource[], label: string) {
  const path = innerPath(external.get("location"), label);
  const found = companion(files, path, label);
  const reader = openSource(found.source, found.name);
  const [start, length] = ["offset", "length"].map((key) => {
    const text = external.get(key);
    if (text === undefined) return undefined;
    if (!/^\d{1,15}$/.test(text)) throw new FormatError(`${label}: ${key} ${quoted(text)} in ${quoted(path)}, expected bytes`);
    return Number(text);
  });
  const from = start ?? 0;
  const rest = reader.size - from;
  if (!((length ?? 0) <= rest && rest >= 0)) {
    throw new FormatError(`${label}: takes ${length ?? "bytes"} from byte ${from} of ${quoted(path)} on, which has ${reader.size}`);
  }
  return { reader, start: from, length: length ?? rest };
}

/** Numbers of a field of their own as little-endian bytes of their dtype. */
async function readTyped(
  pieces: Range[], file: FileReader, field: Type["field"], dtype: TensorDtype, count: number, label: string,
): Promise<Uint8Array> {
  const first = pieces[0]?.start ?? 0;
  const whole = await file.read(first, (pieces.at(-1)?.end ?? 0) - first, label);
  const size = ITEM_SIZE[dtype];
  const bytes = new Uint8Array(count * size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { start, end } of pieces) {
    const piece = whole.subarray(start - first, end - first);
    if (field === 4 || field === 10) {
      bytes.set(piece, at);
      at += piece.length;
    } else at = writeVarints(new BinaryReader(piece), view, at, size);
  }
  return bytes;
}

/** Whole numbers of any sign in `size` bytes each. */
function writeVarints(reader: BinaryReader, view: DataView, start: number, size: number): number {
  let at = start;
  for (; reader.pos < reader.len; at += size) {
    const number = BigInt(reader.int64());
    if (size === 8) view.setBigInt64(at, number, true);
    else if (size === 4) view.setInt32(at, Number(BigInt.asIntN(32, number)), true);
    else if (size === 2) view.setInt16(at, Number(BigInt.asIntN(16, number)), true);
    else view.setInt8(at, Number(BigInt.asIntN(8, number)));
  }
  return at;
}

/** Numbers of 4 bits, two in a byte, as one byte each. */
function unpackHalves(packed: Uint8Array, count: number, dtype: TensorDtype): Uint8Array {
  const bytes = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const code = (packed[i >> 1]! >> (4 * (i & 1))) & 15;
    bytes[i] = dtype === "i8" && code > 7 ? code - 16 : code;
  }
  return bytes;
}
