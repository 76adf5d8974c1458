// Files: every failure of the file system is a FileError with the file's name; nothing is half-written.

import { randomUUID } from "node:crypto";
import { access, constants, open, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FileError, FormatError, ShapeError } from "../errors.ts";
import { formatCsv, formatNpy, parseMatrix, type ParsedMatrix } from "../io/index.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { columns } from "../linalg/rows.ts";

/** Relative to the bundled dist/cli.js. */
const DIGITS = new URL("../examples/data/digits.csv.gz", import.meta.url);

/** The matrix of a file. */
export async function readMatrix(path: string): Promise<ParsedMatrix> {
  return parseMatrix(await readBytes(path), path);
}

/** 1797 handwritten digits, 64 pixels each. */
export async function readDigits(): Promise<ParsedMatrix> {
  const parsed = await readMatrix(fileURLToPath(DIGITS));
  return { ...parsed, matrix: columns(parsed.matrix, 0, -1) };
}

/** The matrix without its last column, where labels often are. */
export function withoutLastColumn(parsed: ParsedMatrix, path: string): ParsedMatrix {
  if (parsed.matrix.cols < 2) throw new FormatError(`${path}: has one column, nothing is left without the last`);
  return { ...parsed, matrix: columns(parsed.matrix, 0, -1) };
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new FileError(`${path}: ${reason(error)}`);
  }
}

/** Fails early, before the work, where `path` could not be written after it, or is one of the files that are to be kept. */
export async function checkOutput(path: string, kept: readonly string[] = []): Promise<void> {
  if (path === "-") throw new FileError("-: expected the name of a file to write");
  const folder = dirname(path);
  try {
    const found = await stat(folder);
    if (!found.isDirectory()) throw new FileError(`${path}: ${folder} is no folder`);
    await access(folder, constants.W_OK);
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new FileError(`${path}: cannot write to the folder ${folder}: ${reason(error)}`);
  }
  const target = await stat(path).catch(() => undefined);
  if (target?.isDirectory()) throw new FileError(`${path}: is a folder, expected the name of a file to write`);
  for (const other of kept) {
    const found = target?.isFile() ? await stat(other).catch(() => undefined) : undefined;
    const same = found ? found.dev === target!.dev && found.ino === target!.ino : resolve(other) === resolve(path);
    if (same) throw new FileError(`${path}: would be written over ${other}, expected the name of another file`);
  }
}

/** Writes a matrix as .npy, or as .csv where the name ends so. */
export function writeMatrix(path: string, A: Matrix): Promise<void> {
  return writeOutput(path, /\.csv$/i.test(path) ? formatCsv(A) : formatNpy(A));
}

/** Of matrices whose rows a kernel takes together. */
export function requireColumns(path: string, A: Matrix, of: string, X: Matrix): void {
  if (A.cols !== X.cols) throw new ShapeError(`${path}: has ${A.cols} columns, ${of} has ${X.cols}: expected as many`);
}

/** Writes a file whole or not at all: under another name first. A device or pipe is written directly. */
export async function writeOutput(path: string, content: string | Uint8Array): Promise<void> {
  let temporary: string | undefined;
  try {
    const target = await stat(path).catch(() => undefined);
    if (target && !target.isFile()) return await writeFile(path, content);
    const real = target ? await realpath(path) : path;
    temporary = `${real}.${randomUUID().slice(0, 8)}.tmp`;
    const file = await open(temporary, "wx", target?.mode);
    try {
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    await rename(temporary, real);
  } catch (error) {
    if (temporary) await rm(temporary, { force: true });
    throw new FileError(`${path}: cannot be written: ${reason(error)}`);
  }
}

const REASONS: Record<string, string> = {
  ENOENT: "no such file or folder",
  EISDIR: "is a folder, expected a file",
  ENOTDIR: "a part of the path is no folder",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOSPC: "the disk is full",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long",
  ERR_FS_FILE_TOO_LARGE: "the file is larger than 2 GiB",
};

export function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code && REASONS[code]) || message;
}
