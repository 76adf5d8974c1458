// Every case of the contract.

import type { Case } from "./contract.ts";
import { results } from "./results.ts";

export const contract: readonly Case[] = [...results];
