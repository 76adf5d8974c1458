// What the documents say to paste.

import { readFileSync } from "node:fs";

export const ROOT = new URL("../", import.meta.url);
export const textOf = (file: string) => readFileSync(new URL(file, ROOT), "utf8");
export const { version } = JSON.parse(textOf("package.json")) as { version: string };
/** Examples of embedding, whole pages. */
export const PAGES = ["examples/embed/embed.html", "examples/embed/element.html"];

interface Block {
  /** e.g. "README.md:41" */
  at: string;
  language: string;
  code: string;
}

const blocks = ["README.md", "docs/embedding.md", "docs/kernels.md", "docs/regression.md", "docs/weights.md"].flatMap((file): Block[] => {
  const text = textOf(file);
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(({ 1: language, 2: code, index }) => ({
    at: `${file}:${text.slice(0, index).split("\n").length}`, language: language!, code: code!,
  }));
});
/** The blocks in these languages. */
export const blocksIn = (...languages: string[]) => blocks.filter(({ language }) => languages.includes(language));
