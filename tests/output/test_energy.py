"""Energy and carbon by site: by hand, and against what the schedule says of itself."""

from __future__ import annotations

import numpy as np
import pytest

import carbonsched as cs
from carbonsched.output.energy import flows


def test_by_hand(make):
    """One site, one job of 10 MW over two half hours at 10 and 30 USD/MWh, kappa 1.2."""
    instance = make(1, 2, 1, duration=2, cooling=1.2, step_hours=0.5, import_price=[[10, 30]])
    frame = cs.energy(instance, cs.solve(instance, gap=0))
    row = frame.loc["A"]
    assert row["it"] == pytest.approx(10) and row["facility"] == row["import"] == pytest.approx(12)
    assert row["emissions"] == pytest.approx(6) and row["cost"] == pytest.approx(6 * 10 + 6 * 30)
    assert frame.attrs["units"]["battery"] == "MWh" and frame.attrs["units"]["cost"] == "USD"
    assert set(frame.attrs["units"]) == set(frame)


def test_the_sum_is_the_schedules(fleet):
    instance, schedule = fleet
    frame, hours = cs.energy(instance, schedule), instance.data.step_hours.item()
    assert frame.emissions.sum() == pytest.approx(schedule.emissions)
    terms = ("import", "export", "generation", "battery")
    assert frame.cost.sum() == pytest.approx(-sum(schedule.benefit[name] for name in terms))
    assert frame["import"].sum() == pytest.approx(float(schedule.data.grid_import.sum()) * hours)
    assert frame.attrs["units"]["cost"] == "EUR"
    assert flows(instance, schedule).cost.sum() == pytest.approx(frame.cost.sum())


def test_no_negative_zero(make):
    instance = make(1, 1, 1)
    schedule = cs.solve(instance, gap=0)
    schedule.data["grid_export"] = -0.0 * schedule.data.grid_export
    for frame in (cs.energy(instance, schedule), flows(instance, schedule)):
        assert not (np.signbit(frame.values) & (frame.values == 0)).any()


def test_another_instances_schedule_is_refused(fleet, numbered):
    with pytest.raises(ValueError, match="not one of this instance: labels of site differ"):
        cs.energy(fleet[0], numbered[1])
    with pytest.raises(TypeError):
        cs.energy(fleet[0], "day.nc")
