// What else there is: other people's code on the same operation and the same input, in the same run.
// Each peer is a process of its own that answers line by line: numpy_peer.py, torch_peer.py, peers/run.mjs.

import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A matrix in a file, row-major. */
export interface InputFile {
  path: string;
  rows: number;
  cols: number;
  type: "f64" | "f32";
}

export interface Peer {
  name: string;
  /** The fastest call in ms within about so many seconds, or why there is none. */
  fastest(threads: number, seconds: number, inputs: InputFile[]): Promise<number | string>;
  close(): void;
}

/** A peer that needs longer for an answer (in s) is left out; torch is given the time that its algorithm takes. */
const PATIENCE = 30;
const PATIENCE_WITH_TORCH = 240;

const fileOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

function peer(
  name: string, command: string, args: string[], op: string, parameters: Record<string, unknown>, patience = PATIENCE,
): Peer {
  let child: ChildProcess | undefined;
  let lines: AsyncIterator<string>;
  let lack = "failed"; // if it ends without an answer
  return {
    name,
    async fastest(threads, seconds, inputs) {
      if (!child) {
        const count = String(threads);
        const env = { ...process.env, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count, OMP_NUM_THREADS: count };
        child = spawn(command, args, { env, stdio: ["pipe", "pipe", "ignore"] });
        child.on("error", () => { lack = "not installed"; });
        child.stdin!.on("error", () => {}); // told by the end of its output
        lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
      }
      const { stdin } = child;
      const end = setTimeout(() => {
        lack = `over ${patience} s`;
        child!.kill("SIGKILL");
      }, 1e3 * patience);
      stdin!.write(`${JSON.stringify({ op, seconds, inputs, ...parameters })}\n`);
      const { value, done } = await lines.next();
      clearTimeout(end);
      return done ? lack : (JSON.parse(value) as { ms: number | string }).ms;
    },
    close: () => void child?.kill("SIGKILL"),
  };
}

/** numpy, scipy or scikit-learn with the BLAS they were built with: operation `op` of numpy_peer.py. */
export function native(op: string, parameters: Record<string, unknown> = {}, name = "native"): Peer {
  return peer(name, "python3", [fileOf("numpy_peer.py")], op, parameters);
}

/** Torch on the CPU, by the python3 of the path or of TORCH_PYTHON: operation `op` of torch_peer.py. */
export function torch(op: string, parameters: Record<string, unknown>, name = "torch"): Peer {
  return peer(name, process.env.TORCH_PYTHON ?? "python3", [fileOf("torch_peer.py")], op, parameters, PATIENCE_WITH_TORCH);
}

/** WeightWatcher's analyze(), by the python3 of the path or of WEIGHTWATCHER_PYTHON. */
export function weightwatcher(): Peer {
  const python = process.env.WEIGHTWATCHER_PYTHON ?? "python3";
  return peer("weightwatcher", python, [fileOf("weightwatcher_peer.py")], "analyze", {}, PATIENCE_WITH_TORCH);
}

/** powerlaw.Fit, by the python3 of the path or of POWERLAW_PYTHON. */
export function powerlaw(): Peer {
  return peer("powerlaw", process.env.POWERLAW_PYTHON ?? "python3", [fileOf("powerlaw_peer.py")], "fit", {}, PATIENCE_WITH_TORCH);
}

/** The npm packages that have operation `op` of peers/run.mjs; none for more than one thread, which none has. */
export function npm(op: string, threads: number, names = ["ml-matrix", "numpy-ts", "emlapack"]): Peer[] {
  if (threads > 1) return [];
  return names.map((name) => peer(name, process.execPath, [fileOf("peers/run.mjs"), name], op, {}));
}
