"""From weights of placements to whole ones: the cut model is branched, and what comes out asked.

Scenarios are asked about a plan once, states and all; what they say is one more cut. Cuts never
promise too little, so that where even the best whole placements of the cut model earn no more than
the plan, none do. They promise too much where states of grid and battery count: a plan that was
asked about already is left out by a row that all others meet (Laporte and Louveaux, 1993). Only the
cuts that hold the linear optimum, and those of whole plans, are kept while branching: with all of
them it takes several times as long and finds the same.
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
    `MANY` of the others are columns, and where those are all, what the cut model proves of its
    whole placements bounds every plan; else, for a start, `FEW` of those that are worth less by
    what the gap allows.

    Parameters
    ----------
    search : Search
    within : float
        Of the distance that the gap allows, to which the cut model is searched.
    times : float
        Plans to ask about at most.
    """
    cuts, whole = search.cuts, math.isinf(times)
    every = False
    if search.proof is not None:
        distance = search.bound - search.value
        if not whole:
            distance = min(distance, search.allowed)
        near = cuts.fleet.near(search.proof.price, distance, MANY if whole else FEW)
        every = whole and len(near) < MANY * cuts.fleet.count
        cuts.add(near)
    tried: dict[bytes, float] = {}
    left_out = -math.inf  # what the best of the plans that the cut model no longer has may be worth
    while search.left > 0 and len(tried) < times:
        cuts.solve(search.left)
        found = cuts.search(SHARE * search.left, within * search.allowed)
        if every and search.value > -math.inf:
            search.bound = min(search.bound, max(search.value, left_out, cuts.proven))
        if not found or search.done or cuts.value <= search.value + search.least:
            return
        weights = np.round(cuts.weights)
        plan = weights.tobytes()
        if plan in tried:  # states of zero or one earn less than the cuts say
            if not whole:
                return
            cuts.exclude(weights)
            left_out = max(left_out, tried[plan])
            continue
        while search.ask(weights, whole=True).short and search.penalise():
            pass
        tried[plan] = search.reachable(weights)
        search.told()
        if search.done:
            return
