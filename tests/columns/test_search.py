"""What column generation knows, step by step, on an instance whose optimum is known by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import carbonsched as cs
from carbonsched.columns import engine, rounds
from carbonsched.columns.dive import _batch, _roomy, dive, place, settle
from carbonsched.columns.prices import prices_by_columns
from carbonsched.columns.rounding import round_locally
from carbonsched.columns.rounds import least_and_most, search_of
from carbonsched.columns.search import Search
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import Method
from carbonsched.core.tighten import tightened
from carbonsched.errors import InfeasibleError
from carbonsched.solver.settings import Settings

EVERY = np.ones(3, bool)


@pytest.fixture
def search(make) -> Search:
    """Return a search for three jobs of 60 of 100 MW in two periods: two of them run, apart.

    A MWh costs 10 USD, so that a job earns 1000, 1100 or 1200 less 600.
    """
    data = make(1, 2, 3, 0, power=60.0, reward=[1000.0, 1100.0, 1200.0]).data
    return search_of(tightened(data, Method(), Formulation()), Formulation(), Settings(gap=0.0))


def columns(search: Search, *placed: tuple[int, int, int]) -> None:
    """Add placements by job, site and time, and solve."""
    table = pd.DataFrame(placed, columns=["job", "site", "time"])
    assert search.master.add(table) == len(placed)
    assert search.master.solve(60.0)


def started(search: Search) -> list[list[int]]:
    return np.argwhere(search.known().start.values > 0.5).tolist()


def test_nothing_is_known_before_the_first_solve(search):
    with pytest.raises(ValueError, match="no schedule is known yet"):
        search.known()
    with pytest.raises(ValueError, match="no bound is known yet"):
        search.proof()
    search.settle()
    assert search.incumbent is None and not search.done


def test_jobs_placed_greedily_are_a_schedule_and_all_rounds_a_bound(search):
    """By hand: 600 and 500 of the two best; by fractions all three fit, 180 of 200 MW: 1,500."""
    assert search.master.solve(60.0)
    search.keep()
    assert (search.value, started(search)) == (0.0, [])
    place(search, np.zeros(0), EVERY.copy())
    assert len(started(search)) == 2
    search.master.free()
    assert search.master.solve(60.0)
    rounds.relax(search, 0.0, search.deadline, lambda: None)
    assert search.rounds > 0 and search.proof() is search.prices
    assert search.bound == pytest.approx(600 + 500 + 400)
    assert 0 < search.value <= 1100 <= search.bound


def test_the_gap_is_relative_to_what_is_asked(search):
    columns(search, (2, 0, 0))
    search.keep()
    assert search.value == pytest.approx(600.0) and started(search) == [[2, 0, 0]]
    assert search.size == pytest.approx(1200 + 600)  # what is earned and what is paid
    search.settings = replace(search.settings, gap_of="objective")
    search.settled = -5000.0
    assert search.size_of(search.value, search.known()) == pytest.approx(4400.0)


def test_what_is_kept_is_better_than_what_was(search):
    columns(search, (2, 0, 0), (1, 0, 1))
    search.keep()
    best = search.value
    assert best == pytest.approx(1100.0)
    fixed = np.array([1.0, 0.0])
    search.master.fix(fixed, fixed, complete=True)
    assert search.master.solve(60.0) and search.master.value == pytest.approx(600.0)
    search.keep()
    assert search.value == best
    search.settle()  # the dispatch of the best, once more
    assert search.value == best and len(started(search)) == 2


def test_a_dive_fixes_the_greatest_weights_and_what_fits_beside_them(search):
    columns(search, (0, 0, 0), (1, 0, 0), (2, 0, 1))
    free = np.full((1, 2), 100.0)
    batch, full = _batch(search, EVERY, np.ones(3), free, 1.0)
    assert (sorted(batch), list(full)) == ([1, 2], [])  # the first fits alone, not beside
    batch, full = _batch(search, EVERY, np.ones(3), np.array([[40.0, 100.0]]), 1.0)
    assert (list(batch), sorted(full)) == ([2], [0, 1])
    batch, full = _batch(search, ~EVERY, np.ones(3), free, 1.0)
    assert len(batch) == len(full) == 0


def test_room_is_where_a_whole_run_fits(make):
    data = make(1, 4, 2, 0, power=60.0, duration=[2, 4]).data
    free = np.array([[100.0, 60.0, 50.0, 100.0]])
    room = _roomy(data, free, np.array([0, 1]))
    assert room[:, 0].tolist() == [[True, False, False, False], [False] * 4]


def test_a_dive_finds_the_two_best_and_leaves_the_master_free(search):
    columns(search, (0, 0, 0), (1, 0, 0), (2, 0, 1), (2, 0, 0))
    before = search.master.value
    dive(search)
    assert search.value == pytest.approx(1100.0)
    assert search.master.solve(60.0) and search.master.value >= before - 1e-6


def test_a_dive_gives_up_where_nothing_better_is_left(search):
    columns(search, (0, 0, 0), (1, 0, 1))
    search.value = 5000.0
    undecided = EVERY.copy()
    settle(search, np.zeros(0), undecided, 1.0)
    assert search.incumbent is None and not undecided.all()


def test_without_time_a_dive_only_places_what_is_left(search):
    columns(search, (0, 0, 0))
    undecided = EVERY.copy()
    search.settings = replace(search.settings, time_limit=0.0)
    settle(search, np.zeros(1), undecided, 1.0, anew=False)
    assert search.value >= 600.0


def test_rounding_needs_jobs_and_ends_near_the_best(make, search):
    bare = search_of(make(1, 2).data, Formulation(), Settings())
    assert bare.master.solve(60.0)
    round_locally(bare)
    assert bare.incumbent is None
    assert search.master.solve(60.0)
    search.price()
    columns(search, (0, 0, 0), (1, 0, 1))
    round_locally(search)
    assert search.value == pytest.approx(1100.0)


def test_every_benefit_lies_in_its_range(search):
    """By hand: 3,300 USD of jobs and 1,000 MW at 10 USD in both periods, and one for rounding."""
    low, high = least_and_most(search.data)
    power = float((abs(search.data.import_price) * search.data.import_limit).sum())
    assert (low, high) == (-3300 - power - 1, 3300 + power + 1)


def test_prices_are_those_of_the_relaxation_whatever_was_known(make):
    """By hand: of 3 x 80 MW, 200 fit, the last of the job that earns 200 USD; power costs 10."""
    data = make(1, 2, 3, 0, power=80.0, reward=[1000.0, 1100.0, 1200.0]).data
    for known in (None, pd.DataFrame({"job": [0], "site": [0], "time": [1]})):
        found = prices_by_columns(data, Formulation(), 60.0, known)
        np.testing.assert_allclose(found.prices.power_price, 10.0)
        np.testing.assert_allclose(found.prices.capacity_price, 200 / 80)
        np.testing.assert_allclose(found.placed.groupby("job").weight.sum(), [0.5, 1.0, 1.0])
    short = make(1, 1, 1, 1, demand=50.0, import_limit=5.0).data
    with pytest.raises(InfeasibleError, match="not even without jobs"):
        prices_by_columns(short, Formulation(), 60.0)


@pytest.fixture
def inverted(make) -> Search:
    """Return a search for 20 MW generated in each of two periods at nothing, a job of 10 MW.

    A MWh is sold at 30 USD and bought at 10, up to 15 MW each: without states both at once.
    """
    data = make(
        1, 2, 1, 0, reward=1000.0, generation_available=20.0, export_limit=15.0,
        export_price=30.0, import_limit=15.0, import_price=10.0,
    ).data  # fmt: skip
    data = tightened(data, Method(), Formulation())
    return search_of(data, Formulation(), Settings(gap=0.0))


def test_states_are_settled_before_a_schedule_is_kept(inverted):
    """By hand: 15 MW sold beside the job's 10 of 20 MW would need import; 10 and 15 are sold."""
    columns(inverted, (0, 0, 0))
    assert inverted.master.has_states
    inverted.keep()
    assert inverted.value == pytest.approx(1000 + 30 * (10 + 15))
    solved = inverted.known()
    assert float((solved.grid_import * solved.grid_export).max()) == pytest.approx(0, abs=1e-6)
    best = inverted.value
    inverted.settle()
    assert inverted.value == pytest.approx(best)


