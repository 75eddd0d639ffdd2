"""A long horizon priced window by window: any prices bound, and near ones bound closely."""

from __future__ import annotations

import numpy as np
import pytest

import carbonsched as cs
from carbonsched.columns import engine, windows
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
    return search


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
    found = windows.price_by_windows(search, HOW, search.deadline, lambda: None)
    assert found is not None
    assert search.bound == pytest.approx(3 * (50 + 80 + 100))
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
    found = windows.price_by_windows(search, HOW, search.deadline, lambda: None)
    assert found is not None
    assert search.bound + search.settled >= best.bound - 1e-6 * abs(best.bound)
    placed = found.placed
    may = may_start(search.data).transpose("job", "site", "time").values
    assert may[placed.job, placed.site, placed.time].all()
    assert (placed.groupby("job").weight.sum() <= 1 + 1e-6).all()
    assert found.prices.sizes["time"] == found.routed.shape[1] == 60
    before = search.value
    engine.round_locally(search, found)
    assert before <= search.value <= search.bound


def test_the_engine_goes_by_windows_where_the_horizon_is_long(monkeypatch):
    instance = cs.generate(2, 60, 12, seed=5)
    seen, asked = [], windows.price_by_windows
    monkeypatch.setattr(
        engine, "price_by_windows", lambda *given: seen.append(asked(*given)) or seen[-1]
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
    found = windows.price_by_windows(search, HOW, search.deadline, lambda: None)
    assert found is not None
    assert search.bound + search.settled == pytest.approx(-2 * 20 * 10)
    assert found.placed.weight.tolist() == [1.0]


def test_windows_without_a_relaxation_or_without_time_say_nothing(make):
    search = placed_greedily(make(1, 72, 1, 0))
    assert windows.price_by_windows(search, HOW, search.deadline - 1e6, lambda: None) is None
    assert search.bound == np.inf


def test_all_windows_have_one_price_of_carbon(make):
    """By hand: 3,600 MWh at 10 USD and a tonne each, or generated at 25 USD; 2,400 t may be.

    A tonne is worth 15 USD, which the master's dispatch knows. From nothing the prices tried are 1,
    2, 4, 8 and 16 USD; at the last all is generated; the budget not used is in the bound.
    """
    instance = make(
        1, 72, 0, 1, demand=50.0, carbon_intensity=1.0, generation_available=100.0,
        generation_cost=25.0, carbon_budget=2400.0,
    )  # fmt: skip
    earned = float((instance.data.value * instance.data.demand).sum())
    for known, bound in ((15.0, -2400 * 10 - 1200 * 25), (0.0, -3600 * 25 + 2400 * 16)):
        search = placed_greedily(instance)
        prices = search.master.prices()
        assert float(prices.carbon_price) == pytest.approx(15.0)
        search.master.prices = lambda known=known, prices=prices: prices.assign(carbon_price=known)
        found = windows.price_by_windows(search, HOW, search.deadline, lambda: None)
        assert found is not None
        assert search.bound + search.settled == pytest.approx(earned + bound)


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({0.0: 50.0}, 8.0),
        ({0.0: 50.0, 8.0: 20.0}, 16.0),
        ({0.0: 50.0, 8.0: -50.0}, 4.0),
        ({0.0: 90.0, 8.0: -1.0}, 0.9 * 8),
        ({40.0: -5.0}, 10.0),
        ({0.25: -5.0}, 0.0),
    ],
)
def test_the_next_price_lies_between_too_much_and_too_little(over, expected):
    assert windows._next_price(over, 8.0) == pytest.approx(expected)
