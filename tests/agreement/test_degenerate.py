"""Instances without something: no jobs, no services, no battery, one site, one period.

Each is solved by every method, in both formulations and by both engines, and verified by `solve`;
by the joint method the optimum must be that of enumeration, and no method does better. `make test`
takes a sixth of the combinations, every instance and every method among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product

import pytest
from test_brute_force import brute_force

import carbonsched as cs

BATTERY = (
    "battery_energy", "battery_min", "battery_initial", "charge_limit", "discharge_limit"
)  # fmt: skip
# Sites, periods, jobs and services, and what is zero.
INSTANCES = {
    "zero demand": ((2, 3, 2, 1), ("demand",)),
    "zero battery": ((2, 3, 2, 1), BATTERY),
    "one period": ((2, 1, 2, 1), ()),
    "one site": ((1, 3, 2, 1), ()),
    "no job": ((2, 3, 0, 1), ()),
    "no service": ((2, 3, 2, 0), ()),
    "no job, no service": ((2, 3, 0, 0), ()),
    "one site, one period": ((1, 1, 1, 1), ()),
    "one site, no service, zero battery": ((1, 3, 2, 0), BATTERY),
    "no generation, no export": ((2, 3, 1, 1), ("generation_available", "export_limit")),
    "nothing costs or earns": (
        (1, 2, 1, 1),
        ("import_price", "export_price", "generation_cost", "battery_cost", "reward", "value"),
    ),
    "no room": ((2, 3, 2, 1), ("demand", "it_capacity", "power")),
    "nothing": ((1, 1, 0, 0), (*BATTERY, "generation_available", "import_limit", "export_limit")),
}
WAYS = [
    *({"formulation": name, "engine": "milp"} for name in cs.FORMULATIONS),
    {"engine": "column-generation"},
]


def without(name: str) -> cs.Instance:
    sizes, zero = INSTANCES[name]
    return cs.generate(*sizes, seed=7, budget_share=2.0).replace(**dict.fromkeys(zero, 0))


@cache
def enumerated(name: str) -> float:
    return brute_force(without(name))


def cases() -> Iterator[object]:
    """Yield every combination; a third of them are short, each in turn with another way."""
    for k, (name, method) in enumerate(product(INSTANCES, cs.METHODS)):
        for w, way in enumerate(WAYS):
            if (method, way["engine"]) != ("energy_only", "column-generation"):  # refused by name
                long = (k + k // len(cs.METHODS)) % 6 != 2 * w
                marks = [pytest.mark.long] * long
                yield pytest.param(name, method, way, marks=marks, id=f"{name}-{method}-{w}")


@pytest.mark.parametrize(("name", "method", "how"), list(cases()))
def test_an_instance_without_something_is_solved(name, method, how):
    instance = without(name)
    gap = 0.0 if how["engine"] == "milp" else 1e-3
    schedule = cs.solve(instance, method, gap=gap, **how)
    assert cs.verify(instance, schedule).ok
    best = enumerated(name)
    slack = 1e-6 * max(abs(best), 1.0)
    assert schedule.objective <= best + slack, "no method does better than the joint one"
    if method == "joint":
        assert schedule.bound >= best - slack
        if how["engine"] == "milp":
            assert schedule.objective == pytest.approx(best, rel=1e-6, abs=1e-6)
