// eigenscope info: what this machine computes with.

import { createEngine } from "../engine.ts";
import { bold } from "./output.ts";
import { ENGINE_HELP, ENGINE_OPTIONS, engineOptions, parse } from "./usage.ts";

export const help = `eigenscope info [options]

  What this machine computes with, and the most that one thread can multiply and
  add, measured in 0.2 s.

  --json                   print one JSON object
${ENGINE_HELP}`;

export async function run(args: string[], signal: AbortSignal): Promise<string> {
  const { values } = parse("info", args, { ...ENGINE_OPTIONS, json: { type: "boolean" } }, 0);
  const es = await createEngine(engineOptions(values));
  try {
    const { version, runtime, variant, threads, reason, gpu } = es.info;
    const { f64, f32 } = await es.linalg.peakGflops({ signal });
    const peakGflops = { f64: rounded(f64), f32: rounded(f32) };
    if (values.json) return `${JSON.stringify({ version, runtime, variant, threads, peakGflops, gpu })}\n`;
    return [
      bold(`eigenscope ${version}`),
      `  runtime   ${runtime}`,
      `  variant   ${variant} (${reason})`,
      `  threads   ${threads}`,
      `  peak      ${peakGflops.f64} GFLOP/s in f64, ${peakGflops.f32} in f32, one thread`,
      `  GPU       ${gpu ?? "not used"}`,
      "",
    ].join("\n");
  } finally {
    await es.close();
  }
}

const rounded = (x: number) => Number(x.toFixed(1));
