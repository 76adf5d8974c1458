// What an engine computes is right, wherever it runs.

import { assert } from "chai";
import { createEngine, matrix } from "eigenscope";
import type { Case } from "./contract.ts";

export const results: Case[] = [
  {
    title: "eigenvalues of the second difference are 2 − 2cos(πk/(n + 1))",
    async run({ options }) {
      const n = 200;
      const A = matrix(n, n);
      for (let i = 0; i < n; i++) {
        A.data[i * n + i] = 2;
        if (i > 0) A.data[i * n + i - 1] = A.data[(i - 1) * n + i] = -1;
      }
      const es = await createEngine(options);
      const values = await es.linalg.eigvalsh(A);
      await es.close();
      for (let k = 1; k <= n; k++) {
        assert.closeTo(values[k - 1]!, 2 - 2 * Math.cos((Math.PI * k) / (n + 1)), 4 * n * Number.EPSILON);
      }
    },
  },
];
