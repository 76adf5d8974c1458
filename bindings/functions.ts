// What holds functions: made on the caller's side, from calls that are answered elsewhere, since functions can't be posted.

import type { ModelFile, Tensor } from "./io/tensors.ts";
import type { Kernel } from "./kernels/descriptions.ts";
import type { KernelOperator } from "./kernels/operator.ts";
import { toMatrix, type Matrix, type MatrixLike } from "./linalg/matrix.ts";
import type { CallOptions } from "./options.ts";
import type { AsyncFit, Coefficients, Fit } from "./regression/fit.ts";
import type { Targets } from "./regression/problem.ts";
import type { AnalyzeLayer, ModelOptions, ModelReport } from "./weights/analyze.ts";

type Sooner<T> = T | Promise<T>;

/** The calls that the functions are made from. */
interface Calls {
  kernels: { multiply(kernel: Kernel, X: MatrixLike, Z: null, V: MatrixLike): Sooner<Matrix<Float64Array>> };
  regression: {
    fit(kernel: Kernel, X: MatrixLike, Y: Targets, options?: any): Sooner<Coefficients>;
    predict(kernel: Kernel, centers: MatrixLike, alpha: Targets, X2: MatrixLike, options?: any): Sooner<Matrix<Float64Array>>;
  };
  weights: { analyzeLayer: AnalyzeLayer };
}

/** A fit that can predict. */
type Predicting<F> = F extends (...args: infer A) => Promise<Coefficients> ? (...args: A) => Promise<AsyncFit>
  : F extends (...args: infer A) => Coefficients ? (...args: A) => Fit : never;

/** A tree of calls with these functions. */
export type WithFunctions<Tree extends Calls> = Omit<Tree, "kernels" | "regression" | "weights"> & {
  kernels: Tree["kernels"] & {
    /**
     * K(X, X) of the rows of X (n×d) by its products, never formed: for eigsh, svds, randomizedSvd, nystrom, trace and
     * spectralDensity. Made at once; X is read when it is used.
     */
    operator(kernel: Kernel, X: MatrixLike): KernelOperator;
  };
  regression: Omit<Tree["regression"], "fit"> & { fit: Predicting<Tree["regression"]["fit"]> };
  weights: Tree["weights"] & {
    /**
     * All layers of a model that parseModel of `eigenscope/io` opened, or of some of its tensors. Bytes are read here, one layer
     * at a time, and decoded where the spectrum is computed. A layer that has no spectrum (numbers that are not finite, damaged bytes,
     * too little memory) is listed in `skipped` with the reason, as are the tensors that are no layers; the others go on.
     */
    analyze(model: ModelFile | readonly Tensor[], options?: ModelOptions): Promise<ModelReport>;
  };
};

/** The tree, with the functions. `analyzeLayer` takes CallOptions, also where the tree's does not. */
export function addFunctions<Tree extends Calls>(calls: Tree, analyzeLayer: AnalyzeLayer = calls.weights.analyzeLayer): WithFunctions<Tree> {
  const operator = (kernel: Kernel, X: MatrixLike): KernelOperator => ({
    n: toMatrix("kernels.operator", "X", X).rows, kernel, X, apply: (V) => calls.kernels.multiply(kernel, X, null, V),
  });
  const fit = (kernel: Kernel, X: MatrixLike, Y: Targets, options: { centers?: MatrixLike } = {}) => {
    const { centers = X } = Object(options) as typeof options;
    const withPredict = (learnt: Coefficients) => ({
      ...learnt, predict: (X2: MatrixLike, more?: CallOptions) => calls.regression.predict(kernel, centers, learnt.alpha, X2, more),
    });
    const learnt = calls.regression.fit(kernel, X, Y, options);
    return learnt instanceof Promise ? learnt.then(withPredict) : withPredict(learnt);
  };
  return {
    ...calls,
    kernels: { ...calls.kernels, operator },
    regression: { ...calls.regression, fit },
    weights: {
      ...calls.weights,
      // a part of its own: most pages have no model
      analyze: async (model: ModelFile | readonly Tensor[], options?: ModelOptions) => {
        const { analyzeModel } = await import("./weights/analyze.ts");
        return analyzeModel(analyzeLayer, model, options);
      },
    },
  } as unknown as WithFunctions<Tree>;
}
