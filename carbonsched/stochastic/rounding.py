"""From weights of placements to whole ones: by a dive, then by branching on the cut model.

Both work on the cuts alone, where a step costs milliseconds; what scenarios say of the placements
that come out is asked once, and is one more cut. Cuts never promise too little, so that where even
the best whole placements of the cut model earn no more than the plan, none does.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from carbonsched.stochastic.hunt import Hunt
from carbonsched.stochastic.price_bound import worths

SHARE = 0.3  # of the jobs that have a weight, that a step of a dive fixes
SETTLED = 1 - 1e-6  # weight that counts as one
WITHIN = 0.1  # of the distance that the gap allows, to which the cut model is branched


def dive(hunt: Hunt) -> None:
    """Fix placements of the greatest weight, solve again, and so on; ask about what comes out."""
    cuts, columns = hunt.cuts, hunt.cuts.columns
    job = columns.job.to_numpy()
    basis = cuts.basis()
    lower, upper = np.zeros(len(job)), np.ones(len(job))
    while True:
        open_ = (cuts.weights > 1e-9) & (lower < 0.5) & (upper > 0.5)
        best = (
            pd.DataFrame({"job": job, "weight": cuts.weights})[open_]
            .sort_values("weight", ascending=False, kind="stable")
            .drop_duplicates("job")
        )
        if not len(best):
            break
        count = max(int((best.weight >= SETTLED).sum()), math.ceil(SHARE * len(best)))
        batch = best.index.to_numpy()[:count]
        while True:
            low, high = lower.copy(), np.where(np.isin(job, job[batch]), 0.0, upper)
            low[batch] = high[batch] = 1.0
            cuts.fix(low, high)
            if cuts.solve(hunt.left):
                lower, upper = low, high
                break
            if len(batch) == 1:
                upper[batch] = 0.0
                cuts.fix(lower, upper)
                cuts.solve(hunt.left)
                break
            batch = batch[: len(batch) // 2]
    cuts.free()
    cuts.restore(basis)
    hunt.ask(lower, whole=True)


def branch(hunt: Hunt) -> None:
    """Ask about the best whole placements of the cut model, until they are no better or it is done.

    By reduced cost a plan that is better than the known one uses no placement that is worth less
    than its job's best by more than the distance between bound and plan: the others are columns.
    """
    cuts = hunt.cuts
    cuts.add(_within_reach(hunt))
    tried: set[bytes] = set()
    while hunt.left > 0:
        if not cuts.search(hunt.left, WITHIN * hunt.allowed):
            return
        if cuts.value <= hunt.value + 1e-9 * max(abs(hunt.value), 1.0):
            return
        weights = np.round(cuts.weights)
        if weights.tobytes() in tried:
            return
        tried.add(weights.tobytes())
        while hunt.ask(weights, whole=True).short and hunt.penalise():
            pass
        hunt.told()
        if hunt.done:
            return


def _within_reach(hunt: Hunt) -> pd.DataFrame:
    """Return the placements that a better plan may use."""
    if hunt.proof is None:
        return pd.DataFrame({"job": [], "site": [], "time": []}, dtype=int)
    distance = hunt.bound - hunt.value
    jobs = hunt.data[["power", "duration", "reward", "startup_cost", "required"]]
    tables = [pd.DataFrame({"job": [], "site": [], "time": []}, dtype=int)]
    for worth in worths(jobs, hunt.startable, hunt.proof.price):
        best = worth.max(["site", "time"])
        best = best.where(jobs.required.sel(job=worth.job), best.clip(min=0))
        near = (worth >= best - distance) & (worth > -np.inf)
        at, site, time = np.nonzero(near.values)
        job = jobs.indexes["job"].get_indexer(worth.job)[at]
        tables.append(pd.DataFrame({"job": job, "site": site, "time": time}))
    return pd.concat(tables, ignore_index=True)
