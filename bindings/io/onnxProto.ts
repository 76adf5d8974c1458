// The messages of an ONNX file, as far as its weights and what is done with them need.
//
// Based on: onnx/onnx.proto (field numbers), protobuf.dev/programming-guides/encoding.

import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { EigenscopeError, FormatError } from "../errors.ts";

/** Bytes [start, end) of the file. */
export interface Range { start: number; end: number }

/** A TensorProto, and where its numbers lie. */
export interface TensorRecord {
  name: string;
  dims: number[];
  /** TensorProto.DataType. */
  dataType: number;
  raw?: Range;
  /** Numbers in a field of their own, by its number: how many, packed in one or more pieces. */
  typed: Map<number, { count: number; pieces: Range[] }>;
  /** A few whole numbers of 64 bits: axes, a shape. */
  ints?: number[];
  /** Where the numbers are if they are in another file: location, offset, length, … */
  external?: Map<string, string>;
}

export interface AttributeRecord {
  i?: number;
  s?: string;
  /** The first few. */
  ints: number[];
  tensor?: TensorRecord;
  graphs: GraphRecord[];
}

export interface NodeRecord {
  op: string;
  domain: string;
  name: string;
  inputs: string[];
  outputs: string[];
  /** By name. */
  attributes: Map<string, AttributeRecord>;
}

/** A graph, or the body of a function. */
export interface GraphRecord {
  nodes: NodeRecord[];
  initializers: TensorRecord[];
  /** Names of those that are sparse. */
  sparse: string[];
  /** Of a function: its name with its domain, and the names of what it takes. */
  key: string;
  inputs: string[];
}

export interface ModelRecord {
  graph: GraphRecord;
  functions: Map<string, GraphRecord>;
}

/** Nodes, attributes and tensors in a file; each takes some hundred bytes of memory, and as few as 2 of the file. */
const MOST_RECORDS = 2 ** 19;
/** Inputs and outputs of nodes; each takes as much, and as few as 2 bytes of the file. */
const MOST_NAMES = 2 ** 21;
/** Graphs in graphs. */
const DEEPEST_GRAPH = 32;
/** Of a list that is not packed: each number is a piece. */
const MOST_PIECES = 2 ** 16;
/** Dimensions, and the numbers of an attribute. */
const MOST_INTS = 64;
/** Of a tensor that may be axes or a shape. */
const FEW_INTS = 8;
const INT64 = 7;
/** Of an attribute, such as an equation. */
const LONGEST_TEXT = 200;

const varint = (field: number) => (field << 3) | WireType.Varint;
const bytes = (field: number) => (field << 3) | WireType.LengthDelimited;

/** What a node calls: an operator of a domain, or a function of the model. */
export const functionKey = (domain: string, op: string) => `${domain}:${op}`;

/** The model of a file. FormatError, with `name` before it, if it is no ONNX model, is damaged, or nests too deep. */
export function readModel(file: Uint8Array, name: string): ModelRecord {
  const reader = new ProtoReader(file, name);
  return reader.guarded(() => reader.model());
}

class ProtoReader {
  private records = 0;
  private names = 0;

  constructor(private readonly file: Uint8Array, private readonly name: string) {}

