// A script with its cases in one file; the package stays outside, as its built files.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { ROOT } from "./server.ts";

/** `entry` from the root; "eigenscope" is imported from `base`, e.g. "./", joined with its path in the package. */
export async function bundle(entry: string, base: string): Promise<string> {
  const { exports } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
    exports: Record<string, { default: string }>;
  };
  const builtFiles: Plugin = {
    name: "eigenscope as built",
    setup: ({ onResolve }) => onResolve({ filter: /^eigenscope(\/|$)/ }, ({ path }) => (
      { path: exports[path.replace("eigenscope", ".")]!.default.replace("./", base), external: true }
    )),
  };
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, entry)],
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["node:*"],
    ignoreAnnotations: true, // package.json says that its own files have no side effects: the tests have
    write: false,
    plugins: [builtFiles],
  });
  return outputFiles[0]!.text;
}
