"""Small scenarios whose plans differ, and every plan for them by enumeration."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

import highspy
import numpy as np
import xarray as xr
from by_hand import plain

import carbonsched as cs
from carbonsched.solver.hand_over import columns, hand_over
from carbonsched.solver.settings import Settings

CHANCES = {"dry": 0.5, "windy": 0.3, "hot": 0.2}


def fleet(**values: object) -> cs.Instance:
    """Return two sites and three periods in which two jobs share room with a service."""
    given = {
        "it_capacity": 12.0,
        "import_limit": [30.0, 12.0],
        "import_price": [[30.0, 20.0, 25.0], [28.0, 26.0, 24.0]],
        "generation_available": [[2.0, 2.0, 2.0], [0.0, 0.0, 0.0]],
        "carbon_intensity": [[0.5, 0.4, 0.3], [0.2, 0.3, 0.6]],
        "battery_energy": [4.0, 0.0],
        "charge_limit": [4.0, 0.0],
        "discharge_limit": [4.0, 0.0],
        "battery_cost": 0.5,
        "charge_efficiency": 0.9,
        "power": [5.0, 6.0],
        "duration": [2, 1],
        "reward": [290.0, 180.0],
        "startup_cost": [10.0, 0.0],
        "allowed": [[True, False], [True, True]],
        "demand": [[6.0, 8.0, 7.0]],
        "value": 40.0,
        "carbon_budget": 16.5,
    }
    return cs.Instance(plain(2, 3, 2, 1, **(given | values)))


def futures(instance: cs.Instance | None = None) -> cs.Scenarios:
    """Return three scenarios of it, of different probability."""
    instance = instance or fleet()
    price, wind = instance.data.import_price, instance.data.generation_available
    given = {
        "dry": {
            "generation_available": 0 * wind,
            "carbon_intensity": xr.full_like(price, 0.6).drop_attrs(),
        },
        "windy": {
            "generation_available": wind + xr.DataArray([1.0, 6.0, 3.0], {"time": wind.time}),
            "import_price": price * xr.DataArray([1.0, 0.3, 1.8], {"time": wind.time}),
        },
        "hot": {
            "cooling": xr.full_like(price, 1.2).drop_attrs(),
            "demand": 1.2 * instance.data.demand,
            "import_price": price * xr.DataArray([0.9, 1.7, 0.8], {"time": wind.time}),
        },
    }
    return cs.Scenarios.of(instance, given, probability=CHANCES)


def starts(instance: cs.Instance) -> Iterator[xr.DataArray]:
    """Yield all starts that there are, each job also declined."""
    data = instance.data
    periods = data.sizes["time"]
    choices = [
        [None, *product(np.flatnonzero(data.allowed.values[j]), range(periods - length + 1))]
        for j, length in enumerate(data.duration.values)
    ]
    shape = tuple(data.sizes[dim] for dim in ("job", "site", "time"))
    for chosen in product(*choices):
        values = np.zeros(shape)
        for j, at in enumerate(chosen):
            if at is not None:
                values[j, *at] = 1
        yield xr.DataArray(values, {dim: data[dim] for dim in ("job", "site", "time")})


def worth_of_starts(scenarios: cs.Scenarios, method: str = "joint") -> np.ndarray:
    """Return what each of `starts` earns at best in each scenario by itself, USD.

    Minus infinity where it has no schedule there.
    """
    table = []
    for _, instance in scenarios.each():
        model = cs.build(instance, method=method)
        highs = hand_over(model, Settings(gap=0.0)).solver_model
        worth = []
        for start in starts(instance):
            at, values = columns(model, "start", start)
            highs.changeColsBounds(len(at), at, values, values)
            highs.run()
            found = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
            worth.append(highs.getInfo().objective_function_value if found else -np.inf)
        table.append(worth)
    return np.array(table).T


def mean_of_worst(values: np.ndarray, chances: np.ndarray, tail: float) -> float:
    """Return the mean of the worst values by its definition: the best of all thresholds."""
    return max(eta - np.maximum(eta - values, 0) @ chances / tail for eta in values)


def valued(values: np.ndarray, chances: np.ndarray, risk: float, tail: float) -> float:
    """Return what is maximised, of benefits by scenario."""
    if not np.isfinite(values).all():
        return -np.inf
    return (1 - risk) * values @ chances + risk * mean_of_worst(values, chances, tail)


def best_with_exceptions(
    kept: np.ndarray, free: np.ndarray, chances: np.ndarray, share: float, risk: float, tail: float
) -> float:
    """Return the best of all starts and of all scenarios that may be let off their budget."""
    count = len(chances)
    off = [
        list(some)
        for size in range(count + 1)
        for some in combinations(range(count), size)
        if chances[list(some)].sum() <= 1 - share + 1e-9
    ]
    best = -np.inf
    for some in off:
        worth = kept.copy()
        worth[:, some] = free[:, some]
        best = max(best, *(valued(row, chances, risk, tail) for row in worth))
    return best
