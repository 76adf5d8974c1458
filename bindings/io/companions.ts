// The files that a model names beside its own: shards, external data. Names come from files of strangers.

import { FormatError } from "../errors.ts";
import { quoted, shown } from "./source.ts";
import type { NamedSource } from "./tensors.ts";

/**
 * A path as it is below the model's folder, "/" between its parts. FormatError if it leads out of that folder, as
 * "../x", "/x", "C:\x", "file:///x" and "%2e%2e/x" do.
 */
export function innerPath(path: unknown, name: string): string {
  const parts = typeof path === "string" ? path.split("/").filter((part) => part !== "" && part !== ".") : [];
  if (typeof path !== "string" || parts.length === 0 || leadsOut(path) || leadsOut(unescaped(path))) {
    throw new FormatError(`${name}: names the file ${typeof path === "string" ? quoted(path) : shown(path)}, expected a path within the model's folder`);
  }
  return parts.join("/");
}

/**
 * The file of a path within the model's folder. Where none has the whole path, the only one whose name ends with its
 * last part: pages are given files without their folders. FormatError that names it if there is none.
 */
export function companion(files: readonly NamedSource[], path: string, name: string): NamedSource {
  const last = (whole: string) => whole.slice(whole.lastIndexOf("/") + 1);
  const alike = files.filter((file) => last(file.name) === last(path));
  const found = files.find((file) => file.name === path) ?? (alike.length === 1 ? alike[0] : undefined);
  if (found) return found;
  const given = files.slice(0, 5).map((file) => file.name).join(", ") + (files.length > 5 ? ", …" : "");
  throw new FormatError(`${name}: the file ${quoted(path)} is missing${given && `, there are ${given}`}`);
}

/** A drive letter and the scheme of a URL both end in a colon. */
const leadsOut = (path: string) => /^\/|^[a-z][a-z0-9+.-]*:|[\\\0]|(^|\/)\.\.(\/|$)/i.test(path);

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // a "%" of its own
  }
}
