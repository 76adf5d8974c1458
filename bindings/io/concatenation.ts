// Files that are read as one: the shards of a group of weights.

import { openSource, type FileReader } from "./source.ts";
import type { NamedSource } from "./tensors.ts";

export class Concatenation {
  readonly size: number;
  /** Of its files, for messages. */
  readonly names: string;
  private readonly parts: { file: FileReader; start: number; end: number }[] = [];

  constructor(files: NamedSource[]) {
    let end = 0;
    for (const { name, source } of files) {
      const file = openSource(source, name);
      this.parts.push({ file, start: end, end: (end += file.size) });
    }
    this.size = end;
    this.names = files.map((file) => file.name).join(", ").slice(0, 200);
  }

  /** Bytes from `start` up to `end`, which are within. */
  async read(start: number, end: number, what: string): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (const part of this.parts) {
      const from = Math.max(start, part.start);
      const to = Math.min(end, part.end);
      if (from < to) pieces.push(await part.file.read(from - part.start, to - from, what));
    }
    if (pieces.length === 1) return pieces[0]!;
    const bytes = new Uint8Array(end - start);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }
}
