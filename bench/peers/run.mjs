// One npm peer as a process of its own, `node run.mjs NAME`: one JSON request a line, {"op", "seconds",
// "inputs"} -> {"ms"}, the fastest call, or why there is none. Inputs are matrices in files, row-major,
// [{"path", "rows", "cols", "type"}].
//
// A peer is a function that takes an operation and its inputs and returns the call to be timed, or
// undefined where the peer lacks the operation.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { createInterface } from "node:readline";

console.log = console.error; // stdout is for answers, and some peers talk

const require = createRequire(import.meta.url);

const PEERS = { "ml-matrix": mlMatrix, "numpy-ts": numpyTs, "tfjs-wasm": tfjsWasm, emlapack };

/** @typedef {{ data: Float64Array | Float32Array, rows: number, cols: number }} Input */

async function mlMatrix() {
  const { Matrix, EigenvalueDecomposition, SingularValueDecomposition } = await import("ml-matrix");
  const valuesOnly = { computeLeftSingularVectors: false, computeRightSingularVectors: false, autoTranspose: true };
  const operations = {
    matmul: (A, B) => () => A.mmul(B),
    gram: (X) => () => X.mmulByTranspose(),
    eigh: (A) => () => new EigenvalueDecomposition(A, { assumeSymmetric: true }),
    svdvals: (A) => () => new SingularValueDecomposition(A, valuesOnly),
    svd: (A) => () => new SingularValueDecomposition(A, { autoTranspose: true }),
  };
  return (op, inputs) => operations[op]?.(...inputs.map(({ data, rows, cols }) => Matrix.from1DArray(rows, cols, data)));
}

async function numpyTs() {
  const np = await import("numpy-ts");
  np.configureWasm?.({ maxMemory: 2 ** 31 });
  const operations = {
    matmul: (A, B) => () => np.matmul(A, B).dispose(),
    gram: (X) => () => np.matmul(X, X.T).dispose(),
    eigvalsh: (A) => () => np.linalg.eigvalsh(A),
    eigh: (A) => () => {
      const { w, v } = np.linalg.eigh(A);
      w.dispose();
      v.dispose();
    },
    svdvals: (A) => () => np.linalg.svdvals(A),
    svd: (A) => () => np.linalg.svd(A, false),
  };
  return (op, inputs) => operations[op]?.(...inputs.map(({ data, rows, cols }) => np.asarray(data).reshape(rows, cols)));
}

async function tfjsWasm() {
  const tf = await import("@tensorflow/tfjs-core");
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
  await tf.setBackend("wasm");
  const product = (A, B, transpose) => () => {
    const C = tf.matMul(A, B, false, transpose);
    C.dataSync();
    C.dispose();
  };
  const operations = { matmul: (A, B) => product(A, B, false), gram: (X) => product(X, X, true) };
  return (op, inputs) => {
    if (inputs.some(({ data }) => data instanceof Float64Array)) return undefined; // f32 only
    return operations[op]?.(...inputs.map(({ data, rows, cols }) => tf.tensor2d(data, [rows, cols])));
  };
}

