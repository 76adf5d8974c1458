"""WeightWatcher's analyze() with its defaults, of linear layers with the weights given: answers line by line as numpy_peer.py does.

By the python that has it: WEIGHTWATCHER_PYTHON (weightwatcher 0.7 wants torch below 2 and numpy below 2).
"""

import json
import logging
import os
import sys
import time
import warnings

out = sys.stdout
sys.stdout = sys.stderr  # weightwatcher prints
try:
    import numpy as np
    import torch
    import weightwatcher
except ImportError:
    for line in sys.stdin:
        print(json.dumps({"ms": "not installed"}), file=out, flush=True)
    sys.exit()

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))


def linear(weight):
    layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.weight.data = torch.from_numpy(weight)
    return layer


for line in sys.stdin:
    request = json.loads(line)
    weights = [np.fromfile(i["path"], "float32").reshape(i["rows"], i["cols"]) for i in request["inputs"]]
    model = torch.nn.Sequential(*map(linear, weights))
    start = time.perf_counter()
    details = weightwatcher.WeightWatcher(model=model).analyze()
    ms = 1e3 * (time.perf_counter() - start)
    print(json.dumps({"ms": ms if len(details) == len(weights) else "failed"}), file=out, flush=True)
