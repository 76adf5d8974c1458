// A file as a Blob, read in pieces.
//
// Not fs.openAsBlob: it takes the size of a file modulo 4 GiB (Node 20 and 24).

import { open, stat } from "node:fs/promises";
import { FileError } from "../errors.ts";

/** What one read of a file may give. */
const LARGEST_READ = 2 ** 30;

export class FileBlob extends Blob {
  private constructor(
    private readonly path: string,
    private readonly start: number,
    private readonly end: number,
    /** When the file was last changed. */
    private readonly modified: number,
  ) {
    super();
  }

  static async open(path: string): Promise<FileBlob> {
    // before it is opened, which of a pipe would wait for a writer
    const found = await stat(path);
    if (!found.isFile()) throw new FileError(`${path}: is no regular file, expected one that can be read in pieces`);
    await (await open(path, "r")).close();
    return new FileBlob(path, 0, found.size, found.mtimeMs);
  }

  override get size() {
    return this.end - this.start;
  }

  override slice(start = 0, end = this.size): FileBlob {
    const within = (at: number) => this.start + Math.min(Math.max(at < 0 ? at + this.size : at, 0), this.size);
    return new FileBlob(this.path, within(start), Math.max(within(start), within(end)), this.modified);
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(this.size);
    const file = await open(this.path, "r");
    try {
      if ((await file.stat()).mtimeMs !== this.modified) throw new FileError(`${this.path}: changed while it was read`);
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await file.read(bytes, at, Math.min(LARGEST_READ, bytes.length - at), this.start + at);
        if (bytesRead === 0) throw new FileError(`${this.path}: ends at byte ${this.start + at}, it had ${this.end}`);
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
    return bytes.buffer;
  }

  override async text(): Promise<string> {
    return new TextDecoder().decode(await this.arrayBuffer());
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    let at = 0;
    return new ReadableStream({
      pull: async (controller) => {
        if (at >= this.size) return controller.close();
        const next = Math.min(at + 2 ** 20, this.size);
        controller.enqueue(new Uint8Array(await this.slice(at, next).arrayBuffer()));
        at = next;
      },
    });
  }
}
