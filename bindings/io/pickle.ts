// Python pickles as data: the stack machine of protocols 2 to 5, without the code that pickles can call.
//
// A pickle names functions and classes and says with what to call them. Here a name is a Global, which is nothing but
// its text, and what a call of it stands for is up to the host, which refuses what it does not know. So nothing is
// ever run. Lists, tuples and sets become arrays, dicts become Maps.
//
// Based on: PEP 307, 3154 and 574, and the opcodes' description in CPython's Lib/pickletools.py.

import { FormatError } from "../errors.ts";

/** A function or class, "module.name". */
export class Global {
  constructor(readonly name: string) {}
}

export interface PickleHost {
  /** What stands for a name; throws if it may not be mentioned. */
  global(name: string): Global;
  /** What a call stands for; throws if it may not be called so. */
  call(callee: Global, args: unknown[]): unknown;
  /** What an object of a class stands for that is made without its __init__; throws if there may be none. */
  create(type: Global, args: unknown[]): unknown;
  /** What an object's state adds to it. */
  build(target: unknown, state: unknown): void;
  /** What the file holds outside of the pickle, by what the pickle calls it. */
  persistent(id: unknown): unknown;
}

/**
 * Texts, containers, marks, memos, and what is handed to calls: some 20 for each tensor of a model, and together no
 * more than a few hundred MB.
 */
const MOST_OBJECTS = 2 ** 21;
/** In bytes. */
const LONGEST_INTEGER = 256;
const STOP = 0x2e;
const DECODERS = { "utf-8": new TextDecoder("utf-8", { ignoreBOM: true }), latin1: new TextDecoder("latin1") };

/**
 * The object that the pickle from byte `start` on stands for, and where the pickle ends. FormatError if it is damaged or does
 * what the host does not know.
 */
export function unpickle(bytes: Uint8Array, host: PickleHost, name: string, start = 0): { value: unknown; end: number } {
  const machine = new Machine(bytes, start, host, name);
  return { value: machine.run(), end: machine.at };
}

class Machine {
  private readonly view: DataView;
  private objects = 0;
  private stack: unknown[] = [];
  /** The stacks below the marks. */
  private readonly below: unknown[][] = [];
  private readonly memo = new Map<number, unknown>();

