export * from "./errors.ts";
export { fromRows, matrix, type Matrix, type MatrixLike } from "./linalg/matrix.ts";
