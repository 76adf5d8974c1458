// The package's other doors.

import "eigenscope/element";
import { createCore } from "eigenscope/core";
import { formatNpy, parseMatrix } from "eigenscope/io";
import { histogram } from "eigenscope/plot";
import { errorOf } from "./spectrum.js";

async function open() {
  const { matrix } = await parseMatrix(new TextEncoder().encode("1,2\n3,4\n"));
  const again = await parseMatrix(formatNpy(matrix));
  const la = await createCore();
  const error = await errorOf(la.eigvalsh);
  la.close();
  const { counts } = histogram(again.matrix.data, 2);
  if (counts.join() !== "2,2") throw new Error(`the histogram has ${counts}`);
  if (!customElements.get("eigenscope-spectrum")) throw new Error("the element is not defined: its module was left out");
  return { error, info: { variant: la.variant, threads: la.threads, reason: "" } };
}

globalThis.outcome = open();
