// The one check that the numbers of every file pass.

import { NotFiniteError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";

export function requireFinite({ data, cols }: Pick<Matrix, "data" | "cols">, name: string): void {
  for (let k = 0; k < data.length; k++) {
    if (!Number.isFinite(data[k])) {
      throw new NotFiniteError(`${name}: row ${Math.floor(k / cols) + 1}, column ${(k % cols) + 1} holds ${data[k]}, every number must be finite`);
    }
  }
}
