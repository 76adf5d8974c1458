// The page's side: the cases of the contract, to be run one by one from outside, and the package.

import * as eigenscope from "eigenscope";
import { contract } from "../contract/index.ts";
import { runCases, type Outcome, type Surroundings } from "../contract/contract.ts";

async function runCase(index: number, surroundings: Surroundings): Promise<Outcome> {
  const [outcome] = await runCases([contract[index]!], surroundings);
  return outcome!;
}

Object.assign(globalThis, { runCase, eigenscope });
