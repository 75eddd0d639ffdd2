"""Synthetic instances."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.core.first_fit import first_fit


def test_the_seed_decides():
    xr.testing.assert_identical(cs.generate(seed=5).data, cs.generate(seed=5).data)
    assert not cs.generate(seed=5).data.equals(cs.generate(seed=6).data)


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (1, 24, 0, 0), (7, 48, 12, 5), (20, 24, 40, 9)])
def test_any_size_is_valid(sizes):
    data = cs.generate(*sizes).data
    assert tuple(data.sizes[d] for d in ("site", "time", "job", "service")) == sizes


@pytest.mark.parametrize("seed", range(6))
def test_feasible_by_construction_for_every_method(seed):
    table = cs.table(cs.generate(4, 12, 5, 4, seed), gap=1e-3)
    assert (table.status == "optimal").all()


def test_a_full_fleet_is_still_feasible_for_the_fixed_workload():
    for seed in range(12):
        first_fit(cs.generate(4, 12, 2, 4, seed, utilisation=1.0))


def test_without_the_guarantee_some_are_infeasible():
    statuses = []
    for seed in range(8):
        instance = cs.generate(2, 12, 4, 3, seed, feasible=False, utilisation=0.9)
        try:
            cs.solve(instance)
            statuses.append("feasible")
        except cs.InfeasibleError:
            statuses.append("infeasible")
    assert set(statuses) == {"feasible", "infeasible"}


def test_documented_ranges_hold():
    data = cs.generate(60, 24, 60, 12, seed=0).data
    assert data.it_capacity.min() >= 50 and data.it_capacity.max() <= 300
    assert data.cooling.min() >= 1.08 and data.cooling.max() <= 1.35
    assert data.import_price.mean("time").min() > 30 * 0.7
    assert data.import_price.mean("time").max() < 110 * 1.2
    assert data.carbon_intensity.mean("time").max() < 0.75
    hours = data.battery_energy / data.discharge_limit
    assert hours.min() >= 1.99 and hours.max() <= 4.01
    round_trip = data.charge_efficiency * data.discharge_efficiency
    assert round_trip.min() >= 0.849 and round_trip.max() <= 0.921
    assert data.power.min() >= 2 and data.power.max() <= 40
    assert data.duration.min() >= 2 and data.duration.max() <= 8
    assert (data.export_price <= data.import_price).all()


def test_utilisation_scales_demand():
    low, high = (cs.generate(seed=0, utilisation=u).data for u in (0.3, 0.6))
    np.testing.assert_allclose(high.demand, 2 * low.demand, atol=2e-4)
    assert float(cs.generate(seed=0, utilisation=0).data.demand.max()) == 0


def test_a_tight_budget_binds():
    loose, tight = (cs.generate(seed=0, budget_share=b) for b in (1.0, 0.2))
    budget = float(tight.data.carbon_budget)
    assert cs.solve(loose).emissions > budget
    assert 0.9 * budget < cs.solve(tight).emissions <= budget * (1 + 1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sites": 0},
        {"periods": 0},
        {"jobs": -1},
        {"utilisation": 1.2},
        {"budget_share": -1},
        {"sites": 10**6, "periods": 10**6},
    ],
)
def test_impossible_requests_are_refused(wrong):
    with pytest.raises(ValueError):
        cs.generate(**wrong)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ValueError) as caught:
        cs.generate(sites=0, periods=2.5, jobs=-1, seed=-3, utilisation=np.nan, budget_share=-1)
    for said in (
        "sites = 0, at least 1 is needed",
        "periods = 2.5, expected a whole number",
        "jobs = -1, at least 0 is needed",
        "seed = -3, at least 0 is needed",
        "utilisation = nan, must be within 0 and 1",
        "budget_share = -1, must be at least 0",
    ):
        assert said in str(caught.value)


@pytest.mark.parametrize("sizes", [(1, 1, 0, 0), (2, 1, 1, 0), (1, 4, 0, 2), (2, 3, 0, 0)])
def test_with_zero_of_something_every_method_has_a_schedule(sizes):
    table = cs.table(cs.generate(*sizes, seed=1, utilisation=0.0, budget_share=1.0))
    assert (table.status == "optimal").all()


def test_a_step_and_a_start_change_times_only_where_they_must():
    """Proves: quarter hours from an instant; energy and rewards go by hours, powers as before."""
    hourly = cs.generate(2, 24, 3, 2, seed=5)
    dated = cs.generate(2, 24, 3, 2, seed=5, start="2025-10-26T02:00+02:00")
    assert dated.data.indexes["time"][0] == pd.Timestamp("2025-10-26 00:00")
    labels = dict.fromkeys(("time",), ("time", hourly.data.time.values))
    named = {
        name: ("job", np.searchsorted(dated.data.time.values, dated.data[name].values))
        for name in ("release", "deadline")
    }
    back = dated.data.assign_coords(labels).assign(named)
    for name in hourly.data:
        np.testing.assert_array_equal(back[name].values, hourly.data[name].values)
    quarters = cs.generate(2, 96, 3, 2, seed=5, step_hours=0.25, start="2025-10-26")
    assert quarters.data.step_hours == 0.25
    assert quarters.data.indexes["time"][-1] == pd.Timestamp("2025-10-26 23:45")
    energy = quarters.data.power * quarters.data.duration * 0.25
    assert ((quarters.data.reward >= 149 * energy) & (quarters.data.reward <= 401 * energy)).all()
    for method in cs.METHODS:
        assert cs.solve(quarters, method, gap=0.1).objective


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"step_hours": 0}, "step_hours = 0, must be above 0"),
        ({"step_hours": float("nan")}, "step_hours = nan"),
        ({"step_hours": "1 h"}, "step_hours = '1 h'"),
        ({"start": "soon"}, "start = 'soon', expected an instant"),
        ({"start": ["2025"]}, "expected an instant"),
        ({"start": "NaT"}, "expected an instant"),
    ],
)
def test_what_is_no_step_or_start_is_said(how, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        cs.generate(1, 2, 0, 0, **how)
