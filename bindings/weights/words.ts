// Options that are one of a few words. Not in options.ts, all of which pages load.

import { OptionError } from "../errors.ts";
import { told } from "../options.ts";

/** Refuses an option that is none of the words it can be. */
export function checkWord(fn: string, name: string, value: unknown, known: readonly string[]): void {
  if (known.includes(value as string)) return;
  throw new OptionError(`${fn}: ${name} is ${told(value)}, expected ${known.map((word) => `"${word}"`).join(" or ")}`);
}
