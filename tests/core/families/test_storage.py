"""(13)-(15) Batteries."""

import numpy as np
import pytest

import carbonsched as cs

BATTERY = {"battery_energy": 10, "charge_limit": 10, "discharge_limit": 10}


def test_a_battery_shifts_energy_between_prices(make, solved):
    """Proves: (13) with losses. Buying 10 MWh at 1 stores 8, delivers 4 at a price of 10.

    Sensitivity: lossless it would deliver 8 and save 80 - 8 = 72.
    """
    instance = make(
        1, 2, 0, 1, **BATTERY, demand=[[0, 20]], import_price=[[1, 10]],
        charge_efficiency=0.8, discharge_efficiency=0.5,
    )  # fmt: skip
    schedule = solved(instance)
    assert schedule.objective == pytest.approx(-(10 * 1 + (20 - 4) * 10))


def test_energy_bounds_the_store(make, solved):
    """Proves: (14). Sensitivity: without the bound 30 MWh would be shifted at a gain of 9 each."""
    instance = make(
        1, 2, 0, 1, battery_energy=6, charge_limit=30, discharge_limit=30,
        demand=[[0, 30]], import_price=[[1, 10]],
    )  # fmt: skip
    assert solved(instance).objective == pytest.approx(-(6 * 1 + 24 * 10))


def test_the_minimum_is_kept(make, solved):
    """Proves: E <= e. Sensitivity: at a minimum of 0 the initial 4 MWh could all be lent."""
    instance = make(
        1, 2, 0, 1, **BATTERY, battery_initial=4, battery_min=3,
        demand=[[5, 0]], import_price=[[10, 1]],
    )  # fmt: skip
    assert solved(instance).objective == pytest.approx(-(4 * 10 + 1 * 1))


def test_power_limits_hold(make, solved):
    """Proves: (15), both sides. Sensitivity: unlimited, 10 MWh would be shifted, not 2."""
    for limits in ({"charge_limit": 2}, {"discharge_limit": 2}):
        instance = make(1, 2, 0, 1, **BATTERY | limits, demand=[[0, 20]], import_price=[[1, 10]])
        assert solved(instance).objective == pytest.approx(-(2 * 1 + 18 * 10))


def test_the_final_state_returns_to_the_initial(make, solved):
    """Proves: e_T >= e0. Sensitivity: free to empty it, 5 MWh would save 50."""
    instance = make(1, 1, 0, 1, **BATTERY, battery_initial=5, demand=10)
    assert solved(instance).objective == pytest.approx(-100)


def test_what_is_gained_is_worth_its_value(make, solved):
    """Proves: only the gain counts, 5 of the 7 MWh. Sensitivity: at 9 a MWh nothing is bought."""
    battery = BATTERY | {"battery_initial": 2, "charge_limit": 5}
    schedule = solved(make(1, 1, 0, 0, **battery, battery_value=12))
    assert schedule.objective == pytest.approx(5 * (12 - 10))
    assert schedule.benefit["stored"] == pytest.approx(60)
    assert solved(make(1, 1, 0, 0, **battery, battery_value=9)).objective == pytest.approx(0)


def test_what_one_of_two_batteries_gains_is_worth_its_value(make, solved):
    battery = BATTERY | {"battery_initial": 2, "charge_limit": 5}
    schedule = solved(make(2, 1, 0, 0, **battery, battery_value=[12, 0]))
    assert schedule.objective == pytest.approx(5 * (12 - 10))
    assert schedule.data.charge.sel(site="B").sum() == pytest.approx(0, abs=1e-6)


def test_wear_is_paid_where_what_is_stored_has_a_value_too(make, solved):
    """Proves: 4 MWh a period, bought for 10 and worn for 5, are worth 30; at a wear of 25, none."""
    for wear, earned in ((5.0, 8 * 15.0), (25.0, 0.0)):
        instance = make(
            1, 2, 0, 0, battery_energy=10, battery_initial=0, battery_final=0, charge_limit=4,
            discharge_limit=4, battery_value=30, battery_cost=wear, import_price=10,
        )  # fmt: skip
        assert solved(instance).objective == pytest.approx(earned)


