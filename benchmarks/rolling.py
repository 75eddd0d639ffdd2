"""Measure a real month rolled with perfect forecasts: each step as it goes on, and some begun cold.

    python benchmarks/rolling.py [DAYS]

720 periods of six sites, 48 looked at, 6 committed. `rolling.csv` has a row for each step: seconds
of the step, whether prices and fallback were made anew in it, and, of every tenth, seconds of the
same step by a run that begins there and has nothing to go on with: no prices, no fallback, no
model. The month takes the sum of `seconds`. They belong to the machine, and to what else it does.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd

import carbonsched as cs
from carbonsched.core.families import FAMILIES
from carbonsched.core.formulation import FORMULATIONS
from carbonsched.core.method import METHODS
from carbonsched.operate.horizon import Horizon, horizon_of
from carbonsched.operate.planning import Planner
from carbonsched.operate.rolling import Rolling
from carbonsched.operate.standing import begun

WINDOW, STEP, COLD_EVERY, OUTLOOK = 48, 6, 10, 24
SETTINGS = {"gap": 0.01, "time_limit": 120.0}


def operated(horizon: Horizon) -> Rolling:
    """Return a run as `carbonsched.roll` makes it."""
    formulation = FORMULATIONS["start"]
    planner = Planner(
        horizon, formulation, engine="auto", policy=None, change_cost=0.0, settings=SETTINGS
    )
    return Rolling(horizon, formulation, planner, None, False, OUTLOOK, False, 120.0)


if __name__ == "__main__":
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    month = cs.example("real-year").window("2023-02-06", days=days)
    horizon = horizon_of(month, METHODS["joint"], FAMILIES, WINDOW)
    rolling, standing, rows = operated(horizon), begun(horizon), []
    for number, (first, count) in enumerate(rolling.steps(WINDOW, STEP, 0)):
        cold = float("nan")
        if number % COLD_EVERY == 5:
            before = replace(standing, outlook=None, fallback=None, looked=-1)
            start = time.perf_counter()
            operated(horizon).planned(before, count)
            cold = time.perf_counter() - start
        start, looked = time.perf_counter(), standing.looked
        standing = rolling.step(standing, count)
        seconds = time.perf_counter() - start
        anew = standing.looked != looked
        rows.append({"first": first, "seconds": seconds, "anew": anew, "cold": cold})
        print(rows[-1], flush=True)
    table = pd.DataFrame(rows).set_index("first").round(3)
    table.to_csv(Path(__file__).parent / "rolling.csv")
    both = table[~table.anew].dropna()
    share = (both.seconds / both.cold).median()
    print(f"month {table.seconds.sum():.0f} s, a step in place {share:.2f} of one begun cold")
