"""Limits that vary in time, and a final charge of its own: by hand, and against the solver."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs


def solves(instance: cs.Instance, method: str = "joint") -> bool:
    try:
        cs.solve(instance, method, "paper")
    except cs.InfeasibleError:
        return False
    return True


def test_a_curtailment_of_two_hours(make):
    """5 MW of inference; for two hours the grid gives 3 and 2 MW: 2 + 3 MWh are missing."""
    instance = make(1, 4, 0, 1, demand=5, import_limit=[[9, 3, 2, 9]])
    found = cs.diagnose(instance)
    remedy = found.remedy("import_limit")
    assert (remedy.amount, remedy.unit) == (pytest.approx(5, rel=1e-4), "MWh")
    assert remedy.change.sel(site="A").values == pytest.approx([0, 2, 3, 0], abs=1e-4)
    assert "raise the import limit by 5 MWh (A periods 1–2 up to 3 MW)" in str(found)
    assert "lacks power from grid, generation and battery: periods 1–2 up to 3 MW" in str(found)
    times = found.conflict.members.set_index("limit").time
    assert times["import_limit"] == times["demand"] and times["demand"] in (1, 2)
    assert solves(remedy.apply(instance)) and not solves(instance)


def test_half_hours_count_half(make):
    instance = make(1, 2, 0, 1, demand=5, import_limit=[[9, 3]], step_hours=0.5)
    found = cs.diagnose(instance)
    assert found.remedy("import_limit").amount == pytest.approx(1, rel=1e-4)  # 2 MW for 0.5 h
    assert found.remedy("demand").amount == pytest.approx(1, rel=1e-4)


def test_capacity_by_the_hour(make):
    instance = make(1, 3, 0, 1, demand=5, it_capacity=[[9, 3, 5]])
    found = cs.diagnose(instance)
    assert found.remedy("it_capacity").amount == pytest.approx(2, rel=1e-4)
    members = found.conflict.members.sort_values("equation")
    assert list(zip(members.limit, members.time, strict=True)) == [
        ("it_capacity", 1),
        ("demand", 1),
    ]
    assert "lacks IT capacity: period 1 2 MW" in str(found)


# 3 MW go into the battery before night, and 4 MWh in the first hour: 7 of the 9 asked for at 2.
NIGHT = {
    "battery_energy": 20, "battery_initial": 1, "battery_min": [[0, 0, 9, 9]], "charge_limit": 2,
    "discharge_limit": 9, "import_limit": 50,
}  # fmt: skip


def test_a_reserve_at_night_that_cannot_be_reached(make):
    """1 MWh and three hours of 2 MW are 7 MWh by the third hour and 9 by the fourth."""
    instance = make(1, 4, 0, 1, demand=5, **NIGHT)
    found = cs.diagnose(instance)
    remedy = found.remedy("battery_min")
    assert remedy.change.sel(site="A").values == pytest.approx([0, 0, -2, 0], abs=1e-4)
    assert (remedy.amount, remedy.unit) == (pytest.approx(2, rel=1e-4), "MWh summed over periods")
    assert found.remedy("charge_limit").amount == pytest.approx(2 / 3, rel=1e-4)
    members = found.conflict.members
    assert set(zip(members.limit, members.time, strict=True)) == {
        ("battery_min", 2), *(("charge_limit", hour) for hour in range(3)),
    }  # fmt: skip
    assert "the battery of A cannot be charged in time to what it must hold: period 2 2 MWh" in (
        str(found)
    )
    assert "(14) battery reserve: A, period 2" in str(found)
    assert solves(remedy.apply(instance)) and not solves(instance)


def test_an_idle_battery_must_hold_its_reserve_too(make):
    """1 MWh stays 1 MWh: 8 are missing in two hours each."""
    instance = make(1, 4, 0, 1, demand=5, **NIGHT)
    found = cs.diagnose(instance, "no_battery")
    assert found.remedy("battery_min").amount == pytest.approx(16, rel=1e-4)
    assert solves(found.remedy("battery_min").apply(instance), "no_battery")


FINAL = {
    "battery_energy": 8, "battery_initial": 1, "battery_final": 6, "charge_limit": 2,
    "discharge_limit": 2,
}  # fmt: skip


@pytest.mark.parametrize(("method", "lack"), [("joint", 1), ("energy_only", 1), ("no_battery", 5)])
def test_a_final_charge_that_cannot_be_reached(make, method, lack):
    """1 MWh and two hours of 2 MW are 5 MWh, 6 are asked for; an idle battery stays at 1."""
    instance = make(1, 2, 0, 1, demand=5, **FINAL)
    found = cs.diagnose(instance, method)
    remedy = found.remedy("battery_final")
    assert remedy.amount == pytest.approx(lack, rel=1e-4)
    assert f"lower the final state of charge by {lack} MWh (A {lack} MWh)" in str(found)
    assert "(13) final state of charge: A" in str(found)
    assert "demand" in {r.parameter for r in found.remedies if not r.enough}
    assert solves(remedy.apply(instance), method) and not solves(instance, method)


@pytest.mark.parametrize(("method", "lack"), [("joint", 2), ("no_battery", 4 + 4)])
def test_a_reserve_that_is_not_recovered_in_time(make, method, lack):
    """1 MWh and one hour of 2 MW are 3 MWh of 5 by its end; by the next they are 5. Idle it is 1.

    Sensitivity: at the end of the second period both are asked for, of the third nothing more.
    """
    low = FINAL | {"battery_final": 0, "battery_min": 5}
    instance = make(1, 2, 0, 1, demand=5, battery_recovery=1, **low)
    found = cs.diagnose(instance, method)
    remedy = found.remedy("battery_min")
    assert "the battery of A cannot be charged in time to what it must hold" in str(found)
    assert remedy.amount == pytest.approx(lack, rel=1e-4)
    assert "(14) battery reserve: A" in str(found)
    assert solves(remedy.apply(instance), method) and not solves(instance, method)
    assert cs.diagnose(instance.replace(battery_recovery=2)).feasible
    assert cs.diagnose(instance.replace(battery_recovery=3), "no_battery").feasible


def test_a_reserve_is_lowered_from_what_must_be_held_of_it(make):
    """10 MW of demand, 8 of grid, two hours: of the 3 MWh it began with 4 are asked for."""
    instance = make(
        1, 2, 0, 1, demand=10, import_limit=8, battery_energy=9, battery_min=6, battery_initial=5,
        battery_final=0, battery_recovery=9, charge_limit=3, discharge_limit=3,
    )  # fmt: skip
    found = cs.diagnose(instance)
    remedy = found.remedy("battery_min")
    assert remedy.amount == pytest.approx(2 + 4, rel=1e-4)
    assert solves(remedy.apply(instance)) and not solves(instance)


def test_the_final_charge_takes_energy_and_gives_it(make):
    """At 0.5 t/MWh: 10 MWh of inference and 2 stored at 50 % take 14; 2 that are given leave 8."""
    battery = {
        "battery_energy": 9, "charge_limit": 9, "discharge_limit": 9, "charge_efficiency": 0.5,
        "demand": 10,
    }  # fmt: skip
    fuller = make(1, 1, 0, 1, carbon_budget=6, battery_initial=0, battery_final=2, **battery)
    found = cs.diagnose(fuller)
    assert found.remedy("carbon_budget").amount == pytest.approx(1, rel=1e-4)
    assert "inference and batteries need at least 14 MWh with cooling" in str(found)
    assert found.remedy("battery_final").amount == pytest.approx(1, rel=1e-4)
    emptier = make(1, 1, 0, 1, carbon_budget=3, battery_initial=2, battery_final=0, **battery)
    found = cs.diagnose(emptier)
    assert found.remedy("carbon_budget").amount == pytest.approx(1, rel=1e-4)
    assert "at least 8 MWh with cooling beyond what batteries may give" in str(found)


def test_a_final_charge_like_the_first_is_no_parameter_of_its_own(make):
    found = cs.diagnose(make(1, 1, 0, 1, demand=10, carbon_budget=3))
    assert {"battery_final", "required"}.isdisjoint(r.parameter for r in found.remedies)


def varied(seed: int) -> cs.Instance:
    """Return an instance with limits that vary in time, feasible or not."""
    rng = np.random.default_rng(seed)
    instance = cs.generate(2, 4, 2, 2, seed, utilisation=0.6)
    data = instance.data

    def hourly(*shares: float) -> xr.DataArray:
        return data.cooling.copy(data=rng.choice(shares, data.cooling.shape)).drop_attrs()

    reserve = data.battery_energy * hourly(0.0, 0.0, 0.9)
    return instance.replace(
        import_limit=data.import_limit * hourly(0.25, 1.0),
        it_capacity=data.it_capacity * hourly(0.9, 1.0),
        battery_min=reserve.where(data.time > 0, 0.0),
        battery_final=rng.uniform(0, 1) * data.battery_energy,
        power=0.2 * data.power,
    )


KINDS = {0: True, 1: False, 7: False}  # seed -> whether there is a schedule, so that both are seen
LONG = [pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 7)]


@pytest.mark.parametrize("seed", [*KINDS, *LONG])
def test_the_diagnosis_agrees_with_the_solver_and_cures(seed):
    instance = varied(seed)
    found = cs.diagnose(instance)
    assert found.feasible == solves(instance) == KINDS.get(seed, found.feasible)
    for remedy in found.remedies:
        if remedy.enough:
            assert solves(remedy.apply(instance)), remedy
