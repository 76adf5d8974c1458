// What else there is: other people's code on the same operation, in the same run.

import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Peer {
  name: string;
  /** The fastest call in ms within about so many seconds, or why there is none. */
  fastest(threads: number, seconds: number): Promise<number | string>;
  close(): void;
}

/** numpy with the BLAS it was built with: operation `op` of numpy_peer.py on input of these parameters. */
export function numpy(op: string, parameters: Record<string, unknown>): Peer {
  let python: ChildProcess | undefined;
  let lines: AsyncIterator<string>;
  let lack = "failed"; // if it ends without an answer
  return {
    name: "numpy",
    async fastest(threads, seconds) {
      if (!python) {
        const count = String(threads);
        const env = { ...process.env, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count, OMP_NUM_THREADS: count };
        const script = fileURLToPath(new URL("numpy_peer.py", import.meta.url));
        python = spawn("python3", [script], { env, stdio: ["pipe", "pipe", "inherit"] });
        python.on("error", () => { lack = "not installed"; });
        python.stdin!.on("error", () => {}); // told by the end of its output
        lines = createInterface(python.stdout!)[Symbol.asyncIterator]();
      }
      python.stdin!.write(`${JSON.stringify({ op, seconds, ...parameters })}\n`);
      const { value, done } = await lines.next();
      return done ? lack : (JSON.parse(value) as { ms: number | string }).ms;
    },
    close: () => void python?.kill(),
  };
}