  constructor(private readonly bytes: Uint8Array, public at: number, private readonly host: PickleHost, private readonly name: string) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): unknown {
    for (;;) {
      const start = this.at;
      const opcode = this.bytes[this.skip(1)]!;
      if (opcode === STOP) return this.pop();
      if (!this.pushPlain(opcode) && !this.collect(opcode) && !this.refer(opcode)) {
        throw this.error(`opcode 0x${opcode.toString(16).padStart(2, "0")} at byte ${start}, which torch.save does not write`);
      }
    }
  }

  /** Numbers, texts, bytes, None, and what has no effect. */
  private pushPlain(opcode: number): boolean {
    const { view } = this;
    switch (opcode) {
      case 0x80: this.skip(1); return true; // PROTO
      case 0x95: this.skip(8); return true; // FRAME
      case 0x4e: return this.push(null); // NONE
      case 0x88: return this.push(true);
      case 0x89: return this.push(false);
      case 0x4b: return this.push(view.getUint8(this.skip(1))); // BININT1
      case 0x4d: return this.push(view.getUint16(this.skip(2), true)); // BININT2
      case 0x4a: return this.push(view.getInt32(this.skip(4), true)); // BININT
      case 0x8a: return this.push(this.integer(this.length(1))); // LONG1
      case 0x8b: return this.push(this.integer(this.length(4))); // LONG4
      case 0x47: return this.push(view.getFloat64(this.skip(8))); // BINFLOAT
      case 0x8c: return this.pushNew(this.text(this.length(1), "utf-8")); // SHORT_BINUNICODE
      case 0x58: return this.pushNew(this.text(this.length(4), "utf-8")); // BINUNICODE
      case 0x8d: return this.pushNew(this.text(this.length(8), "utf-8")); // BINUNICODE8
      case 0x55: return this.pushNew(this.text(this.length(1), "latin1")); // SHORT_BINSTRING
      case 0x54: return this.pushNew(this.text(this.length(4), "latin1")); // BINSTRING
      case 0x43: return this.pushNew(this.raw(this.length(1))); // SHORT_BINBYTES
      case 0x42: return this.pushNew(this.raw(this.length(4))); // BINBYTES
      case 0x8e: case 0x96: return this.pushNew(this.raw(this.length(8))); // BINBYTES8, BYTEARRAY8
      default: return false;
    }
  }

  /** Lists, tuples, sets and dicts. */
  private collect(opcode: number): boolean {
    switch (opcode) {
      case 0x28: // MARK
        this.count();
        this.below.push(this.stack);
        this.stack = [];
        return true;
      case 0x30: this.pop(); return true;
      case 0x31: this.sinceMark(); return true; // POP_MARK
      case 0x29: case 0x5d: case 0x8f: return this.pushNew([]); // EMPTY_TUPLE, EMPTY_LIST, EMPTY_SET
      case 0x85: return this.pushNew(this.popMany(1));
      case 0x86: return this.pushNew(this.popMany(2));
      case 0x87: return this.pushNew(this.popMany(3));
      case 0x74: case 0x6c: case 0x91: return this.pushNew(this.sinceMark()); // TUPLE, LIST, FROZENSET
      case 0x7d: return this.pushNew(new Map()); // EMPTY_DICT
      case 0x64: return this.pushNew(this.setItems(new Map(), this.sinceMark())); // DICT
      case 0x61: return this.append([this.pop()]); // APPEND
      case 0x65: case 0x90: return this.append(this.sinceMark()); // APPENDS, ADDITEMS
      case 0x73: { // SETITEM
        const items = this.popMany(2);
        this.setItems(this.top(), items);
        return true;
      }
      case 0x75: { // SETITEMS
        const items = this.sinceMark();
        this.setItems(this.top(), items);
        return true;
      }
      default: return false;
    }
  }

  /** Memos, names, calls. */
  private refer(opcode: number): boolean {
    const { view } = this;
    switch (opcode) {
      case 0x71: return this.remember(view.getUint8(this.skip(1))); // BINPUT
      case 0x72: return this.remember(view.getUint32(this.skip(4), true)); // LONG_BINPUT
      case 0x94: return this.remember(this.memo.size); // MEMOIZE
      case 0x68: return this.push(this.recall(view.getUint8(this.skip(1)))); // BINGET
      case 0x6a: return this.push(this.recall(view.getUint32(this.skip(4), true))); // LONG_BINGET
      case 0x63: { // GLOBAL
        const module = this.line();
        return this.pushNew(this.global(module, this.line()));
      }
      case 0x93: { // STACK_GLOBAL
        const [module, name] = this.popMany(2);
        return this.pushNew(this.global(module, name));
      }
      case 0x51: return this.pushNew(this.host.persistent(this.pop())); // BINPERSID
      case 0x52: return this.pushNew(this.host.call(...this.callee())); // REDUCE
      case 0x81: return this.pushNew(this.host.create(...this.callee())); // NEWOBJ
      case 0x62: { // BUILD
        const state = this.pop();
        if (state instanceof Map) this.count(state.size);
        this.host.build(this.top(), state);
        return true;
      }
      default: return false;
    }
  }

  private callee(): [Global, unknown[]] {
    const [callee, args] = this.popMany(2);
    if (!(callee instanceof Global) || !Array.isArray(args)) throw this.error("it calls what is no function, or with what are no arguments");
    // one long list may be handed to very many calls
    for (const arg of args) this.count(Array.isArray(arg) ? arg.length : 1);
    return [callee, args];
  }

  private global(module: unknown, name: unknown): Global {
    if (typeof module !== "string" || typeof name !== "string") throw this.error("the name of a function or class is no text");
    // as Python 2 called it, and protocol 2 still does
    return this.host.global(`${module === "__builtin__" ? "builtins" : module}.${name}`);
  }

  private push(value: unknown): true {
    this.stack.push(value);
    return true;
  }

  private pushNew(value: unknown): true {
    this.count();
    return this.push(value);
  }

  private count(n = 1): void {
    if ((this.objects += n) > MOST_OBJECTS) throw this.error(`more than ${MOST_OBJECTS} objects`);
  }

  private top(): unknown {
    if (this.stack.length === 0) throw this.error("it takes from an empty stack");
    return this.stack.at(-1);
  }

  private pop(): unknown {
    const value = this.top();
    this.stack.pop();
    return value;
  }

  private popMany(n: number): unknown[] {
    if (this.stack.length < n) throw this.error("it takes from an empty stack");
    return this.stack.splice(-n);
  }

  private sinceMark(): unknown[] {
    const items = this.stack;
    const stack = this.below.pop();
    if (!stack) throw this.error("it lacks a mark");
    this.stack = stack;
    return items;
  }

  private append(items: unknown[]): true {
    const list = this.top();
    if (!Array.isArray(list)) throw this.error("it appends to what is no list");
    for (const item of items) list.push(item);
    return true;
  }

  private setItems(target: unknown, items: unknown[]): unknown {
    if (!(target instanceof Map) || items.length % 2 === 1) throw this.error("it sets items of what is no dict, or a key without a value");
    for (let k = 0; k < items.length; k += 2) target.set(items[k], items[k + 1]);
    return target;
  }

  private remember(index: number): true {
    this.count();
    this.memo.set(index, this.top());
    return true;
  }

  private recall(index: number): unknown {
    if (!this.memo.has(index)) throw this.error(`it recalls ${index}, which it did not put there`);
    return this.memo.get(index);
  }

  /** Goes on by n bytes, which must be there; where they start. */
  private skip(n: number): number {
    const start = this.at;
    if (!(n <= this.bytes.length - start)) throw this.error(`truncated: it takes ${n} bytes from byte ${start} on, it has ${this.bytes.length}`);
    this.at += n;
    return start;
  }

  private length(width: 1 | 4 | 8): number {
    const start = this.skip(width);
    if (width === 1) return this.view.getUint8(start);
    return width === 4 ? this.view.getUint32(start, true) : Number(this.view.getBigUint64(start, true));
  }

  private raw(length: number): Uint8Array {
    const start = this.skip(length);
    return this.bytes.subarray(start, start + length);
  }

  private text(length: number, encoding: "utf-8" | "latin1"): string {
    return DECODERS[encoding].decode(this.raw(length));
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw this.error(`truncated in a name at byte ${this.at}`);
    const text = this.text(end - this.at, "utf-8");
    this.skip(1);
    return text;
  }

  /** Little-endian, two's complement. */
  private integer(length: number): number | bigint {
    if (length > LONGEST_INTEGER) throw this.error(`an integer of ${length} bytes`);
    const bytes = this.raw(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  private error(what: string): FormatError {
    return new FormatError(`${this.name}: damaged pickle: ${what}`);
  }
}
