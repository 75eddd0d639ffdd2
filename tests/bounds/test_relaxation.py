"""Prices of the linear relaxation, against hand calculation and finite differences."""

from __future__ import annotations

import numpy as np
import pytest

import carbonsched as cs
from carbonsched.bounds.relaxation import relaxation_prices


def test_an_imported_megawatt_costs_its_price(make):
    """Proves: power_price is per MWh. A service of 5 MW buys at 10 and 30 USD/MWh."""
    prices = relaxation_prices(make(1, 2, 0, 1, demand=5, step_hours=0.5, import_price=[[10, 30]]))
    np.testing.assert_allclose(prices.power_price, [[10, 30]])
    assert prices.bound == pytest.approx(-0.5 * 5 * 40)
    assert prices.carbon_price == 0 and prices.attrs["basis"] == "linear relaxation"


def test_free_generation_makes_power_free(make):
    prices = relaxation_prices(make(1, 1, 0, 1, demand=5, generation_available=9))
    assert prices.power_price.item() == pytest.approx(0)


def test_the_carbon_price_is_the_cost_of_the_cleaner_site(make):
    """Dirty power at 10 USD and 0.9 t, clean at 15 USD and 0.1 t: 5 USD for 0.8 t."""
    instance = make(
        2, 1, 0, 1, demand=10, import_price=[[10], [15]], carbon_intensity=[[0.9], [0.1]],
        carbon_budget=5,
    )  # fmt: skip
    prices = relaxation_prices(instance)
    assert prices.carbon_price.item() == pytest.approx(5 / 0.8)
    assert relaxation_prices(instance, "no_carbon").carbon_price.item() == 0
    np.testing.assert_allclose(prices.power_price.squeeze(), 10 + 0.9 * 5 / 0.8)


def test_capacity_has_a_price_where_it_is_short(make):
    """The cheap site is full: one more MW there saves the difference of 20 USD/MWh."""
    instance = make(2, 1, 0, 1, demand=15, it_capacity=[10, 20], import_price=[[10], [30]])
    np.testing.assert_allclose(relaxation_prices(instance).capacity_price.squeeze(), [20, 0])


@pytest.mark.parametrize("seed", range(4))
def test_prices_are_the_slopes_of_the_bound(seed):
    """A little more budget, or capacity everywhere, moves the bound by what the prices say."""
    instance = cs.generate(2, 12, 4, 2, seed, utilisation=0.9)
    instance = instance.replace(carbon_budget=0.95 * cs.solve(instance, "no_carbon").emissions)
    prices = relaxation_prices(instance)
    assert prices.carbon_price > 0
    step = 1e-3
    more = instance.replace(carbon_budget=instance.data.carbon_budget + step)
    slope = (relaxation_prices(more).bound - prices.bound) / step
    assert float(slope) == pytest.approx(prices.carbon_price.item(), rel=1e-3, abs=1e-3)
    roomier = instance.replace(it_capacity=instance.data.it_capacity + step)
    slope = (relaxation_prices(roomier).bound - prices.bound) / step
    assert float(slope) == pytest.approx(float(prices.capacity_price.sum()), rel=1e-3, abs=1e-3)


def test_the_relaxation_bounds_the_optimum(default):
    assert relaxation_prices(default).bound >= cs.solve(default, gap=0).objective - 1e-3


def test_an_infeasible_relaxation_is_named(make):
    with pytest.raises(cs.InfeasibleError, match="linear relaxation"):
        relaxation_prices(make(1, 1, 0, 1, demand=10, import_limit=9))


def test_no_time_for_the_relaxation_is_said(default):
    with pytest.raises(cs.SolverError, match="on the linear relaxation"):
        relaxation_prices(default, time_limit=0.0)


def test_without_any_workload_capacity_is_worth_nothing(make):
    prices = relaxation_prices(make(1, 2, 0, 0))
    assert prices.bound == 0 and prices.capacity_price.values.tolist() == [[0, 0]]
