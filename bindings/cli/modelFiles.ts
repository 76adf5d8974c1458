// A model on disk: a file, or a folder with one, and the files that it names.

import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import { EigenscopeError, FileError } from "../errors.ts";
import { MODEL_ENDING, neededFiles, parseModel, SHARD, USUAL_NAMES } from "../io/model.ts";
import type { ModelFile, NamedSource } from "../io/tensors.ts";
import { FileBlob } from "./fileBlob.ts";
import { reason } from "./files.ts";

/** The tensors of a model: of a file, with the shards or external data that it names beside it, or of a folder. */
export async function readModel(path: string): Promise<ModelFile> {
  return parseModel(await openModelFiles(path), path);
}

/**
 * The files of a model, opened but not read: the one at `path` first (of a folder, its model file), and those that it
 * names, which must be in its folder, also after symbolic links, or where the file itself really is: the cache of
 * Hugging Face links all files of a model to one folder.
 *
 * FileError for what cannot be found or read, or is outside.
 */
export async function openModelFiles(path: string): Promise<NamedSource[]> {
  const main = await mainFile(path);
  const folder = dirname(main);
  const opened = [{ name: basename(main), source: await opening(main, () => FileBlob.open(main)) }];
  const homes = await opening(main, async () => [await realpath(folder), dirname(await realpath(main))]);
  for (const needed of await neededFiles({ ...opened[0]!, name: main })) {
    const file = join(folder, needed);
    const real = await opening(file, () => realpath(file), `needed by ${main}: `);
    if (!homes.some((home) => isWithin(home, real))) {
      throw new FileError(`${file}: leads to ${real}, outside the folder of ${main}, which needs it`);
    }
    opened.push({ name: needed, source: await opening(file, () => FileBlob.open(file)) });
  }
  return opened;
}

async function mainFile(path: string): Promise<string> {
  if (!(await opening(path, () => stat(path))).isDirectory()) return path;
  const entries = (await opening(path, () => readdir(path))).sort();
  const preferred = USUAL_NAMES.find((name) => entries.includes(name));
  if (preferred) return join(path, preferred);
  const models = entries.filter((name) => MODEL_ENDING.test(name));
  const whole = models.filter((name) => !SHARD.test(name));
  if (whole.length === 1) return join(path, whole[0]!);
  const list = (names: string[]) => names.slice(0, 6).join(", ") + (names.length > 6 ? `, … (${names.length})` : "");
  throw new FileError(models.length
    ? `${path}: a folder with ${whole.length ? `${whole.length} models` : "shards, but no index"}, expected one of ${list(whole.length ? whole : models)}`
    : `${path}: a folder without a model, expected ${USUAL_NAMES.join(", ")} or the like; there is ${list(entries) || "nothing"}`);
}

const isWithin = (folder: string, file: string) => {
  const inner = relative(folder, file);
  return inner !== "" && inner !== ".." && !inner.startsWith(`..${sep}`) && !/^([a-z]:|[\\/])/i.test(inner);
};

async function opening<T>(path: string, open: () => Promise<T>, why = ""): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof EigenscopeError) throw error;
    throw new FileError(`${path}: ${why}${reason(error)}`);
  }
}
