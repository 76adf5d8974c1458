// What callers hand in: views of large buffers, arrays of other realms, shared memory, things that are no options.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { createEngine, kernels, matrix, networks, normalizeRows, OptionError, type Engine, type Matrix } from "eigenscope";
import { createCore } from "eigenscope/core";
import { parseOnnx, trainTestSplit } from "eigenscope/io";
import { checkpointsPlot, esdPlot, histogramPlot, spectrumPlot } from "eigenscope/plot";
import { names } from "../bindings/names.ts";
import { optionNames } from "../bindings/optionNames.ts";
import { compact } from "../bindings/rpc.ts";

async function withEngine(body: (es: Engine) => Promise<void>): Promise<void> {
  const es = await createEngine({ threads: 2 });
  try {
    await body(es);
  } finally {
    await es.close();
  }
}

test("of a view only what it shows is posted, in arguments and in what operators give", () => withEngine(async (es) => {
  const large = new Float64Array(1_000_000).fill(2);
  const part = (at: number, length: number) => large.subarray(at, at + length);
  const most: number[] = [];
  const sizes = (value: unknown): number[] => (ArrayBuffer.isView(value)
    ? [value.buffer.byteLength]
    : value && typeof value === "object" ? Object.values(value).flatMap(sizes) : []);
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message, transfer) {
    most.push(Math.max(0, ...sizes(message)));
    return postMessage.call(this, message, transfer);
  };
  try {
    const X = matrix(3, 4, part(1000, 12));
    assert.equal((await es.linalg.gram(X)).data[0], 16);
    assert.equal((await es.linalg.gram([part(5, 2), part(7, 2)])).data[0], 8);
    assert.deepEqual((await es.linalg.matmul(X, X, { transB: true, beta: 1, out: matrix(3, 3, part(0, 9)) })).data[0], 18);
    const apply = ({ data, rows, cols }: Matrix<Float64Array>) => {
      large.set(data.map((x, e) => x * (1 + Math.floor(e / cols))), 100);
      return matrix(rows, cols, part(100, rows * cols));
    };
    assert.ok(Math.abs((await es.linalg.eigsh({ n: 20, apply }, { k: 1 })).values[0]! - 20) < 1e-9);
  } finally {
    Worker.prototype.postMessage = postMessage;
  }
  assert.ok(most.length >= 4);
  assert.ok(Math.max(...most) < 10_000, `${Math.max(...most)} bytes in one message`);
}));

test("compact leaves alone what needs no copy, and keeps what is one thing one", () => {
  const whole = new Float64Array(4);
  const shared = new Float64Array(new SharedArrayBuffer(64), 8, 2);
  const view = new Float32Array(8).subarray(2, 4);
  const date = new Date(0);
  const [a, b, c, d, e] = compact([{ data: whole }, { data: shared }, { data: view }, view, date]) as any[];
  assert.equal(a.data, whole);
  assert.equal(b.data, shared);
  assert.equal(c.data, d);
  assert.deepEqual([d.constructor, d.buffer.byteLength, d.length], [Float32Array, 8, 2]);
  assert.equal(e, date);
  const pixels = compact(Buffer.from("pooled"));
  assert.deepEqual([pixels.buffer.byteLength, pixels.toString()], [6, "pooled"]);
  const round: { self?: object } = {};
  round.self = round;
  assert.doesNotThrow(() => compact(round));
});

test("arrays of another realm are taken as ours, and shared memory as memory", async () => {
  const foreign = runInNewContext("({ data: new Float64Array([3, 4]), rows: 1, cols: 2 })") as Matrix<Float64Array>;
  const inF32 = runInNewContext("({ data: new Float32Array([0, 3, 4]).subarray(1), rows: 1, cols: 2 })") as Matrix<Float32Array>;
  const shared = matrix(1, 2, new Float64Array(new SharedArrayBuffer(16)));
  shared.data.set([3, 4]);
  const la = await createCore();
  await withEngine(async (es) => {
    for (const X of [foreign, inF32, shared]) {
      assert.deepEqual([...la.gram(X).data], [25]);
      assert.deepEqual([...(await es.linalg.gram(X)).data], [25]);
      assert.deepEqual([...normalizeRows(X).data], [0.6, 0.8]);
    }
    assert.ok(la.gram(inF32).data instanceof Float32Array);
  });
  assert.throws(() => la.gram(runInNewContext("({ data: new BigInt64Array(1), rows: 1, cols: 1 })")), /X\.data is no Float64Array or Float32Array/);
});

