// Every operation once: the synchronous core binds this tree to a runtime, the engine's host looks
// up in it by path, the engine's client mirrors its names (names.ts).

import type { Runtime } from "./core/runtime.ts";
import { exact } from "./hinf/exact.ts";
import { lambdaMin as hinfLambdaMin } from "./hinf/lambdaMin.ts";
import { coactivations, monteCarlo, upperConfidence } from "./hinf/monteCarlo.ts";
import { gram, matmul, peakGflops } from "./linalg/blas.ts";
import { lambdaMin } from "./linalg/certify.ts";
import { cholesky } from "./linalg/cholesky.ts";
import { eigh, eigvalsh } from "./linalg/eig.ts";
import { cond, rank } from "./linalg/cond.ts";
import { svds } from "./linalg/svds.ts";
import { svd, svdvals } from "./linalg/svd.ts";
import { spectralDensity } from "./linalg/spectralDensity.ts";
import { trace } from "./linalg/trace.ts";
import { qr } from "./linalg/qr.ts";
import { eigsh } from "./linalg/eigsh.ts";
import { lstsq, pinv } from "./linalg/lstsq.ts";
import { nystrom } from "./linalg/nystrom.ts";
import { randomizedSvd } from "./linalg/randomizedSvd.ts";
import { inertia } from "./linalg/inertia.ts";
import { norm } from "./linalg/norm.ts";
import { inv, slogdet, solve } from "./linalg/solve.ts";

export const operations = {
  linalg: {
    matmul,
    gram,
    peakGflops,
    cholesky,
    inertia,
    solve,
    inv,
    slogdet,
    norm,
    eigvalsh,
    eigh,
    eigsh,
    spectralDensity,
    trace,
    qr,
    randomizedSvd,
    nystrom,
    lstsq,
    pinv,
    svdvals,
    svds,
    svd,
    cond,
    rank,
    certify: { lambdaMin },
  },
  hinf: {
    exact,
    monteCarlo,
    coactivations,
    lambdaMin: hinfLambdaMin,
    upperConfidence,
  },
};

export type Operations = typeof operations;

type Node = { [name: string]: Node | ((rt: Runtime, ...args: unknown[]) => unknown) };

/** The operation at a path such as "linalg.eigh". */
export function operationAt(path: string): (rt: Runtime, ...args: unknown[]) => unknown {
  let node: Node | ((rt: Runtime, ...args: unknown[]) => unknown) = operations as unknown as Node;
  for (const name of path.split(".")) node = (node as Node)[name]!;
  return node as (rt: Runtime, ...args: unknown[]) => unknown;
}
