"""What a former plan says of another instance, by hand, without a solve of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.solver.near import Former, Hold, apart, former_of, holding


def starts(*places: tuple[int, int, int], jobs: int = 2) -> xr.DataArray:
    """Return starts at (job, site, time) of two sites and three periods."""
    values = np.zeros((jobs, 2, 3))
    for at in places:
        values[at] = 1
    coords = {"job": [f"j{k}" for k in range(jobs)], "site": ["A", "B"], "time": [0, 1, 2]}
    return xr.DataArray(values, coords, ("job", "site", "time"))


def test_who_has_changed_and_may_go_back():
    """Of three jobs the first is moved, the second declined and now runs, the third is new."""
    was = starts((0, 0, 1), jobs=3).astype(bool)
    declined = xr.DataArray([False, True, False], {"job": was.job})
    former = Former(was, declined, xr.Dataset())
    assert former.held.values.tolist() == [True, True, False]
    now = starts((0, 1, 2), (1, 0, 0), (2, 1, 1), jobs=3)
    assert former.changed(now).values.tolist() == [True, True, False]
    least, most = former.back(now)
    assert np.argwhere(least.values).tolist() == [[2, 1, 1]]  # who has not changed stays
    assert np.argwhere(most.values).tolist() == [[0, 0, 1], [0, 1, 2], [1, 0, 0], [2, 1, 1]]
    assert not former.changed(was.astype(float)).any()


def test_a_plan_of_later_periods_holds_nothing_before_them(numbered):
    instance, old = numbered
    times = instance.data.indexes["time"]
    later = replace(old, data=old.data.assign_coords(time=times + 2))
    with pytest.warns(cs.UnmatchedWarning, match="cannot be where it was"):
        former = former_of(later, instance)
    assert not former.start.isel(time=slice(0, 2)).any()
    assert former.flows.grid_import.isel(time=slice(0, 2)).isnull().all()
    then, now = old.data.grid_import.values, former.flows.grid_import.values
    np.testing.assert_array_equal(now[:, 2:], then[:, :-2])
    same = former_of(old, instance)
    assert not same.changed(old.data.start).any()
    assert apart(same, instance.data, old.data) == 0.0


def test_periods_of_another_length_are_refused(fleet):
    instance, old = fleet
    times = instance.data.indexes["time"]
    hourly = replace(old, data=old.data.assign_coords(time=times[0] + 2 * (times - times[0])))
    with pytest.raises(ValueError, match=r"near: its periods are of 1 h, the instance's of 0.5 h"):
        former_of(hourly, instance)


def test_sites_of_other_names_are_refused(numbered):
    instance, old = numbered
    moved = replace(old, data=old.data.assign_coords(site=["x", "y"]))
    with pytest.raises(ValueError, match="near: no site of the instance is in the former plan"):
        former_of(moved, instance)


def test_what_still_runs_is_told_by_the_number_of_its_last_period(numbered):
    """The instance begins at period 2 of the plan, in which j1 ran in periods 1 to 3 of it."""
    instance, old = numbered
    data, jobs = instance.data, list(instance.data.job.values)
    run, start = 0 * old.data.run, 0 * old.data.start
    run[{"job": 1, "site": 0, "time": slice(1, 4)}] = 1
    run[{"job": 2, "site": 1, "time": slice(3, 5)}] = 1
    run[{"job": 0, "site": 1, "time": slice(0, 2)}] = 1
    plan = replace(old, data=old.data.assign(run=run, start=start))
    plan = replace(plan, data=plan.data.assign_coords(time=data.indexes["time"] - 2))
    renamed = cs.Instance(data.assign_coords(job=["a", "b", "c"]))
    with pytest.warns(cs.UnmatchedWarning) as caught:
        former_of(plan, renamed)
    (said,) = (str(one.message) for one in caught)
    assert f"job {jobs[1]} until the end of period 1: still running in the former plan" in said
    assert f"job {jobs[2]} from period 1 until the end of period 2: planned in the" in said
    assert f"job {jobs[0]} until" not in said and f"job {jobs[0]} from" not in said


def test_without_a_former_plan_there_is_none_to_hold():
    assert holding(cs.FAMILIES) is None
    hold = Hold(former_of_nothing(), 5.0)
    assert holding([*cs.FAMILIES, hold]) is hold and hold.most == 0.0
    assert hold.worth(xr.Dataset({"reward": ("job", [])})) == {} and hold.decisions == ()


def former_of_nothing() -> Former:
    """Return what a plan without jobs, and of no flow, says."""
    none = starts(jobs=0).astype(bool)
    return Former(none, xr.DataArray(np.zeros(0, bool), {"job": none.job}), xr.Dataset())
