"""Scenarios are pure functions of an instance, and change what their names say."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.core.schema import PARAMETERS
from carbonsched.study.scenarios import SCENARIOS, least_emissions

CHANGED = {
    "base": set(),
    "training_dominant": {"demand", "power", "reward", "startup_cost"},
    "inference_dominant": {"demand", "power", "reward", "startup_cost"},
    "peak_demand": {"demand"},
    "generation_rich": {"generation_available"},
    "battery_rich": {
        "battery_energy", "battery_min", "battery_initial", "battery_final", "charge_limit",
        "discharge_limit",
    },
    "carbon_tight": {"carbon_budget"},
    "price_volatile": {"import_price", "export_price"},
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_changes_what_it_says_and_nothing_else(name, default):
    before = default.data.copy(deep=True)
    changed = SCENARIOS[name](default)
    xr.testing.assert_identical(default.data, before)
    assert {n for n in before.data_vars if not changed.data[n].equals(before[n])} == CHANGED[name]
    xr.testing.assert_identical(SCENARIOS[name](default).data, changed.data)


def test_energy_of_training_and_inference_moves_as_named(default):
    def energies(instance: cs.Instance) -> tuple[float, float]:
        data = instance.data
        return float((data.power * data.duration).sum()), float(data.demand.sum())

    (jobs, demand), (more, less) = energies(default), energies(
        SCENARIOS["training_dominant"](default)
    )  # fmt: skip
    assert more == pytest.approx(2 * jobs) and less == pytest.approx(0.5 * demand)
    fewer, higher = energies(SCENARIOS["inference_dominant"](default))
    assert fewer == pytest.approx(0.5 * jobs) and higher == pytest.approx(1.25 * demand)


def test_peaks_rise_and_valleys_stay(default):
    peaked = SCENARIOS["peak_demand"](default).data.demand / default.data.demand
    assert set(np.unique(peaked.round(9))) == {1.0, 1.4}
    assert float((peaked > 1).mean()) == pytest.approx(0.25, abs=0.1)


def test_volatile_prices_keep_mean_and_spread(default):
    before, after = default.data, SCENARIOS["price_volatile"](default).data
    np.testing.assert_allclose(after.import_price.mean("time"), before.import_price.mean("time"))
    np.testing.assert_allclose(
        after.import_price.std("time"), 2 * before.import_price.std("time"), rtol=1e-9
    )
    np.testing.assert_allclose(
        after.import_price - after.export_price, before.import_price - before.export_price
    )


@pytest.mark.parametrize("seed", [None, 1000, 1001])
def test_the_tight_budget_binds_and_can_be_kept(default, seed):
    base = default if seed is None else cs.generate(seed=seed)
    tight = SCENARIOS["carbon_tight"](base)
    budget, usual = float(tight.data.carbon_budget), cs.solve(base, "no_carbon", gap=1e-4).emissions
    least = least_emissions(base)
    assert least < budget < usual
    assert budget == pytest.approx((least + usual) / 2, rel=1e-6)
    assert cs.solve(tight).emissions <= budget * (1 + 1e-6)


def test_a_budget_that_is_tighter_still_stays(default):
    loose = SCENARIOS["carbon_tight"](default.replace(carbon_budget=1.0))
    assert float(loose.data.carbon_budget) == 1.0


def test_the_least_emissions_are_by_hand(make):
    """10 MW for four hours, the cleaner of two sources first, whatever they cost."""
    instance = make(
        1, 4, 1, 1, demand=10.0, value=100.0, carbon_intensity=0.5, import_price=1.0,
        generation_available=4.0, generation_carbon=0.1, generation_cost=200.0, reward=1e6,
    )  # fmt: skip
    assert least_emissions(instance) == pytest.approx(4 * (4 * 0.1 + 6 * 0.5))


@pytest.mark.parametrize("seed", range(1000, 1003))
def test_below_the_least_emissions_there_is_no_schedule(seed):
    instance = cs.generate(seed=seed)
    least = least_emissions(instance)
    with pytest.raises(cs.InfeasibleError):
        cs.solve(instance.replace(carbon_budget=0.999 * least))
    assert (
        cs.solve(instance.replace(carbon_budget=1.001 * least)).emissions
        <= 1.001 * least * 1.000001
    )


def test_a_larger_battery_ends_with_three_times_as_much(default):
    given = default.data
    usual = SCENARIOS["battery_rich"](default).data
    np.testing.assert_array_equal(usual.battery_final, usual.battery_initial)
    full = SCENARIOS["battery_rich"](default.replace(battery_final=given.battery_energy)).data
    np.testing.assert_allclose(full.battery_final, 3 * given.battery_energy)


@pytest.mark.parametrize("name", SCENARIOS)
def test_limits_may_vary_in_time(name, default):
    hours = xr.DataArray(np.linspace(0.9, 1, 24), {"time": default.data.time})
    varying = {q.name: default.data[q.name] * hours for q in PARAMETERS.values() if q.varies}
    instance = default.replace(**varying)
    changed = SCENARIOS[name](instance).data
    for parameter in varying:
        factor = 3 if (name, parameter) == ("battery_rich", "battery_min") else 1
        xr.testing.assert_allclose(changed[parameter], factor * instance.data[parameter])


def test_a_job_without_power_is_worth_twice_as_much_too(default):
    idle = default.replace(power=0.0)
    changed = SCENARIOS["training_dominant"](idle).data
    assert (changed.power == 0).all()
    np.testing.assert_array_equal(changed.reward, 2 * idle.data.reward)


def test_a_job_grows_to_what_its_own_sites_hold(default):
    data = default.data
    small = data.it_capacity.idxmin("site")
    held = float(data.it_capacity.min())
    instance = default.replace(allowed=(data.site == small.item()).drop_attrs(), power=0.8 * held)
    changed = SCENARIOS["training_dominant"](instance).data
    np.testing.assert_allclose(changed.power, held)
    np.testing.assert_allclose(changed.reward, data.reward / 0.8)
