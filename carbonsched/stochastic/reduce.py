r"""Fewer scenarios that stand for many.

**Distance.** Two scenarios are as far apart as their values, each variable scaled by how far it
spreads over the scenarios, so that none counts more for its unit:

.. math::
    d(a, b)^2 = \sum_v \frac{\lVert v_a - v_b \rVert^2}{\sum_s p_s \lVert v_s - \bar v \rVert^2}.

**Choice.** Kept are :math:`n` scenarios :math:`K` for which the probability moved, times how far,
:math:`\sum_s p_s \min_{k \in K} d(s, k)`, is small: the Kantorovich distance to what is left, as
each dropped scenario gives its probability to the nearest one kept (Dupačová, Gröwe-Kuska and
Römisch 2003, doi:10.1007/s10107-002-0331-0). One after the other is added that lowers it most (fast
forward selection: Heitsch and Römisch 2003, doi:10.1023/A:1021805924152); then one kept is
exchanged for one dropped as long as that lowers it (k-medoids), which the first step alone need not
have done.
"""

from __future__ import annotations

import numpy as np

from carbonsched.keywords import named_keywords, require_kinds
from carbonsched.stochastic.scenarios import Scenarios

_LESS = 1e-9  # of the cost: by which an exchange must lower it, so that rounding exchanges nothing


@named_keywords
def reduced(scenarios: Scenarios, n: int) -> Scenarios:
    """Return `n` of the scenarios, which take over the probabilities of those nearest to them.

    Parameters
    ----------
    scenarios : Scenarios
    n : int
        From 1 to as many as there are; they stay in their order.

    Raises
    ------
    ValueError
        There are not as many.

    Examples
    --------
    >>> import carbonsched as cs
    >>> futures = cs.scenarios(cs.example("default"), count=8, seed=1)
    >>> few = reduced(futures, 2)
    >>> few.size, set(few.labels) <= set(futures.labels), few.probability.sum().round(9).item()
    (2, True, 1.0)
    """
    require_kinds(n=(n, int))
    if not 1 <= n <= scenarios.size:
        raise ValueError(f"n = {n}: expected 1 to {scenarios.size}, as many as there are scenarios")
    apart, probability = distances(scenarios), scenarios.probability.values
    kept = np.sort(exchanged(apart, probability, forward(apart, probability, n)))
    nearest = kept[apart[:, kept].argmin(axis=1)]
    nearest[kept] = kept  # also where another is as near, its double
    moved = np.bincount(nearest, weights=probability, minlength=scenarios.size)[kept]
    return scenarios.chosen([scenarios.labels[k] for k in kept], moved)


def distances(scenarios: Scenarios) -> np.ndarray:
    """Return how far scenarios are apart, over (scenario, scenario); the module says by what."""
    probability = scenarios.probability.values
    squared = np.zeros((scenarios.size, scenarios.size))
    for array in scenarios.data.values():
        values = array.values.reshape(scenarios.size, -1)
        values = np.where(np.isfinite(values), values, 0.0)  # a budget without limit
        off = values - probability @ values
        product = off @ off.T
        size = np.diag(product)
        spread = probability @ size
        if spread > 0:
            squared += (size[:, None] + size - 2 * product).clip(min=0) / spread
    np.fill_diagonal(squared, 0.0)
    return np.sqrt(squared)


def forward(apart: np.ndarray, probability: np.ndarray, n: int) -> np.ndarray:
    """Return which `n` are kept when each is the one that lowers the distance most."""
    kept: list[int] = []
    nearest = np.full(len(apart), np.inf)
    for _ in range(n):
        cost = probability @ np.minimum(nearest[:, None], apart)
        cost[kept] = np.inf
        kept.append(int(cost.argmin()))
        nearest = np.minimum(nearest, apart[:, kept[-1]])
    return np.array(kept)


def exchanged(apart: np.ndarray, probability: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return what is kept after exchanging one for another as long as that lowers the distance."""
    kept = kept.copy()
    cost = float(probability @ apart[:, kept].min(axis=1))
    while True:
        best, change = cost * (1 - _LESS), None
        for k in range(len(kept)):
            rest = apart[:, np.delete(kept, k)].min(axis=1, initial=np.inf)
            costs = probability @ np.minimum(rest[:, None], apart)
            if costs.min() < best:
                best, change = float(costs.min()), (k, int(costs.argmin()))
        if change is None:
            return kept
        kept[change[0]], cost = change[1], best
