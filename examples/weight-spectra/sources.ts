// The files of a model, as they are chosen or dropped: by their paths within its folder.

import type { NamedSource } from "eigenscope/io";
import type { Model } from "./messages.ts";

/** No model has as many files. */
const MOST_FILES = 5000;

/** Files of a field; those of a folder have their paths. */
export function chosenModel(files: readonly File[]): Model {
  return named(files.map((file) => ({ name: file.webkitRelativePath || file.name, source: file })));
}

/** What was dropped, folders with all that is in them. */
export async function droppedModel(dropped: DataTransfer): Promise<Model> {
  // all are asked for now: the list is empty after the first await
  const entries = Array.from(dropped.items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const sources: NamedSource[] = [];
  for (const entry of entries) await collect(entry, sources);
  return named(sources);
}

async function collect(entry: FileSystemEntry, into: NamedSource[]): Promise<void> {
  if (entry.isFile) {
    if (into.length === MOST_FILES) throw new Error(`more than ${MOST_FILES} files were dropped, expected those of one model`);
    const source = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    into.push({ name: entry.fullPath.slice(1), source });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // a hundred at a time, none at the end
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const each of some) await collect(each, into);
  }
}

/** By the folder that all of them are in, if there is one, which the paths are then within. */
function named(files: NamedSource[]): Model {
  const folder = /^[^/]+\//.exec(files[0]?.name ?? "")?.[0];
  if (folder && files.every(({ name }) => name.startsWith(folder))) {
    return { name: folder.slice(0, -1), files: files.map(({ name, source }) => ({ name: name.slice(folder.length), source })) };
  }
  const more = files.length > 1 ? ` and ${files.length - 1} more` : "";
  return { name: `${files[0]?.name}${more}`, files };
}
