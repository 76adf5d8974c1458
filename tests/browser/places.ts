// Where in a browser the contract is tested: what the server sends with every file of a place, and what
// createEngine needs there.

import type { EngineOptions } from "eigenscope";

export interface Place {
  name: string;
  /** Whether the page is cross-origin isolated. */
  isolated: boolean;
  /** Sent with every file, the worker's too: a worker has a policy of its own. */
  headers: Record<string, string>;
  /** The page is in a frame of a page of another site, with this `allow`. */
  framed?: { allow: string };
  /** The cases run in a worker of the page. */
  inWorker?: true;
  options: EngineOptions;
}

const isolation = (by = "same-origin") => ({
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": by,
});

export const isolated: Place = {
  name: "isolated",
  isolated: true,
  headers: isolation(),
  options: { threads: 2 },
};

export const plain: Place = {
  name: "not isolated",
  isolated: false,
  headers: {},
  options: { threads: 2 },
};

/** In a frame of another site's page that says nothing of isolation. */
export const framed: Place = {
  name: "in a frame of another site",
  isolated: false,
  headers: {},
  framed: { allow: "" },
  options: { threads: 2 },
};

/** The same where both pages are isolated, and the outer one lets the inner one be. */
export const framedIsolated: Place = {
  name: "isolated in a frame of another site",
  isolated: true,
  headers: isolation("cross-origin"),
  framed: { allow: "cross-origin-isolated" },
  options: { threads: 2 },
};

/** What the README tells pages with a strict policy: wasm allowed, workers from the own origin only, nothing fetched. */
const strictPolicy = { "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'" };

export const strict: Place = {
  name: "strict policy",
  isolated: false,
  headers: strictPolicy,
  options: { threads: 2, workerUrl: "dist/worker.js" },
};

export const strictIsolated: Place = {
  name: "strict policy, isolated",
  isolated: true,
  headers: { ...strictPolicy, ...isolation() },
  options: { threads: 2, workerUrl: "dist/worker.js" },
};

/** In a worker of an isolated page: its own workers are nested then, and its thread may wait for another. */
export const workerIsolated: Place = {
  name: "in a worker, isolated",
  isolated: true,
  headers: isolation(),
  inWorker: true,
  options: { threads: 2 },
};

export const places = [isolated, plain, strict, strictIsolated, framed, framedIsolated, workerIsolated];
