"""Shapley's split against all orders written out; what a freedom takes away when it is missing."""

from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import carbonsched as cs
from carbonsched.study.freedoms import FREEDOMS, at_release, shapley, subsets, worth

PLAYERS = "abcd"


@settings(max_examples=20)
@given(st.lists(st.integers(-100, 100), min_size=16, max_size=16))
def test_the_split_is_the_mean_over_all_orders(numbers):
    values = dict(zip(subsets(PLAYERS), map(float, numbers), strict=True))
    orders = list(permutations(PLAYERS))
    added = dict.fromkeys(PLAYERS, 0.0)
    for order in orders:
        for k, one in enumerate(order):
            before = frozenset(order[:k])
            added[one] += (values[before | {one}] - values[before]) / len(orders)
    assert shapley(values) == pytest.approx(added)
    whole = values[frozenset(PLAYERS)] - values[frozenset()]
    assert sum(shapley(values).values()) == pytest.approx(whole)


def test_without_time_shift_there_is_one_start():
    instance = cs.generate(sites=2, periods=8, jobs=3, services=1, seed=5)
    data = at_release(instance).data
    span = (data.deadline - data.release).values / data.step_hours.values
    hours = span / (data.indexes["time"][1] - data.indexes["time"][0])
    assert (hours == data.duration.values - 1).all()


def test_all_freedoms_are_the_joint_method_and_more_never_earn_less():
    instance = cs.generate(sites=2, periods=4, jobs=1, services=1, seed=3)
    earned = {free: worth(instance, free, gap=0) for free in subsets(FREEDOMS[:1])}
    assert earned[frozenset()] <= min(earned.values()) + 1e-6
    assert worth(instance, FREEDOMS, gap=0) == pytest.approx(cs.solve(instance, gap=0).objective)


def test_an_unknown_freedom_is_named():
    with pytest.raises(ValueError, match="'will', choose from routing"):
        worth(cs.generate(sites=1, periods=2, jobs=1, services=1), {"will"})
