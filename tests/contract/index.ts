// Every case of the contract.

import { abort } from "./abort.ts";
import { close } from "./close.ts";
import type { Case } from "./contract.ts";
import { death } from "./death.ts";
import { errors } from "./errors.ts";
import { kernelCases } from "./kernels.ts";
import { order } from "./order.ts";
import { parts } from "./parts.ts";
import { patched } from "./patched.ts";
import { progress } from "./progress.ts";
import { results } from "./results.ts";
import { sideBySide } from "./sideBySide.ts";
import { weightCases } from "./weights.ts";

export const contract: readonly Case[] = [
  ...results, ...kernelCases, ...weightCases, ...errors, ...order, ...parts, ...abort, ...progress, ...close, ...death, ...sideBySide, ...patched,
];
