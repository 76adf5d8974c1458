"""The numpy side of the benchmarks: one JSON request a line, {"op", "seconds", ...} -> {"ms"}, the
fastest call. Input is seeded and made once."""

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


@functools.cache
def uniform(rows, cols, type):
    return np.random.default_rng(1).uniform(-1, 1, (rows, cols)).astype("float32" if type == "f32" else "float64")


def matmul(n, type):
    a = uniform(n, n, type)
    b = a[::-1].copy()
    return lambda: a @ b


def gram(n, k, type):
    x = uniform(n, k, type)
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


def hinf(n):
    """H∞ of n rows like the digits': 64 pixels from 0 to 16, normalised."""
    x = np.random.default_rng(1).integers(0, 17, (n, 64)).astype(float)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    g = np.clip(x @ x.T, -1, 1)
    return g * (np.pi - np.arccos(g)) / (2 * np.pi)


def eigvalsh(n):
    a = hinf(n)
    return lambda: np.linalg.eigvalsh(a)


def eigh(n):
    a = hinf(n)
    return lambda: np.linalg.eigh(a)


def cholesky(n):
    a = hinf(n)
    return lambda: np.linalg.cholesky(a)


OPERATIONS = {f.__name__: f for f in (matmul, gram, eigvalsh, eigh, cholesky, hinf_exact, hinf_monte_carlo)}

for line in sys.stdin:
    request = json.loads(line)
    op, seconds = request.pop("op"), request.pop("seconds")
    call = OPERATIONS[op](**request)
    best = float("inf")
    end = time.perf_counter() + seconds
    calls = 0
    while calls == 0 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
        calls += 1
    print(json.dumps({"ms": best * 1e3}), flush=True)
