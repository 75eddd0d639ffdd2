"""What prices prove of plans over scenarios, in closed form."""

import numpy as np
import pytest
import xarray as xr
from drawn_futures import drawn
from hypothesis import given
from hypothesis import strategies as st

import carbonsched as cs
from carbonsched.bounds.lagrangian import placements
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import Method
from carbonsched.core.reach import may_start
from carbonsched.core.schema import PRICES
from carbonsched.stochastic.fleet import Fleet
from carbonsched.stochastic.futures import data_of
from carbonsched.stochastic.outlook import Outlook
from carbonsched.stochastic.price_bound import envelope, priced, worst_weights


@pytest.mark.parametrize(("risk", "tail"), [(0.0, 0.1), (0.6, 0.4)])
def test_any_prices_bound_any_plan(risk, tail):
    """Proves: weak duality over scenarios, at any prices and any weights of the envelope."""
    futures = drawn(3)
    best = cs.solve(futures, gap=1e-6, risk=risk, tail=tail)
    data, rng = data_of(futures, Method(), Formulation()), np.random.default_rng(1)
    sizes = {**data.sizes, "scenario": futures.size}
    chance = futures.probability.values
    for _ in range(10):
        prices = {
            name: rng.normal(40, 80, [futures.size, *(sizes[dim] for dim in dims)])
            for name, dims in PRICES.items()
        }
        prices["carbon_price"] = np.abs(prices["carbon_price"])
        weights = envelope(rng.dirichlet(np.ones(futures.size)), chance, risk, tail)
        found = priced(data, Fleet.of(futures.instance.data), weights, prices)
        assert found.bound >= best.objective - 1e-9 * abs(best.objective)


def test_placements_are_worth_what_one_scenario_says():
    data = drawn(1).instance.data
    fleet, rng = Fleet.of(data), np.random.default_rng(0)
    price = rng.normal(50, 30, data.cooling.shape)
    prices = xr.Dataset(
        {"power_price": (("site", "time"), price), "capacity_price": (("site", "time"), 0 * price)},
        {"site": data.site, "time": data.time},
    )
    plain = data.assign(cooling=xr.ones_like(data.cooling))
    same = xr.concat(list(placements(plain, prices, may_start(data))), "job").sel(job=data.job)
    assert fleet.worths(price) == pytest.approx(same.values)
    best = fleet.best(price)
    assert best.worth.to_numpy() == pytest.approx(same.max(["site", "time"]).values[best.job])
    assert len(fleet.near(price, np.inf, 1000)) == int(may_start(data).sum())
    assert len(fleet.near(price, np.inf, 2)) == 2 * data.sizes["job"]


@given(
    st.lists(st.floats(0.01, 1), min_size=1, max_size=6),
    st.floats(0, 1),
    st.floats(0.01, 1),
    st.integers(0, 2**31),
)
def test_weights_stay_within_the_envelope_and_the_worst_are_the_objective(chance, risk, tail, seed):
    """Proves: what is returned may be claimed; the least expectation over it is the objective."""
    chance = np.array(chance) / sum(chance)
    rng = np.random.default_rng(seed)
    benefit, wanted = rng.normal(0, 100, len(chance)), rng.dirichlet(np.ones(len(chance)))
    worst = worst_weights(benefit, chance, risk, tail)
    for weights in (worst, envelope(wanted, chance, risk, tail)):
        assert weights.sum() == pytest.approx(1)
        assert (weights >= (1 - risk) * chance - 1e-9).all()
        assert (weights <= (1 - risk) * chance + risk * chance / tail + 1e-9).all()
        assert weights @ benefit >= worst @ benefit - 1e-6
    over = {"dims": "scenario"}
    value = Outlook(risk, tail).value(xr.DataArray(benefit, **over), xr.DataArray(chance, **over))
    assert worst @ benefit == pytest.approx(value, abs=1e-6)
