// The engine's contract, as cases that run wherever the package does: in Node, Deno and Bun, and in the
// pages of browsers. A case imports the package by its public names and nothing of Node.

import type { EngineOptions } from "eigenscope";

/** Where the contract is tested. */
export interface Surroundings {
  /** e.g. "Node 24", "Chromium, not isolated" */
  name: string;
  /** Whether memory can be shared here, and so threads be had. */
  shared: boolean;
  /**
   * Whether every long call is tried, and what is repeated is repeated often. That is Node's part: elsewhere it is the
   * way of a call, to a worker and back, that may differ, and calls that go the same way are represented by one.
   */
  thorough: boolean;
  /** What createEngine needs here: nothing, or URLs under a strict policy. */
  options: EngineOptions;
}

export interface Case {
  /** A sentence. */
  title: string;
  /** Why it can't be tested here; it is then a visible skip. */
  skip?(surroundings: Surroundings): string | undefined;
  run(surroundings: Surroundings): Promise<void>;
}

export interface Outcome {
  title: string;
  status: "passed" | "failed" | "skipped";
  /** What failed, or why it was skipped. */
  message: string;
  milliseconds: number;
}

/** Runs cases one after the other. */
export async function runCases(
  cases: readonly Case[], surroundings: Surroundings, report: (outcome: Outcome) => void = () => {},
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { title, skip, run } of cases) {
    const since = performance.now();
    const settle = (status: Outcome["status"], message = "") => {
      const outcome = { title, status, message, milliseconds: performance.now() - since };
      outcomes.push(outcome);
      report(outcome);
    };
    const reason = skip?.(surroundings);
    if (reason) {
      settle("skipped", reason);
      continue;
    }
    try {
      await run(surroundings);
      settle("passed");
    } catch (error) {
      settle("failed", error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ""}` : String(error));
    }
  }
  return outcomes;
}
