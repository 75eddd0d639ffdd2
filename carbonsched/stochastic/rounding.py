"""From weights of placements to whole ones: the cut model is branched, and what comes out asked.

Scenarios are asked about a plan once, states and all; what they say is one more cut. Cuts never
promise too little, so that where even the best whole placements of the cut model earn no more than
the plan, none do. Only the cuts that hold the linear optimum, and those of whole plans, are kept
while branching: with all of them it takes several times as long and finds the same.
"""

from __future__ import annotations

import math

import numpy as np

from carbonsched.stochastic.search import Search

FEW, MANY = 10, 50  # placements of a job, on average, among which a plan is looked for
SHARE = 0.5  # of the time left, that one search may take


def branch(search: Search, within: float, times: float = math.inf) -> None:
    """Ask about the best whole placements of the cut model, until they are no better or it is done.

    By reduced cost a plan that is better than the known one uses no placement that is worth less
    than its job's best by more than the distance between bound and plan. Without a limit of times
    `MANY` of the others are columns; else, for a start, `FEW` of those that are worth less by what
    the gap allows.

    Parameters
    ----------
    search : Search
    within : float
        Of the distance that the gap allows, to which the cut model is searched.
    times : float
        Plans to ask about at most.
    """
    cuts = search.cuts
    if search.proof is not None:
        distance = search.bound - search.value
        most = MANY
        if math.isfinite(times):
            distance, most = min(distance, search.allowed), FEW
        cuts.add(cuts.fleet.near(search.proof.price, distance, most))
    tried: set[bytes] = set()
    while search.left > 0 and len(tried) < times:
        cuts.solve(search.left)
        if not cuts.search(SHARE * search.left, within * search.allowed):
            return
        weights = np.round(cuts.weights)
        no_better = cuts.value <= search.value + search.least
        if no_better or weights.tobytes() in tried:
            return
        tried.add(weights.tobytes())
        while search.ask(weights, whole=True).short and search.penalise():
            pass
        search.told()
        if search.done:
            return
