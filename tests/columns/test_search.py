"""What column generation knows, step by step, on an instance whose optimum is known by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from carbonsched.columns import engine
from carbonsched.columns.dive import _batch, _roomy, dive, place, settle
from carbonsched.columns.engine import _range, search_of
from carbonsched.columns.prices import prices_by_columns
from carbonsched.columns.rounding import round_locally
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
    engine.relax(search, 0.0, search.deadline, lambda: None)
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
    low, high = _range(search.data)
    power = float((abs(search.data.import_price) * search.data.import_limit).sum())
    assert (low, high) == (-3300 - power - 1, 3300 + power + 1)


def test_prices_are_those_of_the_relaxation_whatever_was_known(make):
    """By hand: of 3 x 80 MW, 200 fit, the last of the job that earns 200 USD; power costs 10."""
    data = make(1, 2, 3, 0, power=80.0, reward=[1000.0, 1100.0, 1200.0]).data
    for known in (None, pd.DataFrame({"job": [0], "site": [0], "time": [1]})):
        prices, weighty = prices_by_columns(data, Formulation(), 60.0, known)
        np.testing.assert_allclose(prices.power_price, 10.0)
        np.testing.assert_allclose(prices.capacity_price, 200 / 80)
        assert {*weighty.job} == {0, 1, 2}
    short = make(1, 1, 1, 1, demand=50.0, import_limit=5.0).data
    with pytest.raises(InfeasibleError, match="not even without jobs"):
        prices_by_columns(short, Formulation(), 60.0)
