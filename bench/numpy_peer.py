"""The native side of the benchmarks, numpy, scipy and scikit-learn: one JSON request a line,
{"op", "seconds", "inputs", ...} -> {"ms"}, the fastest call, or why there is none. Inputs are matrices in
files, [{"path", "rows", "cols", "type"}]."""

import functools
import json
import pathlib
import sys
import time

try:
    import numpy as np
except ImportError:
    for line in sys.stdin:
        print(json.dumps({"ms": "not installed"}), flush=True)
    sys.exit()


def matmul(a, b):
    return lambda: a @ b


def gram(x):
    return lambda: x @ x.T


@functools.cache
def digits():
    path = pathlib.Path(__file__).parent.parent / "examples" / "data" / "digits.csv.gz"
    x = np.loadtxt(path, delimiter=",")[:, :64]
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def hinf_exact():
    x = digits()

    def call():
        g = np.clip(x @ x.T, -1, 1)
        return g * (np.pi - np.arccos(g)) / (2 * np.pi)

    return call


def hinf_monte_carlo(features):
    x = digits()

    def call():
        w = np.random.RandomState(0).randn(features, 64)
        active = (w @ x.T > 0).astype(np.float32)
        return (x @ x.T) * (active.T @ active) / features

    return call


def laplacian(x, z, bandwidth):
    squares = (x * x).sum(1)[:, None] + (z * z).sum(1) - 2 * (x @ z.T)
    return np.exp(np.sqrt(np.maximum(squares, 0)) / -bandwidth)


def laplacian_kernel(x, z, bandwidth):
    return lambda: laplacian(x, z, bandwidth)


def laplacian_product(x, v, bandwidth):
    rows = 1000
    return lambda: np.concatenate([laplacian(x[i : i + rows], x, bandwidth) @ v for i in range(0, len(x), rows)])


def ntk(x):
    def call():
        o = x @ x.T + 1
        norm = np.sqrt(np.outer(np.diag(o), np.diag(o)))
        c = np.clip(o / norm, -1, 1)
        angle = np.pi - np.arccos(c)
        return norm * (2 * c * angle + np.sqrt(1 - c * c)) / np.pi

    return call


def eigvalsh(a):
    return lambda: np.linalg.eigvalsh(a)


def eigh(a, subset=None):
    if subset is None:
        return lambda: np.linalg.eigh(a)
    import scipy.linalg

    return lambda: scipy.linalg.eigh(a, subset_by_index=[subset[0], subset[1] - 1])


def svdvals(a):
    return lambda: np.linalg.svd(a, compute_uv=False)


def svd(a):
    return lambda: np.linalg.svd(a, full_matrices=False)


def eigsh(a, k, which):
    import scipy.sparse.linalg

    v0 = np.random.default_rng(0).standard_normal(len(a))
    return lambda: scipy.sparse.linalg.eigsh(a, k, which=which, v0=v0, tol=1e-12)


def randomized_svd(a, rank, iterations):
    from sklearn.utils.extmath import randomized_svd

    return lambda: randomized_svd(a, rank, n_oversamples=10, n_iter=iterations, random_state=0)


def cholesky(a):
    return lambda: np.linalg.cholesky(a)


def kernel_solve(x, y, k):
    import scipy.linalg

    return lambda: scipy.linalg.solve(k, y, assume_a="pos")


def laplacian_regression(x, y, x2, bandwidth):
    import scipy.linalg

    return lambda: laplacian(x2, x, bandwidth) @ scipy.linalg.solve(laplacian(x, x, bandwidth), y, assume_a="pos")


OPERATIONS = {
    f.__name__: f
    for f in (
        matmul, gram, eigvalsh, eigh, svdvals, svd, eigsh, randomized_svd, cholesky, hinf_exact, hinf_monte_carlo,
        kernel_solve, laplacian_regression,
        laplacian_kernel, laplacian_product, ntk,
    )
}
TYPES = {"f64": "float64", "f32": "float32"}


@functools.cache
def read(path, rows, cols, type):
    return np.fromfile(path, TYPES[type]).reshape(rows, cols)


for line in sys.stdin:
    request = json.loads(line)
    op, seconds, inputs = request.pop("op"), request.pop("seconds"), request.pop("inputs")
    try:
        call = OPERATIONS[op](*(read(**i) for i in inputs), **request)
    except ImportError:
        print(json.dumps({"ms": "not installed"}), flush=True)
        continue
    best = float("inf")
    end = time.perf_counter() + seconds
    calls = 0
    while calls == 0 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
        calls += 1
    print(json.dumps({"ms": best * 1e3}), flush=True)