def test_what_is_drawn_loses_what_the_battery_loses(make, solved):
    """Proves: 1 MWh delivered takes 2 from the store, worth 60: import at 50 is cheaper."""
    instance = make(
        1, 1, 0, 1, **BATTERY, battery_initial=10, battery_final=0, battery_value=30,
        discharge_efficiency=0.5, demand=[[5]], import_price=50,
    )  # fmt: skip
    assert solved(instance).objective == pytest.approx(-250)


def test_without_its_state_a_battery_does_not_charge(make):
    model = cs.build(make(1, 4, **BATTERY, export_limit=10, import_price=-1))
    assert (model.constraints["storage:charge"].rhs == 0).all()


def test_a_reserve_is_held_once_it_is_recovered(make, solved):
    """Proves: n. 6 MWh by the end of the second period: 4 at 1 USD, and none at 10."""
    instance = make(
        1, 3, 0, 0, **BATTERY, battery_initial=2, battery_min=6, battery_recovery=2,
        import_price=[[10, 1, 5]],
    )  # fmt: skip
    assert solved(instance).objective == pytest.approx(-4)


def test_wear_is_paid_both_ways(make, solved):
    """Proves: cost on charge and discharge. Sensitivity: charged once, 5 per MWh would pay."""
    instance = make(1, 2, 0, 1, **BATTERY, battery_cost=5, demand=[[0, 5]], import_price=[[1, 10]])
    assert solved(instance).objective == pytest.approx(-50)


def test_step_length_converts_power_to_energy(make, solved):
    """Proves: Delta in (13). Half an hour at 4 MW stores 2 MWh, not 4."""
    instance = make(
        1, 2, 0, 1, step_hours=0.5, battery_energy=10, charge_limit=4, discharge_limit=10,
        demand=[[0, 20]], import_price=[[0, 10]],
    )  # fmt: skip
    assert solved(instance).objective == pytest.approx(-(20 * 0.5 - 2) * 10)


def test_burning_power_is_not_a_business(make, solved):
    """Proves: no charging and discharging at once, where negative prices would reward it.

    The lossy battery is full and price is -10. At once, charge 4 and discharge 1 would import
    3 MW for ever; not allowed, nothing can be earned in the single period.
    """
    instance = make(
        1, 1, battery_energy=10, battery_initial=10, charge_limit=4, discharge_limit=4,
        charge_efficiency=0.5, discharge_efficiency=0.5, import_price=-10,
    )  # fmt: skip
    schedule = solved(instance)
    assert schedule.objective == pytest.approx(0)


def test_burning_is_kept_off_before_a_negative_price_too(make, solved):
    """Proves: the state is needed at every period up to the last negative price.

    A full lossy battery could make room at a price of +1 by wasting power, to be paid 100 per
    MWh an hour later. Sensitivity: with the state at negative prices only, it would earn.
    """
    instance = make(
        1, 2, battery_energy=10, battery_initial=10, charge_limit=8, discharge_limit=8,
        charge_efficiency=0.5, discharge_efficiency=1.0, import_price=[[1, -100]],
    )  # fmt: skip
    schedule = solved(instance)
    assert schedule.objective == pytest.approx(0)
    assert np.minimum(schedule.data.charge, schedule.data.discharge).max() == 0


def test_states_stand_up_to_the_last_negative_price(make):
    instance = make(1, 4, **BATTERY, export_limit=10, import_price=[[5, 5, -1, 0]])
    mask = cs.build(instance).variables["charging"].mask.values
    assert mask.tolist() == [[True, True, True, False]]
    assert "charging" not in cs.build(make(1, 4, **BATTERY)).variables


def test_states_stand_only_where_a_battery_both_charges_and_discharges(make):
    limits = {"charge_limit": [0.5, 0, 5], "discharge_limit": [0.5, 5, 0]}
    everywhere = cs.Formulation(storage_states="everywhere", bounds="given")
    for formulation, price in (("start", -1), (everywhere, 1)):
        instance = make(3, 1, **BATTERY | limits, export_limit=10, import_price=price)
        mask = cs.build(instance, formulation).variables["charging"].mask.values
        assert mask.ravel().tolist() == [True, False, False]


def test_no_battery_leaves_it_idle(make, solved):
    """Proves: the method keeps the state of charge at its initial value."""
    instance = make(
        1, 2, 0, 1, **BATTERY, battery_initial=3, demand=[[0, 5]], import_price=[[1, 10]]
    )
    schedule = solved(instance, method="no_battery")
    assert schedule.objective == pytest.approx(-50)
    assert (schedule.data.soc == 3).all()
