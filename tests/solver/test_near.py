"""A former plan is kept unless changing it pays: by hand (`agreement` has enumeration)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.solver.near import changes, former_of


def as_planned(schedule):
    """Return by job where and when it starts in a plan, for those that run."""
    job, site, time = np.nonzero(schedule.data.start.values)
    return {int(j): (int(i), int(t)) for j, i, t in zip(job, site, time, strict=True)}


@pytest.fixture
def flat(make):
    """Four jobs that may run anywhere, at any time, at one price, and a battery without loss."""
    return make(
        2, 12, 4, 1, duration=3, demand=5.0, import_price=50.0, reward=5000.0, import_limit=60.0,
        battery_energy=40.0, battery_initial=20.0, charge_limit=10.0, discharge_limit=10.0,
    )  # fmt: skip


def noisy(instance, size):
    """Return the instance with prices a little lower later, so that all that is early moves."""
    price = instance.data.import_price
    later = xr.DataArray(np.linspace(size, -size, price.sizes["time"]), {"time": price.time})
    return instance.replace(import_price=price + later)


def test_noise_moves_nothing(flat):
    old, tomorrow = cs.solve(flat, gap=0), noisy(flat, 1e-4)
    free = cs.solve(tomorrow, gap=0)
    apart = changes(old, tomorrow, free)
    assert apart["changed"] == 4 and apart["energy"] > 100  # for a cent
    assert 0 < free.objective - old.objective < 0.1
    held = cs.solve(tomorrow, gap=0, near=old, change_cost=50.0)
    apart = changes(old, tomorrow, held)
    assert apart["jobs"] == 4 and apart["changed"] == 0 and apart["energy"] < 0.01
    assert held.objective <= free.objective <= held.bound
    assert cs.verify(tomorrow, held).ok and not held.families and "changed" not in held.data
    assert sum(held.benefit.values()) == held.objective and "change" not in held.benefit


def test_what_pays_is_changed(flat):
    old = cs.solve(flat, gap=0)
    dear = flat.data.import_price.copy()
    job, (site, first) = next(iter(as_planned(old).items()))
    dear[site, first : first + 3] = 500.0  # 30 MWh at 450 USD more
    tomorrow = flat.replace(import_price=dear)
    moved = cs.solve(tomorrow, gap=0, near=old, change_cost=1000.0)
    assert as_planned(moved)[job] != (site, first)
    stays = cs.solve(tomorrow, gap=0, near=old, change_cost=1e5)
    assert as_planned(stays) == as_planned(old)
    assert stays.objective < moved.objective <= stays.bound


def test_of_equal_plans_the_nearest_though_it_cycles_more(make):
    """A battery that is free to cycle did so yesterday; to go on costs nothing, so it goes on."""
    given = make(
        1, 6, 0, 1, demand=10.0, battery_energy=50.0, battery_initial=20.0, charge_limit=25.0,
        discharge_limit=25.0,
    )  # fmt: skip
    calm = cs.solve(given)
    busy = calm.data.copy(deep=True)
    for t, power in ((0, 10.0), (1, -10.0)):
        busy["charge"][0, t], busy["discharge"][0, t] = max(power, 0), max(-power, 0)
        busy["grid_import"][0, t] = 10.0 + power
    busy["soc"][0, 0] = 30.0
    old = cs.Schedule(**{**vars(calm), "data": busy})
    assert cs.verify(given, old).ok
    held = cs.solve(given, near=old)
    assert changes(old, given, held)["energy"] == pytest.approx(0, abs=1e-5)
    assert changes(old, given, calm)["energy"] == pytest.approx(40)
    assert held.objective == pytest.approx(calm.objective) and held.status == "optimal"


def test_the_fewest_jobs_of_equal_plans_without_a_cost(flat):
    old = cs.solve(flat, gap=0)
    shifted = old.data.copy(deep=True)  # where no rule of ties would put them
    starts = np.zeros(old.data.start.shape, np.int8)
    for j in range(4):
        starts[j, 1, 3 + j] = 1
    shifted["start"].values[:] = starts
    other = cs.Schedule(**{**vars(old), "data": shifted})
    held = cs.solve(flat, gap=0, near=other)
    assert changes(other, flat, held)["changed"] == 0
    assert held.objective == pytest.approx(old.objective)


def stamped(instance, begin):
    """Return data with timestamps from some hour on."""
    times = pd.date_range(begin, periods=instance.data.sizes["time"], freq="h")
    data = instance.data.assign_coords(time=times)
    data["release"] = ("job", np.full(data.sizes["job"], times[0]))
    data["deadline"] = ("job", np.full(data.sizes["job"], times[-1]))
    return data


def test_yesterdays_plan_over_another_horizon(flat):
    """Matched by label: what is past is dropped, what is new is free, and both are said."""
    old = cs.solve(cs.Instance(stamped(flat, "2025-01-01 00:00")), gap=0)
    data = stamped(flat, "2025-01-01 06:00")
    times = data.indexes["time"]
    placed = np.full((4, 2, 12), 0, np.int8)
    placed[0, 0, 8] = placed[1, 1, 5] = placed[2, 1, 0] = 1  # later, running at six, and over
    run = placed + np.roll(placed, 1, 2) + np.roll(placed, 2, 2)
    plan = old.data.copy(deep=True)
    plan["start"].values[:], plan["run"].values[:] = placed, run
    old = cs.Schedule(**{**vars(old), "data": plan})
    data = data.assign_coords(job=["j0", "j1", "j3", "new"])
    tomorrow = cs.already_running(cs.Instance(data), {"j1": ("B", 2)})
    with pytest.warns(cs.UnmatchedWarning, match="job new: new; job j2: gone"):
        held = cs.solve(tomorrow, gap=0, near=old, change_cost=1e4)
    starts = held.data.start
    assert int(starts.sel(job="j0", site="A", time="2025-01-01 08:00")) == 1
    assert int(starts.sel(job="j1", site="B", time=times[0])) == 1
    assert int(starts.sel(job="j3").sum()) == 0  # was declined
    assert int(starts.sel(job="new").sum()) == 1  # free
    with pytest.warns(cs.UnmatchedWarning):
        cheaper = cs.solve(tomorrow, gap=0, near=old, change_cost=10.0)
    assert int(cheaper.data.start.sel(job="j3").sum()) == 1


def test_a_job_that_is_gone_and_still_runs_is_said(flat):
    """Three hours each: over at six, running from five to eight, and planned from eight."""
    then = cs.Instance(stamped(flat, "2025-01-01 00:00"))
    old = cs.solve(then, gap=0)
    placed = np.zeros((4, 2, 12), np.int8)
    placed[0, 0, 3] = placed[1, 1, 5] = placed[2, 1, 8] = 1  # the last was declined
    run = placed + np.roll(placed, 1, 2) + np.roll(placed, 2, 2)
    plan = old.data.assign(start=old.data.start.copy(data=placed), run=old.data.run.copy(data=run))
    old = cs.Schedule(**{**vars(old), "data": plan})
    data = stamped(flat, "2025-01-01 06:00").assign_coords(job=["a", "b", "c", "d"])
    with pytest.warns(cs.UnmatchedWarning) as told:
        former_of(old, cs.Instance(data))
    (said,) = (str(one.message) for one in told)
    assert "job j0, j1, j2 and 1 more: gone; " in said
    assert (
        "; job j1 until 2025-01-01 08:00 UTC: still running in the former plan: give it as a job "
        "that is already running (carbonsched.already_running), its power is not counted; "
    ) in said
    assert (
        "job j2 from 2025-01-01 08:00 UTC until 2025-01-01 11:00 UTC: planned in the former plan"
    ) in said
    assert said.count("j0") == 1 and "j3" not in said


def test_a_place_that_is_gone_is_said_and_costs_nothing(flat):
    old = cs.solve(flat, gap=0)
    job, (site, _) = next(iter(as_planned(old).items()))
    allowed = flat.data.allowed.copy()
    allowed[job, site] = False
    with pytest.warns(cs.UnmatchedWarning, match=f"job j{job}: cannot be where it was"):
        held = cs.solve(flat.replace(allowed=allowed), gap=0, near=old, change_cost=1e5)
    assert job in as_planned(held)
    assert {j: p for j, p in as_planned(held).items() if j != job} == {
        j: p for j, p in as_planned(old).items() if j != job
    }


def test_what_is_no_former_plan_is_refused(flat):
    old = cs.solve(flat)
    for wrong, error, said in (
        ({"near": "old.nc"}, TypeError, "near = 'old.nc': a carbonsched.Schedule"),
        ({"near": old, "change_cost": -1}, ValueError, "at least 0"),
        ({"near": old, "change_cost": np.inf}, ValueError, "finite"),
        ({"near": old, "change_cost": "50"}, TypeError, "change_cost = '50': a number"),
        ({"change_cost": 50.0}, ValueError, "give near"),
        ({"near": old, "engine": "column-generation"}, ValueError, "use engine='milp'"),
    ):
        with pytest.raises(error, match=said):
            cs.solve(flat, **wrong)
    dated = cs.Instance(stamped(flat, "2025-01-01"))
    with pytest.raises(ValueError, match="timestamps"):
        cs.solve(dated, near=old)
    elsewhen = cs.Instance(stamped(flat, "2026-01-01"))
    with pytest.raises(ValueError, match="no period"):
        cs.solve(elsewhen, near=cs.solve(dated))


@pytest.mark.parametrize("formulation", ["start", "paper"])
def test_every_formulation_and_the_reoptimiser(make, formulation):
    given = make(2, 5, 2, 1, duration=2, demand=5.0, import_price=50.0, reward=5000.0)
    old = cs.solve(given, gap=0)
    tomorrow = noisy(given, 1e-3)
    held = cs.Reoptimiser(formulation=formulation, gap=0).solve(tomorrow, near=old, change_cost=5.0)
    assert as_planned(held) == as_planned(old)
    assert changes(old, tomorrow, held)["energy"] < 0.01
