// Models in shards: an index says in which file each tensor is.

import { FormatError } from "../errors.ts";
import { companion, innerPath } from "./companions.ts";
import { isRecord, openSource, parseJson, quoted } from "./source.ts";
import type { ModelFile, NamedSource, Source } from "./tensors.ts";

/** Of 100,000 tensors an index takes 10 MB. */
const LONGEST_INDEX = 100e6;

/** The tensors that the index names, of shards that `parse` reads. */
export async function parseShards(
  index: Source, shards: readonly NamedSource[], name: string, format: ModelFile["format"],
  parse: (source: Source, name: string) => Promise<ModelFile>,
): Promise<ModelFile> {
  const file = openSource(index, name);
  if (file.size > LONGEST_INDEX) throw new FormatError(`${name}: an index of ${file.size} bytes, expected at most ${LONGEST_INDEX}`);
  const wanted = shardsOf(parseJson(await file.read(0, file.size, "the index"), name, "the index"), name);
  const model: ModelFile = { format, tensors: [], skipped: [], warnings: [] };
  for (const [path, names] of wanted) {
    const shard = await parse(companion(shards, path, name).source, quoted(path));
    const held = new Set([...shard.tensors, ...shard.skipped].map((tensor) => tensor.name));
    for (const tensor of names) {
      if (!held.has(tensor)) throw new FormatError(`${name}: ${quoted(path)} holds no tensor ${quoted(tensor)}, as weight_map says`);
    }
    for (const tensor of shard.tensors) if (names.has(tensor.name)) model.tensors.push(tensor);
    for (const tensor of shard.skipped) if (names.has(tensor.name)) model.skipped.push(tensor);
    for (const warning of shard.warnings) model.warnings.push(warning);
    for (const tensor of held) if (!names.has(tensor)) model.skipped.push({ name: tensor, reason: `${quoted(path)} holds it, the index does not name it` });
  }
  return model;
}

/** The paths of the shards that an index names. */
export const shardPaths = (json: unknown, name: string) => [...shardsOf(json, name).keys()];

/** Path of a shard → the tensors that are in it. */
function shardsOf(json: unknown, name: string): Map<string, Set<string>> {
  if (!isRecord(json) || !isRecord(json.weight_map)) {
    throw new FormatError(`${name}: the index has no weight_map, expected { weight_map: { name: file } }`);
  }
  const shards = new Map<string, Set<string>>();
  for (const [tensor, named] of Object.entries(json.weight_map)) {
    if (typeof named !== "string") throw new FormatError(`${name}: weight_map names no file for ${quoted(tensor)}`);
    const path = innerPath(named, name);
    if (!shards.has(path)) shards.set(path, new Set());
    shards.get(path)!.add(tensor);
  }
  return shards;
}
