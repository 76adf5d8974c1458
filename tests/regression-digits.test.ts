// Regression on the digits: the published numbers of the exact solutions with the NTK and the Laplacian kernel.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createCore, kernels, matrix, networks, type Matrix } from "eigenscope/core";
import { classificationErrors, columns, normalizeRows, oneHot, parseMatrix } from "eigenscope/io";

const { network, dense, relu } = networks;

const table = (await parseMatrix(readFileSync(new URL("../examples/data/digits.csv.gz", import.meta.url)))).matrix;
const X = normalizeRows(columns(table, 0, 64));
const labels = columns(table, 64, 65).data;
const rowsOf = ({ data, cols }: Matrix, from: number, to: number) => matrix(to - from, cols, data.slice(from * cols, to * cols));
const [train, held] = [rowsOf(X, 0, 1500), rowsOf(X, 1500, 1797)];
const [y, y2] = [labels.slice(0, 1500), labels.slice(1500)];
const [Y, Y2] = [oneHot(y), oneHot(y2, 10)];
const meanSquare = (A: Matrix<Float64Array>, B: Matrix) => A.data.reduce((sum, a, e) => sum + (a - B.data[e]!) ** 2, 0) / A.data.length;
const near = (found: number, published: number, within: number) => assert.ok(Math.abs(found - published) <= within, `${found}, published ${published}`);

/** ntk of the tutorial's network with one hidden layer: diagonal 4 for rows of length 1. */
const ntk = kernels.ntk(network([dense({ biasStd: 1 }), relu(), dense()], { convention: "tutorial" }));

test("the exact solution with the NTK: the published errors and predictions", async () => {
  const la = await createCore({ threads: 2 });
  const { predict, info } = la.regression.fit(ntk, train, Y);
  assert.ok(info.method === "solve" && info.factorization === "cholesky");
  const f = predict(held);
  const trained = predict(train);
  const { eigenvalues } = la.regression.ridgePath(ntk, train, Y, [0]);
  la.close();
  near(eigenvalues[0]!, 4.05613578e-2, 1e-10);
  near(eigenvalues[1499]!, 4.68020829e3, 1e-5);
  assert.ok(meanSquare(trained, Y) < 1e-25);
  near(meanSquare(f, Y2), 0.01215276, 5e-9);
  assert.equal(classificationErrors(f, y2), 13);
  const published = [-0.0368916, 0.85558946, 0.06679567, 0.20140633, -0.03918198, -0.04087711, -0.00142104, 0.01194417, -0.04268513, 0.02550899];
  published.forEach((value, j) => near(f.data[j]!, value, 5e-9));
});

test("the exact solution with the Laplacian kernel: the published errors and eigenvalues", async () => {
  const la = await createCore({ threads: 2 });
  const laplacian = kernels.laplacian({ bandwidth: 10 });
  const f = la.regression.fit(laplacian, train, Y).predict(held);
  const { eigenvalues, test: errors } = la.regression.ridgePath(laplacian, train, Y, [0], { X2: held, Y2 });
  const iterated = la.regression.fit(laplacian, train, Y, { method: "cg", tol: 1e-10, rank: 100 });
  const g = iterated.predict(held);
  la.close();
  near(eigenvalues[0]!, 8.8781771e-3, 1e-11);
  near(eigenvalues[1499]! / 1500, 0.925273622, 5e-10);
  near(meanSquare(f, Y2), 0.01257648, 5e-9);
  near(errors![0]!, 0.01257648, 5e-9);
  assert.equal(classificationErrors(f, y2), 13);
  assert.ok(iterated.info.converged);
  near(Math.sqrt(meanSquare(f, g)), 0, 1e-8);
});
