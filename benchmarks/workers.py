"""Measure one sweep on one worker and on two, cluster start included.

    python benchmarks/workers.py

`workers.csv`: seconds by the number of workers. They belong to the machine,
and to what else it does.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import pandas as pd

import carbonsched as cs

METHODS = ("joint", "no_battery", "no_routing")

if __name__ == "__main__":
    fleet = {f"seed={seed}": cs.generate(seed=seed) for seed in range(8)}
    seconds = {}
    for workers in (1, 2):
        with tempfile.TemporaryDirectory() as cache:
            begun = time.perf_counter()
            cs.sweep(fleet, METHODS, cache=cache, workers=workers, gap=0, progress=False)
            seconds[workers] = round(time.perf_counter() - begun, 1)
    table = pd.Series(seconds, name="seconds").rename_axis("workers")
    table.to_csv(Path(__file__).parent / "workers.csv")
