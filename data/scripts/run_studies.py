"""Solve what two chapters ask of the default instance, and keep it in `data/results`.

    python data/scripts/run_studies.py

`flexibility.csv`: the benefit of every choice of five freedoms. `sensitivity.csv`: objective and
emissions at every point of Morris's trajectories through factors on the assumptions, without the
carbon budget. About a minute.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from SALib.sample import morris

import carbonsched as cs
from carbonsched.io import replacing
from carbonsched.study.factors import ASSUMPTIONS, scaled
from carbonsched.study.freedoms import FREEDOMS, subsets, worth

RESULTS = Path(__file__).parents[1] / "results"
GAP = 1e-4
TRAJECTORIES, LEVELS, SEED = 8, 4, 1
PROBLEM = {
    "num_vars": len(ASSUMPTIONS),
    "names": list(ASSUMPTIONS),
    "bounds": [[0.8, 1.2]] * len(ASSUMPTIONS),
}


def flexibility(instance: cs.Instance) -> pd.DataFrame:
    """Return the benefit of every choice of freedoms: a row a choice, a column a freedom."""
    rows = [
        {name: name in free for name in FREEDOMS} | {"benefit": worth(instance, free, gap=GAP)}
        for free in subsets()
    ]
    return pd.DataFrame(rows).rename(columns={"time shift": "time_shift"})


def sensitivity(instance: cs.Instance) -> pd.DataFrame:
    """Return objective and emissions at Morris's points: a row a point, a column a factor."""
    points = morris.sample(PROBLEM, N=TRAJECTORIES, num_levels=LEVELS, seed=SEED)
    moving = cs.Reoptimiser(gap=GAP)  # what moves in place is not built anew
    unlimited = instance.replace(carbon_budget=np.inf)
    rows = []
    for point in points:
        factors = dict(zip(ASSUMPTIONS, point, strict=True))
        schedule = moving.solve(scaled(unlimited, factors))
        rows.append(factors | {"objective": schedule.objective, "emissions": schedule.emissions})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    default = cs.example("default")
    for study in (flexibility, sensitivity):
        with replacing(RESULTS / f"{study.__name__}.csv") as path:
            study(default).to_csv(path, index=False)
