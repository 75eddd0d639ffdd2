"""A long horizon rounded window by window, at the prices of the whole."""

from __future__ import annotations

import numpy as np
import pytest

import carbonsched as cs
from carbonsched.columns import engine, windows
from carbonsched.columns.descent import descend
from carbonsched.columns.dive import place
from carbonsched.columns.rounds import search_of
from carbonsched.columns.search import Search
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import Method
from carbonsched.core.reach import may_start
from carbonsched.core.tighten import tightened
from carbonsched.solver.settings import Settings

HOW = Formulation()


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Let windows be of 24 periods, with a margin of 8, and 48 periods be long."""
    monkeypatch.setattr(windows, "PERIODS", 24)
    monkeypatch.setattr(windows, "MARGIN", 8)
    monkeypatch.setattr(engine, "LONG", 48)


def placed_greedily(instance: cs.Instance) -> Search:
    """Return a search that knows the dispatch of jobs placed greedily, as the engine has it."""
    search = search_of(tightened(instance.data, Method(), HOW), HOW, Settings(gap=1e-4))
    assert search.master.solve(search.left)
    search.keep()
    place(search, np.zeros(0), np.ones(instance.data.sizes["job"], bool))
    search.price()
    return search


def rounded(search: Search) -> windows.Relaxed | None:
    """Return what the windows of a search come to, at prices that steps lead to."""
    relaxed = descend(search, search.value, search.deadline)
    return windows.round_by_windows(search, HOW, relaxed, search.deadline)


def test_without_what_reaches_over_an_end_the_windows_are_exact(make):
    """By hand: jobs of two hours, two of which fit at once, four a day, on three days.

    Each is worth 100 to 400 USD less 20 MW at 10 USD for two hours, 400 USD in all for the last
    and for the others too little.
    """
    reward = [450.0, 480.0, 500.0, 390.0] * 3
    release = np.repeat([0, 24, 48], 4)
    instance = make(
        1, 72, 12, 0, power=20.0, duration=2, reward=reward,
        release=release, deadline=release + 23, it_capacity=20.0,
    )  # fmt: skip
    search = placed_greedily(instance)
    found = rounded(search)
    assert found is not None
    assert search.bound == pytest.approx(3 * (50 + 80 + 100), rel=0.01)
    assert sorted({*found.placed.job}) == [job for job in range(12) if job % 4 != 3]
    np.testing.assert_allclose(found.placed.groupby("job").weight.sum(), 1.0)
    assert found.routed.shape == (1, 72)


CASES = {
    "plain": {},
    "budget": {"budget_share": 0.45},
    "tight": {"utilisation": 0.9},
}


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("seed", range(2))
def test_the_bound_holds_and_placements_are_allowed(kind, seed):
    instance = cs.generate(2, 60, 10, seed=seed, **CASES[kind])
    best = cs.solve(instance, engine="milp", gap=1e-6, time_limit=60)
    search = placed_greedily(instance)
    found = rounded(search)
    assert found is not None
    assert search.bound + search.settled >= best.bound - 1e-6 * abs(best.bound)
    placed = found.placed
    may = may_start(search.data).transpose("job", "site", "time").values
    assert may[placed.job, placed.site, placed.time].all()
    assert (placed.groupby("job").weight.sum() <= 1 + 1e-6).all()
    assert found.prices.sizes["time"] == found.routed.shape[1] == 60
    before = search.value
    engine.round_locally(search, found, rounded=True)
    assert before <= search.value <= search.bound


def test_the_engine_goes_by_windows_where_the_horizon_is_long(monkeypatch):
    instance = cs.generate(2, 60, 12, seed=5)
    seen, asked = [], windows.round_by_windows
    monkeypatch.setattr(
        engine, "round_by_windows", lambda *given: seen.append(asked(*given)) or seen[-1]
    )
    found = cs.solve(instance, engine="column-generation", gap=0.005)
    assert [type(one) for one in seen] == [windows.Relaxed]
    best = cs.solve(instance, engine="milp", gap=1e-6)
    assert found.objective <= best.bound and best.objective <= found.bound
    assert found.gap <= 0.005
    cs.solve(instance.window(0, periods=40), engine="column-generation")
    assert len(seen) == 1


def test_jobs_that_must_run_are_placed_in_their_windows(make):
    """By hand: a job that costs more than it earns, in the second window."""
    instance = make(
        1, 72, 1, 0, power=20.0, duration=2, reward=0.0, release=30, deadline=40, required=True
    )
    search = placed_greedily(instance)
    found = rounded(search)
    assert found is not None
    assert -2 * 20 * 10 - 1e-6 <= search.bound + search.settled < 0
    assert found.placed.weight.tolist() == [1.0]


def test_windows_without_time_say_nothing(make):
    search = placed_greedily(cs.generate(2, 60, 10, seed=0))
    relaxed = descend(search, search.value, search.deadline)
    assert windows.round_by_windows(search, HOW, relaxed, search.deadline - 1e6) is None


def test_all_windows_have_one_price_of_carbon(make):
    """By hand: 2 MWh of 60 jobs at 10 USD and a tonne each, or generated at 25 USD.

    A tonne is worth 15 USD as long as some of both must be taken: then a job costs 50 USD wherever
    its power comes from. The budget is enough for the half of them.
    """
    release = np.repeat([0, 24, 48], 20)
    instance = make(
        1, 72, 60, 0, power=1.0, duration=2, reward=100.0, carbon_intensity=1.0, it_capacity=2.0,
        release=release, deadline=release + 23, generation_available=2.0, generation_cost=25.0,
        carbon_budget=60.0,
    )  # fmt: skip
    search = placed_greedily(instance)
    found = rounded(search)
    assert found is not None
    assert float(found.prices.carbon_price) == pytest.approx(15.0, rel=0.1)
    expected = 60 * 100 - 60 * 10 - 60 * 25
    assert search.bound + search.settled == pytest.approx(expected, rel=0.01)
    assert len(found.placed) == 60
