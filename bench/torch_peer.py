"""EigenPro 2 as published, in torch on the CPU, float32: answers line by line as numpy_peer.py does.

The constants are those of the tutorial's eigenpro.py (A. Radhakrishnan, M. Belkin, C. Uhler, 2021), for a Laplacian kernel of
bandwidth 10. Torch has the speed of its BLAS: Debian's python3-torch wants libopenblas0-pthread beside it.
"""

import json
import os
import sys
import time

try:
    import numpy as np
    import torch
except ImportError:
    for line in sys.stdin:
        print(json.dumps({"ms": "not installed"}), flush=True)
    sys.exit()

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def laplacian(a, b, bandwidth=10):
    d = a @ b.T
    d.mul_(-2).add_((a * a).sum(1, keepdim=True)).add_((b * b).sum(1))
    return d.clamp_(min=0).sqrt_().mul_(-1 / bandwidth).exp_()


def eigenpro(x, y, epochs, kept):
    """`kept`: K(X, X) is computed once and its rows are taken by index, in place of computing the kernel of every batch."""
    n, m = len(x), min(len(x), 2000)
    sample = np.random.RandomState(1).choice(n, m, replace=False)
    random = np.random.RandomState(1)
    s = x[sample]
    w, v = torch.linalg.eigh(laplacian(s, s) / m)
    k = min(m - 1, 1000)
    w, v = w.flip(0)[:k], v.flip(1)[:, :k] / m**0.5
    q = max(int(((1 / w) ** 0.95 < m).sum()) - 1, min(5, m - 1))
    tail, w, v = w[q - 1], w[: q - 1], v[:, : q - 1]
    d = (1 - (tail / w) ** 0.95) / w
    beta = float((1 - m * (v * v).sum(1)).max())
    top = float(w[0] * (tail / w[0]) ** 0.95)
    b = min(int(beta / top + 1), m)
    eta = b / beta if b < beta / top + 1 else 0.99 * 2 * b / (beta + (b - 1) * top)
    step = eta / b
    gram = laplacian(x, x) if kept else None
    alpha = torch.zeros_like(y)
    random.choice(n, min(n, 5000), replace=False)
    for _ in range(epochs):
        ids = random.choice(n, n // b * b, replace=False)
        for batch in np.split(ids, n // b):
            rows = gram[batch] if kept else laplacian(x[batch], x)
            g = rows @ alpha - y[batch]
            on_sample = rows[:, sample] if kept else laplacian(x[batch], s)
            alpha[batch] -= step * g
            alpha[sample] += step * ((v * d) @ ((g.T @ on_sample) @ v).T)
    return alpha


for line in sys.stdin:
    request = json.loads(line)
    x, y = (
        torch.from_numpy(np.fromfile(i["path"], {"f64": "float64", "f32": "float32"}[i["type"]]).reshape(i["rows"], i["cols"])).float()
        for i in request["inputs"]
    )
    start = time.perf_counter()
    alpha = eigenpro(x, y, request["epochs"], request["kept"])
    ms = 1e3 * (time.perf_counter() - start)
    print(json.dumps({"ms": ms if bool(torch.isfinite(alpha).all()) else "diverged"}), flush=True)