test("an array of numbers is no matrix", async () => {
  const la = await createCore();
  for (const flat of [[1, 2], new Float64Array(4)]) {
    assert.throws(() => la.gram(flat as never), { code: "ERR_SHAPE", message: /^fromRows: row 1 is number, expected an array of numbers; / });
  }
});

test("what is no signal, or no function, is refused at once", () => withEngine(async (es) => {
  const refused = (options: object, message: string) => assert.rejects(es.linalg.gram([[1]], options), (error: Error) => {
    assert.ok(error instanceof OptionError, String(error));
    assert.equal(error.message, `linalg.gram: ${message}`);
    return true;
  });
  await refused({ signal: new AbortController() }, "signal is object AbortController, expected an AbortSignal");
  await refused({ onProgress: "often" }, "onProgress is string String, expected a function");
  const frozen = Object.freeze({ signal: new AbortController().signal, onProgress: undefined });
  assert.deepEqual([...(await es.linalg.gram([[3, 4]], frozen)).data], [25]);
  const { signal } = runInNewContext("({ signal: Object.assign(new EventTarget(), { aborted: false }) })", { EventTarget }) as { signal: AbortSignal };
  assert.deepEqual([...(await es.linalg.gram([[3, 4]], { signal })).data], [25]);
}));

/** Every operation by its path, with what optionNames has of it. */
function places(tree: object = optionNames, path = ""): [path: string, after: number, known: string[] | undefined][] {
  return Object.entries(tree).flatMap(([name, place]) => {
    const at = path ? `${path}.${name}` : name;
    if (typeof place === "number") return [[at, place, undefined]];
    return Array.isArray(place) ? [[at, place[0] as number, Object.keys(place[1] as object)]] : places(place as object, at);
  });
}

const la = await createCore();
const find = (tree: unknown, path: string): any => path.split(".").reduce((node, name) => (node as any)[name], tree);
/** A call of the core, and what it throws. */
const thrown = (path: string, args: unknown[]): unknown => {
  try {
    find({ ...la, linalg: la }, path)(...args);
  } catch (error) {
    return error;
  }
  return undefined;
};
const refusal = (path: string, args: unknown[], message: string) => {
  const error = thrown(path, args);
  assert.ok(error instanceof OptionError, `${path}: ${String(error)}`);
  assert.equal(error.message, `${path}: ${message}`);
};

for (const [path, after, known] of places()) {
  test(`${path} refuses options that it does not have, before it looks at data, and no others`, () => {
    assert.equal(find(names, path), true);
    const data = new Array<undefined>(after).fill(undefined);
    refusal(path, [...data, { nonsense: undefined }], `there is no option nonsense, expected ${known?.join(", ") ?? "none"}`);
    // a core runs a call to its end, and says so
    refusal(path, [...data, { signal: new AbortController().signal }], `there is no option signal, expected ${known?.join(", ") ?? "none"}`);
    const things: [unknown, string][] = [[null, "null"], [3, "3"], ["x", "\"x\""], [[], "Array"], [new Float64Array(2), "Float64Array"], [() => 1, "Function"]];
    for (const [value, shown] of things) {
      const message = `options is ${shown}, expected an object`;
      if (known) refusal(path, [...data, value], message);
      else assert.notEqual((thrown(path, [...data, value]) as Error | undefined)?.message, `${path}: ${message}`);
    }
    for (const name of known ?? []) {
      assert.doesNotMatch(String(thrown(path, [...data, { [name]: undefined }])), /there is no option/, name);
    }
  });
}