/** LAPACK of 2017 in 16 MiB of memory. Its loader wants no fetch, and its own folder as the working directory. */
async function emlapack() {
  const file = require.resolve("emlapack/wasm.js");
  globalThis.fetch = undefined;
  process.chdir(dirname(file));
  const M = require(file);
  while (!M._malloc || !M.asm?._malloc) await new Promise((done) => setTimeout(done, 50));
  const cell = (value, type) => {
    const at = M._malloc(8);
    M.setValue(at, typeof value === "string" ? value.charCodeAt(0) : value, type);
    return at;
  };
  const letter = (c) => cell(c, "i8");
  const whole = (n) => cell(n, "i32");
  const room = (bytes) => {
    try {
      return M._malloc(bytes);
    } catch {
      throw new Error("too large for it");
    }
  };
  const put = (at, data) => (data instanceof Float64Array ? M.HEAPF64.set(data, at >> 3) : M.HEAPF32.set(data, at >> 2));

  const gemm = (transB) => (A, B) => {
    const bytes = A.data.BYTES_PER_ELEMENT;
    const [m, n, k] = [A.rows, transB ? B.rows : B.cols, A.cols];
    const at = [A, B].map(({ data }) => {
      const p = room(data.byteLength);
      put(p, data);
      return p;
    });
    // by columns it is Cᵀ = op(B)ᵀ·Aᵀ
    const [one, zero] = [1, 0].map((x) => cell(x, bytes === 8 ? "double" : "float"));
    const c = room(m * n * bytes);
    const call = bytes === 8 ? M._f2c_dgemm : M._f2c_sgemm;
    const sizes = [whole(n), whole(m), whole(k)];
    const [ldb, lda, ldc] = [whole(B.cols), whole(k), whole(n)];
    const [ta, tb] = [letter(transB ? "T" : "N"), letter("N")];
    return () => call(ta, tb, ...sizes, one, at[1], ldb, at[0], lda, zero, c, ldc);
  };
  const dsyevd = (job) => ({ data, rows: n }) => {
    const [a, w, info, jobz, uplo, size] = [room(data.byteLength), room(8 * n), whole(0), letter(job), letter("U"), whole(n)];
    const [query, iquery, minusOne] = [room(8), room(8), whole(-1)];
    M._dsyevd_(jobz, uplo, size, a, size, w, query, minusOne, iquery, minusOne, info);
    const [lwork, liwork] = [M.getValue(query, "double"), M.getValue(iquery, "i32")];
    const [work, iwork, lworkAt, liworkAt] = [room(8 * lwork), room(4 * liwork), whole(lwork), whole(liwork)];
    return () => {
      put(a, data);
      M._dsyevd_(jobz, uplo, size, a, size, w, work, lworkAt, iwork, liworkAt, info);
      if (M.getValue(info, "i32") !== 0) throw new Error("it fails");
    };
  };
  const dgesdd = (job) => ({ data, rows, cols }) => {
    // by columns it is Aᵀ
    const k = Math.min(rows, cols);
    const vectors = job === "N" ? 8 : 8 * k;
    const [a, s, u, vt] = [room(data.byteLength), room(8 * k), room(cols * vectors), room(rows * vectors)];
    const [info, jobz, m, n, kAt] = [whole(0), letter(job), whole(cols), whole(rows), whole(k)];
    const [iwork, query, minusOne] = [room(32 * k), room(8), whole(-1)];
    M._dgesdd_(jobz, m, n, a, m, s, u, m, vt, kAt, query, minusOne, iwork, info);
    const lwork = M.getValue(query, "double");
    const [work, lworkAt] = [room(8 * lwork), whole(lwork)];
    return () => {
      put(a, data);
      M._dgesdd_(jobz, m, n, a, m, s, u, m, vt, kAt, work, lworkAt, iwork, info);
      if (M.getValue(info, "i32") !== 0) throw new Error("it fails");
    };
  };
  const products = { matmul: gemm(false), gram: (X) => gemm(true)(X, X) };
  const decompositions = { eigvalsh: dsyevd("N"), eigh: dsyevd("V"), svdvals: dgesdd("N"), svd: dgesdd("S") };
  return (op, inputs) => (products[op] ?? decompositions[op])?.(...inputs);
}

/** @returns {Input} */
function read({ path, rows, cols, type }) {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
  return { data: type === "f64" ? new Float64Array(bytes) : new Float32Array(bytes), rows, cols };
}

function fastest(call, seconds) {
  let best = Infinity;
  const end = performance.now() + 1e3 * seconds;
  do {
    const start = performance.now();
    call();
    best = Math.min(best, performance.now() - start);
  } while (performance.now() < end);
  return best;
}

let prepare;
let missing;
try {
  prepare = await PEERS[process.argv[2]]();
} catch (error) {
  missing = error.code === "ERR_MODULE_NOT_FOUND" || error.code === "MODULE_NOT_FOUND" ? "not installed" : "does not start";
}
const calls = new Map();
for await (const line of createInterface(process.stdin)) {
  const { op, seconds, inputs } = JSON.parse(line);
  let ms = missing;
  if (!missing) {
    try {
      if (!calls.has(op)) calls.set(op, prepare(op, inputs.map(read)));
      const call = calls.get(op);
      ms = call ? fastest(call, seconds) : "has none";
    } catch (error) {
      ms = String(error.message ?? error).split("\n")[0].slice(0, 60);
    }
  }
  process.stdout.write(`${JSON.stringify({ ms })}\n`);
}
