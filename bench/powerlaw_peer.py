"""The fit of the Python package powerlaw with its defaults: answers line by line as numpy_peer.py does.

By the python that has it: POWERLAW_PYTHON.
"""

import contextlib
import io
import json
import sys
import time
import warnings

try:
    import numpy as np
    import powerlaw
except ImportError:
    for line in sys.stdin:
        print(json.dumps({"ms": "not installed"}), flush=True)
    sys.exit()

warnings.filterwarnings("ignore")

for line in sys.stdin:
    request = json.loads(line)
    x = np.fromfile(request["inputs"][0]["path"])
    best = float("inf")
    end = time.perf_counter() + request["seconds"]
    while best == float("inf") or time.perf_counter() < end:
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            powerlaw.Fit(x, verbose=False)
        best = min(best, time.perf_counter() - start)
    print(json.dumps({"ms": best * 1e3}), flush=True)
