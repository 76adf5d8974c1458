// The files of models, as they are chosen or dropped: by their paths.

import type { NamedSource } from "eigenscope/io";
import type { Files } from "./messages.ts";

/** No models have as many files. */
const MOST_FILES = 5000;

/** Files of a field; those of a folder have their paths. */
export function chosenFiles(files: readonly File[]): Files {
  return ofFolder(files.map((file) => ({ name: file.webkitRelativePath || file.name, source: file })));
}

/** What was dropped, folders with all that is in them. */
export async function droppedFiles(dropped: DataTransfer): Promise<Files> {
  // all are asked for now: the list is empty after the first await
  const entries = Array.from(dropped.items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const sources: NamedSource[] = [];
  for (const entry of entries) await collect(entry, sources);
  return ofFolder(sources);
}

async function collect(entry: FileSystemEntry, into: NamedSource[]): Promise<void> {
  if (entry.isFile) {
    if (into.length === MOST_FILES) throw new Error(`more than ${MOST_FILES} files were dropped, expected those of models`);
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

/** With the name of the folder that all of them are in, if there is one. */
function ofFolder(files: NamedSource[]): Files {
  const folder = /^([^/]+)\//.exec(files[0]?.name ?? "")?.[1];
  return folder !== undefined && files.every(({ name }) => name.startsWith(`${folder}/`)) ? { files, folder } : { files };
}
