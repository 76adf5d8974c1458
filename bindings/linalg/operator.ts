// Linear operators: matrices known by their products alone.
//
// The functions of an operator belong to the caller, whose thread may be another one. So an operation
// that takes operators is a generator: it yields every product that it wants and is resumed with the
// answer. The synchronous core runs it to its end (runSteps); the engine passes each product to the
// caller's thread and waits (host.ts, calls.ts). For a dense matrix nothing is ever yielded.

import { NotFiniteError, OptionError, ShapeError } from "../errors.ts";
import { toMatrix, type Matrix, type MatrixLike } from "./matrix.ts";

/** A symmetric n×n matrix A by its products. */
export interface SymmetricOperator {
  readonly n: number;
  /** A·V for V (n×b); V may be kept or changed. */
  apply(V: Matrix<Float64Array>): MatrixLike | Promise<MatrixLike>;
}

/** A rows×cols matrix A by its products and those of its transpose. */
export interface LinearOperator {
  readonly rows: number;
  readonly cols: number;
  /** A·V for V (cols×b). */
  apply(V: Matrix<Float64Array>): MatrixLike | Promise<MatrixLike>;
  /** Aᵀ·U for U (rows×b). */
  applyTranspose(U: Matrix<Float64Array>): MatrixLike | Promise<MatrixLike>;
}

export type Operator = SymmetricOperator | LinearOperator;

/** A product that an operation waits for: operator.apply(V), or applyTranspose(V). V.data is given away. */
export interface Apply {
  operator: Operator;
  transpose: boolean;
  V: Matrix<Float64Array>;
}

/** An operation over an operator: yields the products it wants, returns its result. */
export type Steps<R> = Generator<Apply, R, MatrixLike>;

/** Whether the argument is meant as an operator and not as a matrix. */
export function isOperator(value: unknown): value is Operator {
  return typeof value === "object" && value !== null && "apply" in value;
}

/** The argument `name` of function `fn` as a symmetric operator. */
export function toSymmetricOperator(fn: string, name: string, value: Operator): SymmetricOperator {
  if (typeof value.apply !== "function") throw new OptionError(`${fn}: ${name}.apply is ${typeof value.apply}, expected a function`);
  if (!("n" in value)) throw new ShapeError(`${fn}: ${name} has no n, expected { n, apply }`);
  assertSize(fn, `${name}.n`, value.n);
  return value;
}

/** The argument `name` of function `fn` as an operator with rows and columns; a symmetric one is its own transpose. */
export function toLinearOperator(fn: string, name: string, value: Operator): LinearOperator {
  if ("n" in value) {
    const { n } = toSymmetricOperator(fn, name, value);
    const apply = (V: Matrix<Float64Array>) => value.apply(V);
    return { rows: n, cols: n, apply, applyTranspose: apply };
  }
  for (const method of ["apply", "applyTranspose"] as const) {
    if (typeof value[method] !== "function") throw new OptionError(`${fn}: ${name}.${method} is ${typeof value[method]}, expected a function`);
  }
  assertSize(fn, `${name}.rows`, value.rows);
  assertSize(fn, `${name}.cols`, value.cols);
  return value;
}

function assertSize(fn: string, what: string, size: unknown): void {
  if (!(Number.isInteger(size) && (size as number) >= 1 && (size as number) < 2 ** 31)) {
    throw new ShapeError(`${fn}: ${what} is ${String(size)}, expected a whole number from 1 on`);
  }
}

/** A·V: `W = yield* product("eigsh", operator, V)`. What comes back is checked: shape, and every number finite. */
export function* product(fn: string, operator: Operator, V: Matrix<Float64Array>): Steps<Matrix> {
  const { cols } = V;
  const rows = "n" in operator ? operator.n : operator.rows;
  return checked(fn, "apply", yield { operator, transpose: false, V }, rows, cols);
}

/** Aᵀ·U, likewise. */
export function* productTranspose(fn: string, operator: LinearOperator, U: Matrix<Float64Array>): Steps<Matrix> {
  const { cols } = U;
  return checked(fn, "applyTranspose", yield { operator, transpose: true, V: U }, operator.cols, cols);
}

function checked(fn: string, method: string, answer: MatrixLike, rows: number, cols: number): Matrix {
  const W = toMatrix(fn, `what ${method} gave`, answer);
  if (W.rows !== rows || W.cols !== cols) {
    throw new ShapeError(`${fn}: ${method} gave a ${W.rows}×${W.cols} matrix, expected ${rows}×${cols}`);
  }
  const bad = W.data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    const at = `row ${Math.floor(bad / cols) + 1}, column ${(bad % cols) + 1}`;
    throw new NotFiniteError(`${fn}: ${method} gave ${W.data[bad]} at ${at}, every number must be finite`);
  }
  return W;
}

/** Asks the operator itself. */
export function answer({ operator, transpose, V }: Apply): MatrixLike | Promise<MatrixLike> {
  return transpose && !("n" in operator) ? operator.applyTranspose(V) : operator.apply(V);
}

/** Whether an operation gave steps to take instead of a result. */
export function isSteps(result: unknown): result is Steps<unknown> {
  return typeof (result as Steps<unknown> | undefined)?.next === "function";
}

/** Runs the steps to their end, every product at once; a promise in place of one is refused. */
export function runSteps(fn: string, steps: Steps<unknown>): unknown {
  for (let step = steps.next(); ; ) {
    if (step.done) return step.value;
    let W;
    try {
      W = answer(step.value);
      if (W instanceof Promise) {
        W.catch(() => {}); // nobody will look at what became of it
        throw new OptionError(`${fn}: the operator gave a promise, the synchronous core needs the product itself: use createEngine`);
      }
    } catch (error) {
      step = steps.throw(error); // releases what the operation holds, and throws
      continue;
    }
    step = steps.next(W);
  }
}
