"""Fewer scenarios against brute force over every choice of them."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import xarray as xr
from by_hand import plain
from hypothesis import given
from hypothesis import strategies as st

import carbonsched as cs
from carbonsched.stochastic.reduce import distances, exchanged, forward

DAY = cs.Instance(plain(2, 3, 0, 1))


def futures(values: np.ndarray, probability=None) -> cs.Scenarios:
    """Return scenarios whose prices are one number each, and whose demand is another."""
    labels = [f"s{k}" for k in range(len(values))]
    pair = xr.DataArray(values, {"scenario": labels}, ("scenario", "of"))
    price, demand = (
        pair.isel(of=k) + 0 * DAY.data[name].drop_attrs()
        for k, name in enumerate(["import_price", "demand"])
    )
    if probability is None:
        probability = np.full(len(labels), 1 / len(labels))
    return cs.Scenarios(DAY, xr.Dataset({"import_price": price, "demand": demand}), probability)


def moved(apart: np.ndarray, probability: np.ndarray, kept) -> float:
    """Return the probability that moves, times how far, if some are kept."""
    return float(probability @ apart[:, list(kept)].min(axis=1))


def draw(seed: int, count: int) -> cs.Scenarios:
    random = np.random.default_rng(seed)
    chances = random.dirichlet(np.ones(count))
    return futures(random.uniform([10, 0], [90, 5], (count, 2)), chances)


def test_distances_by_hand():
    """Prices 10, 30, 50 and demand 0, 0, 3, of probabilities 1/4, 1/2, 1/4."""
    made = futures(np.array([[10, 0], [30, 0], [50, 3]]), [0.25, 0.5, 0.25])
    # The variances are 200 and 1.6875; labels are alike, so their number cancels out.
    expected = [
        [0, np.sqrt(400 / 200), np.sqrt(1600 / 200 + 9 / 1.6875)],
        [0, 0, np.sqrt(400 / 200 + 9 / 1.6875)],
        [0, 0, 0],
    ]
    np.testing.assert_allclose(distances(made), np.array(expected) + np.transpose(expected))
    larger = futures(np.array([[100, 0], [300, 0], [500, 3]]), [0.25, 0.5, 0.25])
    np.testing.assert_allclose(distances(larger), distances(made))


@pytest.mark.parametrize(
    "made", [draw(0, 6), futures(np.ones((3, 2)), [0.2, 0.3, 0.5])], ids=["others", "doubles"]
)
def test_all_of_them_are_the_same(made):
    again = cs.reduced(made, made.size)
    assert again.data.identical(made.data) and again.probability.identical(made.probability)


@pytest.mark.parametrize("seed", range(5))
def test_one_is_the_medoid(seed):
    made = draw(seed, 9)
    apart, probability = distances(made), made.probability.values
    least = min(range(9), key=lambda k: probability @ apart[:, k])
    only = cs.reduced(made, 1)
    assert only.labels == [f"s{least}"] and only.probability.item() == pytest.approx(1)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("n", [2, 3, 5])
def test_what_is_kept_is_near_the_best_of_all_choices(seed, n):
    made = draw(seed, 9)
    apart, probability = distances(made), made.probability.values
    best = min(moved(apart, probability, kept) for kept in combinations(range(9), n))
    greedy = forward(apart, probability, n)
    final = exchanged(apart, probability, greedy)
    assert len(set(final.tolist())) == n
    costs = [moved(apart, probability, kept) for kept in (final, greedy)]
    assert best - 1e-12 <= costs[0] <= costs[1] + 1e-12
    assert costs[0] <= 1.05 * best and costs[1] <= 1.6 * best
    for out in final:  # no exchange of one is better
        for other in set(range(9)) - set(final.tolist()):
            assert moved(apart, probability, [*set(final) - {out}, other]) >= costs[0] - 1e-9
    kept = cs.reduced(made, n)
    assert kept.labels == [f"s{k}" for k in sorted(final)]


def test_forward_selection_is_greedy_by_brute_force():
    made = draw(3, 8)
    apart, probability = distances(made), made.probability.values
    kept: list[int] = []
    for _ in range(4):
        left = set(range(8)) - set(kept)
        kept.append(min(left, key=lambda k: moved(apart, probability, [*kept, k])))
    assert forward(apart, probability, 4).tolist() == kept


@given(
    chances=st.lists(st.floats(0.01, 1), min_size=2, max_size=8),
    grid=st.lists(st.integers(0, 3), min_size=16, max_size=16),
    data=st.data(),
)
def test_probability_goes_to_the_nearest_that_is_kept(chances, grid, data):
    """Doubles among them, too: each keeps its label, and nothing is lost."""
    count = len(chances)
    made = futures(np.array(grid, float).reshape(8, 2)[:count], np.array(chances) / sum(chances))
    n = data.draw(st.integers(1, count))
    few = cs.reduced(made, n)
    assert few.size == n == len(set(few.labels))
    assert float(few.probability.sum()) == pytest.approx(1)
    assert (few.probability >= made.probability.sel(scenario=few.labels) - 1e-12).all()
    apart = xr.DataArray(distances(made), {"of": made.labels, "to": made.labels}, ("of", "to"))
    nearest = apart.sel(to=few.labels).min("to")
    held = few.probability.rename(scenario="to")
    # What is moved, times how far, is no more than to the nearest of each.
    alone = nearest.values @ made.probability.values
    assert alone <= moved(apart.values, made.probability.values, range(n)) + 1e-9
    assert held.min() > 0


@pytest.mark.parametrize("n", [0, 4, -1])
def test_as_many_as_there_are_can_be_kept(n):
    with pytest.raises(ValueError, match=f"n = {n}: expected 1 to 3, as many as there are"):
        cs.reduced(draw(0, 3), n)


def test_a_budget_without_limit_is_no_distance():
    made = cs.Scenarios.of(DAY, {"a": {}, "b": {"carbon_budget": 5.0}, "c": {"demand": 2.0}})
    assert np.isfinite(distances(made)).all()
    assert cs.reduced(made, 2).size == 2
