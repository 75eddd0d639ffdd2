"""One step a call: the same as a roll at once, and a past that stays as it was."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import xarray as xr
from own_forecasts import Rough

import carbonsched as cs
from carbonsched.operate.roll import roll


def known_at(truth, forecast, now):
    """Return the instance as a folder has it at a time: observed before, believed after."""
    times = truth.data.indexes["time"]
    if now >= len(times):
        return truth
    told = forecast(times[now], times[now:])
    changed = {}
    for name, values in told.items():
        array = truth.data[name].copy(deep=True)
        array.loc[{"time": times[now:]}] = values.transpose(*array.dims)
        changed[name] = array
    return truth.replace(**changed)


def test_calls_one_after_the_other_are_one_roll(tmp_path):
    """Proves: five calls, each with the folder as it is by then, and calls with nothing new."""
    truth = cs.generate(2, 10, 3, 1, seed=5)
    forecast = Rough(truth, 0.1)
    how = {"window": 5, "step": 2, "gap": 0, "outlook": 4}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.BreachWarning)
        at_once = roll(truth, forecast=forecast, on_breach="report", **how)
        for now in range(11):
            known = known_at(truth, forecast, now)
            done = cs.next_step(known, tmp_path, now=now, **how)
            assert done.news == (now % 2 == 0)
            assert done.first == (None if now == 10 else now - now % 2)
    assert done.schedule is not None and done.due is None
    assert done.schedule.objective == pytest.approx(at_once.objective, rel=1e-6)
    np.testing.assert_allclose(done.schedule.data.soc, at_once.data.soc, atol=1e-3)
    xr.testing.assert_equal(done.schedule.data.start, at_once.data.start)
    assert "all periods are settled" in str(done)


def test_what_was_settled_must_stay_and_keywords_too(make, tmp_path):
    instance = make(1, 6, 1, 1, demand=10)
    how = {"window": 4, "step": 2}
    for now in (0, 2):
        done = cs.next_step(instance, tmp_path, now=now, **how)
    assert str(done) == "2 periods settled; planned from 2, next due at 4"
    assert done.plan.sizes["time"] == 4 and done.plan.time.values[0] == 2
    price = instance.data.import_price.copy(deep=True)
    price.values[0, 1] = 11
    with pytest.raises(cs.InstanceError, match=r"import_price at site=A, time=1: was 10, is 11"):
        cs.next_step(instance.replace(import_price=price), tmp_path, now=4, **how)
    with pytest.raises(ValueError, match=r"the run was begun otherwise: window was 4"):
        cs.next_step(instance, tmp_path, now=4, window=5, step=2)
    with pytest.raises(ValueError, match="no plan covers the periods from 0 on"):
        cs.next_step(instance, tmp_path / "late", now=3, **how)
    late = cs.next_step(instance, tmp_path, now=5, **how)  # three periods of the old plan
    assert late.settled == 3 and late.first == 5 and late.due == 6


def test_jobs_come_and_none_goes(make, tmp_path):
    """Proves: a job that is new at the second call is planned; one that is gone is told."""
    how = {"window": 4, "step": 2}
    one, two = make(1, 6, 1, 0, release=3), make(1, 6, 2, 0, release=[3, 2])
    cs.next_step(one, tmp_path, now=0, **how)
    done = cs.next_step(two, tmp_path, now=2, **how)
    assert done.plan.start.sum(["site", "time"]).values.tolist() == [1, 1]
    with pytest.raises(cs.InstanceError, match="job j1: gone"):
        cs.next_step(one, tmp_path, now=4, **how)


def test_instants_within_a_period_are_not_its_end(default, tmp_path):
    """Proves: by the clock a step is due when its last period has ended, and not before."""
    times, how = default.data.indexes["time"], {"window": 8, "step": 4, "outlook": None}
    begun = cs.next_step(default, tmp_path, now=times[0], **how)
    assert begun.due == times[4]
    before = cs.next_step(default, tmp_path, now=times[3] + (times[1] - times[0]) * 0.9, **how)
    assert not before.news and before.due == times[4]
    assert cs.next_step(default, tmp_path, now=times[4].tz_localize("UTC"), **how).settled == 4