def test_where_states_cannot_be_settled_in_time_nothing_is_kept(inverted, monkeypatch):
    columns(inverted, (0, 0, 0))
    monkeypatch.setattr(inverted.master, "branch", lambda *given, **how: False)
    inverted.keep()
    assert inverted.incumbent is None


@pytest.mark.parametrize("seed", [3, 0, 1, 2, 4, 5])
def test_states_are_searched_for_only_where_their_flows_cost_too_much(seed, monkeypatch):
    """Proves: bounds of the states, of both families, the optimum, and the relaxation as before.

    The flows of seed 3 lean to states that leave no dispatch.
    """
    drawn = cs.generate(2, 8, 0, 1, seed=seed)
    paid = drawn.data.import_price.where(drawn.data.import_price > 60, -20.0)
    instance = drawn.replace(import_price=paid, export_price=1.1 * paid)
    data = tightened(instance.data, Method(), Formulation())
    master = search_of(data, Formulation(), Settings(gap=0.0)).master
    assert master.solve(60.0) and master.has_states
    relaxed, searched, branch = master.value, [], master.branch
    monkeypatch.setattr(master, "branch", lambda *g, **how: searched.append(g) or branch(*g, **how))
    optimum = cs.solve(instance, gap=0)
    best = optimum.objective - optimum.benefit["inference"]  # which is settled
    for distance in (1e12, 0.0):
        assert master.settle_states(60.0, distance)
        assert len(searched) == (1 if distance else 2) if seed == 3 else len(searched) <= 1
        assert master.value <= best + 1e-6 * abs(best)
        flows = master.values()
        for one, other in (("grid_import", "grid_export"), ("charge", "discharge")):
            assert np.minimum(flows[one], flows[other]).max() == pytest.approx(0, abs=1e-6)
        if not distance:
            assert master.value == pytest.approx(best, rel=1e-6)
        assert master.solve(60.0) and master.value == pytest.approx(relaxed)
    assert searched


