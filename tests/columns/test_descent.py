"""Prices by steps: the parts add up to the bound, and what rows leave over is its slope."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.bounds.lagrangian import NOT_NEGATIVE, dual_bound, placements
from carbonsched.columns import descent, engine
from carbonsched.columns.dive import place
from carbonsched.columns.rounds import search_of
from carbonsched.columns.search import Search
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import Method
from carbonsched.core.reach import may_start
from carbonsched.core.tighten import tightened
from carbonsched.solver.settings import Settings

HOW = Formulation()
CASES = {
    "plain": {},
    "budget": {"budget_share": 0.45},
    "tight": {"utilisation": 0.9},
}


def started(instance: cs.Instance, gap: float = 1e-4) -> Search:
    """Return a search that knows a schedule and a first bound."""
    search = search_of(tightened(instance.data, Method(), HOW), HOW, Settings(gap=gap))
    assert search.master.solve(search.left)
    search.keep()
    place(search, np.zeros(0), np.ones(instance.data.sizes["job"], bool))
    search.price()
    return search


def required(instance: cs.Instance) -> cs.Instance:
    """Return an instance whose first two jobs must run, some sites of theirs closed."""
    must = np.arange(instance.data.sizes["job"]) < 2
    allowed = instance.data.allowed.copy()
    allowed[0, 0] = False
    return cs.Instance(instance.data.assign(required=("job", must), allowed=allowed))


def drawn(search: Search, seed: int) -> dict[str, np.ndarray]:
    """Return prices around those of a search, as arrays."""
    chance = np.random.default_rng(seed)
    values = descent._Parts(search.data).values_of(search.proof())
    for name, known in values.items():
        moved = known + 20 * chance.standard_normal(known.shape) * (
            chance.random(known.shape) < 0.7
        )
        values[name] = np.maximum(moved, 0.0) if name in NOT_NEGATIVE else np.asarray(moved)
    return values


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("seed", range(3))
def test_what_the_parts_earn_is_the_bound_that_lagrangian_says(kind, seed):
    search = started(required(cs.generate(3, 24, 8, seed=seed, **CASES[kind])))
    parts, data = descent._Parts(search.data), search.data
    values = drawn(search, seed)
    prices = parts.dataset_of(values)
    best = [one.max(["site", "time"]) for one in placements(data, prices, may_start(data))]
    expected = dual_bound(data, prices, xr.concat(best, "job"))
    assert parts.answer(values).bound == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("seed", range(3))
def test_what_rows_leave_over_is_a_slope_of_the_bound(kind, seed):
    """The bound is convex in the prices: it lies nowhere below what a slope of it says."""
    search = started(required(cs.generate(3, 24, 8, seed=seed, **CASES[kind])))
    parts = descent._Parts(search.data)
    here, there = drawn(search, seed), drawn(search, seed + 100)
    at = parts.answer(here)
    for share in (1e-3, 0.1, 1.0):
        moved = {name: here[name] + share * (there[name] - here[name]) for name in here}
        rise = sum(float((at.slack[name] * (moved[name] - here[name])).sum()) for name in here)
        assert parts.answer(moved).bound >= at.bound + rise - 1e-9 * abs(at.bound)


@pytest.mark.parametrize("kind", CASES)
def test_the_bound_comes_near_to_the_relaxation_and_never_below_a_schedule(kind):
    instance = required(cs.generate(4, 48, 20, seed=1, **CASES[kind]))
    search = started(instance)
    before, best = search.bound, cs.solve(instance, engine="milp", gap=1e-4, time_limit=60)
    found = descent.descend(search, search.value, search.deadline)
    relaxed = cs.bound(instance)
    assert search.bound + search.settled >= best.objective - 1e-6 * abs(best.objective)
    assert search.bound + search.settled - relaxed <= 0.02 * (before + search.settled - relaxed)
    placed = found.placed
    may = may_start(search.data).transpose("job", "site", "time").values
    assert may[placed.job, placed.site, placed.time].all()
    assert (placed.groupby("job").weight.sum() <= 1 + 1e-9).all()
    assert {0, 1} <= {*placed.job}
    served = (search.data.power_per_unit * search.data.demand).sum("service")
    np.testing.assert_allclose(found.routed.sum(axis=0), served.transpose("time"))


def test_no_step_is_taken_where_the_time_is_up():
    search = started(cs.generate(2, 24, 5, seed=0))
    descent.descend(search, search.value, search.deadline - 1e6)
    assert search.rounds == 2


@pytest.mark.parametrize("cells", ["WIDE", "NARROW"])
@pytest.mark.parametrize("seed", [1, 3])
def test_the_engine_takes_steps_where_a_fleet_is_wide_or_hard(cells, seed, monkeypatch):
    monkeypatch.setattr(engine, cells, 0)
    seen, asked = [], engine.descend
    monkeypatch.setattr(engine, "descend", lambda *given: seen.append(asked(*given)) or seen[-1])
    instance = cs.generate(3, 48, 12, seed=seed, utilisation=0.9)
    found = cs.solve(instance, engine="column-generation", gap=1e-5, time_limit=20)
    assert len(seen) == 1
    best = cs.solve(instance, engine="milp", gap=1e-6)
    assert found.objective <= best.bound * (1 + 1e-9)
    assert best.objective <= found.bound * (1 + 1e-9)
    assert cs.verify(instance, found).ok