test("options of calls that are no operations are refused by name too", async () => {
  await assert.rejects(createCore({ thread: 2 } as never), { code: "ERR_OPTION", message: /^createCore: there is no option thread, expected threads, / });
  await assert.rejects(createEngine(null as never), { code: "ERR_OPTION", message: "createEngine: options is null, expected an object" });
  const analyze = (options: unknown) => la.weights.analyze([], options as never);
  await assert.rejects(analyze({ onlayer: () => {} }), { code: "ERR_OPTION", message: /^weights\.analyze: there is no option onlayer, expected .*, onLayer$/ });
  for (const name of ["onLayer", "onProgress"]) {
    await assert.rejects(analyze({ [name]: 5 }), { code: "ERR_OPTION", message: `weights.analyze: ${name} is Number, expected a function` });
  }
  await assert.rejects(analyze({ signal: 5 }), { code: "ERR_OPTION", message: "weights.analyze: signal is Number, expected an AbortSignal" });
  await assert.rejects(analyze([]), { code: "ERR_OPTION", message: "weights.analyze: options is Array, expected an object" });
  assert.throws(() => trainTestSplit(10, { test_size: 5 } as never), { code: "ERR_OPTION", message: /^trainTestSplit: there is no option test_size, / });
  await assert.rejects(parseOnnx(new Uint8Array(8), "m.onnx" as never), { code: "ERR_OPTION", message: "parseOnnx: options is \"m.onnx\", expected an object" });
  const plots: [string, (options: never) => unknown][] = [
    ["spectrumPlot", (options) => spectrumPlot([], options)], ["histogramPlot", (options) => histogramPlot([1, 2], options)],
    ["esdPlot", (options) => esdPlot({} as never, options)], ["checkpointsPlot", (options) => checkpointsPlot([], [], options)],
  ];
  for (const [name, plot] of plots) {
    assert.throws(() => plot({ heigth: 1 } as never), { code: "ERR_OPTION", message: new RegExp(`^${name}: there is no option heigth, expected width, height, `) });
  }
  assert.throws(() => la.weights.analyzeLayer([[1, 2]], { bootstrap: { replica: 9 } as never }), {
    code: "ERR_OPTION", message: "weights.analyzeLayer: there is no option bootstrap.replica, expected replicas, seed, confidence",
  });
});

test("descriptions of kernels and layers refuse what they do not have, and keep their defaults for what is undefined", () => {
  const makers: [of: Record<string, unknown>, names: string][] = [
    [kernels, "gaussian laplacian dispersal cauchy matern polynomial arccos"],
    [networks, "dense leakyRelu abRelu erf sin cos rbf exp gaussian monomial rectifiedMonomial hermite polynomial"],
  ];
  for (const [of, list] of makers) {
    for (const name of list.split(" ")) {
      const make = of[name] as (options: unknown) => object;
      const { kind, ...fields } = make({}) as { kind: string };
      assert.equal(kind, name);
      assert.throws(() => make({ nonsense: 1 }), { code: "ERR_OPTION", message: new RegExp(`^${name}: there is no option nonsense, expected \\w+`) });
      assert.throws(() => make(2), { code: "ERR_OPTION", message: `${name}: options is 2, expected an object` });
      assert.deepEqual(make(Object.fromEntries(Object.keys(fields).map((field) => [field, undefined]))), { kind, ...fields });
    }
  }
  assert.deepEqual(networks.dense({ biasStd: 0.1 }), { kind: "dense", weightStd: 1, biasStd: 0.1, width: 512 });
  assert.deepEqual(networks.dense({ biasStd: undefined }), { kind: "dense", weightStd: 1, biasStd: undefined, width: 512 });
  assert.deepEqual(kernels.polynomial({ degree: 2, offset: 0 }), { kind: "polynomial", degree: 2, scale: 1, offset: 0 });
  assert.throws(() => networks.network([], "tutorial" as never), { code: "ERR_OPTION", message: "network: options is \"tutorial\", expected an object" });
  assert.throws(() => networks.activation(Math.atan, { breakpoint: [0] } as never), { code: "ERR_OPTION", message: /^activation: there is no option breakpoint, / });
  // as data, where what may be absent would be absent
  const dense = { kind: "dense", weightStd: 1, biasSdt: 0.1, width: 1 } as never;
  assert.throws(() => la.kernels.matrix(kernels.ntk(networks.network([dense])), [[1]]), {
    code: "ERR_OPTION", message: "kernels.matrix: there is no option kernel.network.layers[0].biasSdt, expected kind, weightStd, biasStd, width",
  });
  const sum = { kind: "sum", terms: [kernels.hinf(), kernels.hinf()], weight: [1, 2] } as never;
  assert.throws(() => la.kernels.matrix(sum, [[1]]), { code: "ERR_OPTION", message: /no option kernel\.weight, expected kind, terms, weights$/ });
});

test("options of any other realm are options, and Array.prototype.map can call what has none", () => {
  assert.equal(la.eigsh([[1, 0], [0, 2]], runInNewContext("({ k: 1 })") as object).values[0], 2);
  assert.equal(la.eigsh([[1, 0], [0, 2]], Object.assign(Object.create(null) as object, { k: 1 })).values[0], 2);
  assert.deepEqual([[[3, 4]], [[1, 2]]].map(la.gram).map(({ data }) => data[0]), [25, 5]);
});