  /** What the reader of protobufs throws, as an error of the file. */
  guarded<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      // a TypeError would be a fault of this code
      if (error instanceof EigenscopeError || error instanceof TypeError || !(error instanceof Error)) throw error;
      throw new FormatError(`${this.name}: truncated or damaged, no ONNX model (${error.message})`);
    }
  }

  model(): ModelRecord {
    let graph: GraphRecord | undefined;
    const functions = new Map<string, GraphRecord>();
    this.fields(this.file, (tag, reader) => {
      if (tag === bytes(7)) graph = this.graph(reader.bytes(), 0);
      else if (tag === bytes(25)) {
        const body = this.functionBody(reader.bytes());
        functions.set(body.key, body);
      } else return false;
      return true;
    });
    if (!graph) throw new FormatError(`${this.name}: no ONNX model, it has no graph`);
    return { graph, functions };
  }

  private tensor(message: Uint8Array): TensorRecord {
    this.count();
    const tensor: TensorRecord = { name: "", dims: [], dataType: 0, typed: new Map() };
    let isExternal = false;
    const external = new Map<string, string>();
    this.fields(message, (tag, reader) => {
      const field = tag >> 3;
      if (field === 1 && tensor.dims.length <= MOST_INTS) return readInts(tag, reader, tensor.dims);
      if (TYPED_FIELDS.has(field)) this.typed(tensor, tag, reader);
      else if (tag === varint(2)) tensor.dataType = reader.int32();
      else if (tag === bytes(8)) tensor.name = reader.string();
      else if (tag === bytes(9)) tensor.raw = this.rangeOf(reader.bytes());
      else if (tag === bytes(13)) this.entry(reader.bytes(), external);
      else if (tag === varint(14)) isExternal = reader.int32() === 1;
      else return false;
      return true;
    });
    if (tensor.dims.length > MOST_INTS) throw new FormatError(`${this.name}: a tensor of more than ${MOST_INTS} dimensions`);
    if (isExternal) tensor.external = external;
    else if (tensor.dataType === INT64 && tensor.dims.length < 2 && (tensor.dims[0] ?? 1) <= FEW_INTS) tensor.ints = this.intsOf(tensor);
    return tensor;
  }

  private intsOf({ raw, typed }: TensorRecord): number[] {
    if (!raw) return (typed.get(7)?.pieces ?? []).flatMap(({ start, end }) => {
      const list: number[] = [];
      const reader = new BinaryReader(this.file.subarray(start, end));
      while (reader.pos < reader.len && list.length < FEW_INTS) list.push(Number(reader.int64()));
      return list;
    });
    const view = new DataView(this.file.buffer, this.file.byteOffset + raw.start, raw.end - raw.start);
    return Array.from({ length: Math.min(FEW_INTS, view.byteLength >> 3) }, (_, k) => Number(view.getBigInt64(8 * k, true)));
  }

  /** A packed list of numbers, or one of a list that is not packed. */
  private typed(tensor: TensorRecord, tag: number, reader: BinaryReader): void {
    const field = tag >> 3;
    const piece = (tag & 7) === WireType.LengthDelimited ? reader.bytes() : reader.skip(tag & 7, field);
    const list = tensor.typed.get(field) ?? { count: 0, pieces: [] };
    const width = FIXED_WIDTHS[field];
    list.count += width ? piece.length / width : countVarints(piece);
    if (list.pieces.push(this.rangeOf(piece)) > MOST_PIECES) throw new FormatError(`${this.name}: the numbers of a tensor are not packed`);
    tensor.typed.set(field, list);
  }

  private rangeOf(piece: Uint8Array): Range {
    const start = piece.byteOffset - this.file.byteOffset;
    return { start, end: start + piece.length };
  }

  private graph(message: Uint8Array, depth: number): GraphRecord {
    if (depth > DEEPEST_GRAPH) throw new FormatError(`${this.name}: graphs within graphs more than ${DEEPEST_GRAPH} deep`);
    const graph: GraphRecord = { nodes: [], initializers: [], sparse: [], key: "", inputs: [] };
    this.fields(message, (tag, reader) => {
      if (tag === bytes(1)) graph.nodes.push(this.node(reader.bytes(), depth));
      else if (tag === bytes(5)) graph.initializers.push(this.tensor(reader.bytes()));
      else if (tag === bytes(15)) graph.sparse.push(this.sparseName(reader.bytes()));
      else return false;
      return true;
    });
    return graph;
  }

  private functionBody(message: Uint8Array): GraphRecord {
    const graph: GraphRecord = { nodes: [], initializers: [], sparse: [], key: "", inputs: [] };
    let [name, domain] = ["", ""];
    this.fields(message, (tag, reader) => {
      if (tag === bytes(1)) name = reader.string();
      else if (tag === bytes(4)) graph.inputs.push(reader.string());
      else if (tag === bytes(7)) graph.nodes.push(this.node(reader.bytes(), 0));
      else if (tag === bytes(10)) domain = reader.string();
      else return false;
      return true;
    });
    return { ...graph, key: functionKey(domain, name) };
  }

  private node(message: Uint8Array, depth: number): NodeRecord {
    this.count();
    const node: NodeRecord = { op: "", domain: "", name: "", inputs: [], outputs: [], attributes: new Map() };
    this.fields(message, (tag, reader) => {
      if (tag === bytes(1)) node.inputs.push(this.valueName(reader));
      else if (tag === bytes(2)) node.outputs.push(this.valueName(reader));
      else if (tag === bytes(3)) node.name = reader.string();
      else if (tag === bytes(4)) node.op = reader.string();
      else if (tag === bytes(5)) this.attribute(reader.bytes(), depth, node.attributes);
      else if (tag === bytes(7)) node.domain = reader.string();
      else return false;
      return true;
    });
    return node;
  }

  private valueName(reader: BinaryReader): string {
    if (++this.names > MOST_NAMES) throw new FormatError(`${this.name}: more than ${MOST_NAMES} inputs and outputs of nodes`);
    return reader.string();
  }

  private attribute(message: Uint8Array, depth: number, to: Map<string, AttributeRecord>): void {
    this.count();
    let name = "";
    const attribute: AttributeRecord = { ints: [], graphs: [] };
    this.fields(message, (tag, reader) => {
      if (tag >> 3 === 8 && attribute.ints.length < MOST_INTS) return readInts(tag, reader, attribute.ints);
      if (tag === bytes(1)) name = reader.string();
      else if (tag === varint(3)) attribute.i = Number(reader.int64());
      else if (tag === bytes(4)) attribute.s = new TextDecoder().decode(reader.bytes().subarray(0, LONGEST_TEXT));
      else if (tag === bytes(5)) attribute.tensor = this.tensor(reader.bytes());
      else if (tag === bytes(6) || tag === bytes(11)) attribute.graphs.push(this.graph(reader.bytes(), depth + 1));
      else return false;
      return true;
    });
    to.set(name, attribute);
  }

  /** A sparse tensor bears the name of its values. */
  private sparseName(message: Uint8Array): string {
    let name = "";
    this.fields(message, (tag, reader) => {
      if (tag !== bytes(1)) return false;
      name = this.tensor(reader.bytes()).name;
      return true;
    });
    return name;
  }

  /** A key and its value. */
  private entry(message: Uint8Array, entries: Map<string, string>): void {
    let [key, value] = ["", ""];
    this.fields(message, (tag, reader) => {
      if (tag === bytes(1)) key = reader.string();
      else if (tag === bytes(2)) value = reader.string();
      else return false;
      return true;
    });
    entries.set(key, value);
  }

  /** Calls `take` for each field, which reads its value or says that it has not. */
  private fields(message: Uint8Array, take: (tag: number, reader: BinaryReader) => boolean): void {
    const reader = new BinaryReader(message);
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (!take((field << 3) | wireType, reader)) reader.skip(wireType, field);
    }
    // numbers of a fixed size are read without a look at the end
    if (reader.pos > reader.len) throw new RangeError("premature EOF");
  }

  private count(): void {
    if (++this.records > MOST_RECORDS) throw new FormatError(`${this.name}: more than ${MOST_RECORDS} nodes, attributes and tensors`);
  }
}

/** float_data, int32_data, int64_data, double_data, uint64_data. */
const TYPED_FIELDS = new Set([4, 5, 7, 10, 11]);
const FIXED_WIDTHS: Record<number, number> = { 4: 4, 10: 8 };

/** Numbers in a packed list, whose last bytes have their highest bit clear. */
function countVarints(piece: Uint8Array): number {
  let count = 0;
  let length = 0;
  for (let i = 0; i < piece.length; i++) {
    if (++length > 10) throw new RangeError("a varint of more than 10 bytes");
    if (piece[i]! < 128) {
      count++;
      length = 0;
    }
  }
  if (length > 0) throw new RangeError("premature EOF");
  return count;
}

/** Adds a number, or the first of a packed list. */
function readInts(tag: number, reader: BinaryReader, to: number[]): boolean {
  if ((tag & 7) === WireType.Varint) to.push(Number(reader.int64()));
  else if ((tag & 7) === WireType.LengthDelimited) {
    const list = new BinaryReader(reader.bytes());
    while (list.pos < list.len && to.length <= MOST_INTS) to.push(Number(list.int64()));
  } else return false;
  return true;
}