def test_a_dive_steps_back_where_what_fits_by_room_does_not_by_budget(make):
    """Three jobs of 60 MWh emit 30 t each, of 70 t; the two that earn most are left."""
    data = make(
        1, 3, 3, 0, power=60.0, reward=[1000.0, 1100.0, 1200.0], carbon_budget=70.0
    ).data  # fmt: skip
    data = tightened(data, Method(), Formulation())
    tight = search_of(data, Formulation(), Settings(gap=0.0))
    columns(tight, (0, 0, 0), (1, 0, 1), (2, 0, 2))
    settle(tight, np.zeros(0), EVERY.copy(), 1.0, anew=False)
    assert tight.value == pytest.approx(600.0 + 500.0)
    assert [at[0] for at in started(tight)] == [1, 2]


def test_a_first_schedule_is_that_of_jobs_placed_greedily(make):
    instance = make(1, 2, 3, 0, power=60.0, reward=[1000.0, 1100.0, 1200.0])
    found = engine.first_schedule(instance, Method(), Formulation(), Settings())
    assert found.start.sum() == 2 and found.start.sum(["job", "site"]).max() == 1
    short = make(1, 1, 1, 1, demand=50.0, import_limit=5.0)
    assert engine.first_schedule(short, Method(), Formulation(), Settings()) is None


def test_prices_without_a_job_that_pays_are_those_of_power(make):
    for jobs in (0, 1):
        data = make(1, 2, jobs, 0, reward=0.0).data
        found = prices_by_columns(data, Formulation(), 60.0)
        assert found.placed.empty and not found.prices.capacity_price.any()
