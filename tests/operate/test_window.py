"""A window of an instance: its periods, jobs and budget by hand, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.operate.window import reference_emissions

HOURS = pd.date_range("2023-03-01", periods=6, freq="h")


def tiny(times=HOURS, **changed) -> cs.Instance:
    """Two sites over six periods, three jobs and one service; numbers that a hand can follow."""
    size = len(times)
    over = {"site": ["a", "b"], "time": times}
    jobs = {"job": ["early", "late", "long"]}
    data = cs.generate(sites=2, periods=size, jobs=3, services=1, seed=1).data
    data = data.assign_coords(site=["a", "b"], time=times, service=["s"], **jobs)
    given = {
        "cooling": xr.DataArray(np.full((2, size), 2.0), over),
        "carbon_intensity": xr.DataArray([[0.1] * size, [0.3] * size], over),
        "demand": xr.DataArray([np.arange(1.0, size + 1)], {"service": ["s"], "time": times}),
        "power_per_unit": xr.DataArray([1.0], {"service": ["s"]}),
        "home": xr.DataArray(np.array(["b"], object), {"service": ["s"]}),
        "power": xr.DataArray([1.0, 2.0, 3.0], jobs),
        "duration": xr.DataArray([2, 2, 5], jobs),
        "release": xr.DataArray(times[[0, 2, 1]], jobs),
        "deadline": xr.DataArray(times[[3, 5, 5]], jobs),
        "it_capacity": xr.DataArray([50.0, 50.0], {"site": ["a", "b"]}),
        "allowed": xr.DataArray(np.ones((3, 2), bool), jobs | {"site": ["a", "b"]}),
        "latency": xr.DataArray([[1.0, 1.0]], {"service": ["s"], "site": ["a", "b"]}),
        "carbon_budget": 100.0,
    }
    return cs.Instance(data.assign(given | changed))


def test_the_plain_plan_by_hand():
    """Twice the IT energy: 21 MWh at b's 0.3 t, and 2 + 4 + 15 MWh of jobs at the mean, 0.2 t."""
    assert reference_emissions(tiny().data) == pytest.approx(2 * (21 * 0.3 + 21 * 0.2))


def test_half_hours_emit_half():
    times = pd.date_range("2023-03-01", periods=6, freq="30min")
    half = tiny(times, step_hours=0.5)
    assert reference_emissions(half.data) == pytest.approx(0.5 * reference_emissions(tiny().data))


def test_a_window_has_its_periods_its_jobs_and_its_share_of_the_budget():
    """From the third period three: 3 + 4 + 5 MWh of inference, and of the jobs the second."""
    part = tiny().window("2023-03-01T02:00", periods=3).data
    assert list(part.time.values) == list(HOURS[2:5].values)
    assert list(part.job.values) == ["late"]
    assert part.release.item() == HOURS[2].value and part.deadline.item() == HOURS[4].value
    share = (12 * 0.3 + 4 * 0.2) / (21 * 0.3 + 21 * 0.2)
    assert float(part.carbon_budget) == pytest.approx(100 * share)
    xr.testing.assert_equal(part.battery_initial, tiny().data.battery_initial)


def test_a_job_that_cannot_end_within_is_left_out_and_a_deadline_within_is_kept():
    part = tiny().window(HOURS[0], periods=4).data
    assert list(part.job.values) == ["early", "late"]
    assert list(part.deadline.values) == list(HOURS[[3, 3]].values)
    assert list(tiny().window(HOURS[1], periods=5).data.job.values) == ["late", "long"]


def test_what_was_released_before_the_horizon_counts_as_its_first_period():
    sooner = xr.DataArray(
        HOURS[[0, 2, 1]] - pd.Timedelta(hours=1), {"job": ["early", "late", "long"]}
    )
    part = tiny(release=sooner).window(HOURS[0], periods=3).data
    assert list(part.job.values) == ["early", "late"]
    assert part.release.values[0] == sooner.values[0]


def test_a_deadline_between_labels_is_kept_within_and_clipped_at_the_end():
    instants = HOURS[[2, 4, 5]] + pd.to_timedelta([30, 30, 90], unit="min")
    due = xr.DataArray(instants, {"job": ["early", "late", "long"]})
    part = tiny(deadline=due).window(HOURS[0], periods=4).data
    assert list(part.deadline.values) == [instants[0].to_datetime64(), HOURS[3].to_datetime64()]


def test_the_whole_is_the_instance():
    instance = tiny()
    assert instance.window(HOURS[0], days=0.25) is instance
    week = cs.example("real-week")
    assert week.window("2023-10-09", days=7) is week


def test_windows_side_by_side_share_the_budget_of_inference():
    """Without jobs they add up to the whole."""
    alone = cs.Instance(tiny().data.isel(job=slice(0)))
    parts = [alone.window(HOURS[at], periods=2).data.carbon_budget for at in (0, 2, 4)]
    assert float(sum(parts)) == pytest.approx(100)


def test_no_budget_stays_none_and_without_emissions_it_is_by_periods():
    assert tiny(carbon_budget=np.inf).window(HOURS[1], periods=2).data.carbon_budget == np.inf
    clean = tiny().replace(carbon_intensity=0.0).window(HOURS[1], periods=2)
    assert float(clean.data.carbon_budget) == pytest.approx(100 / 3)


def test_numbered_periods_and_days_by_step_hours():
    numbered = tiny(pd.RangeIndex(10, 16), step_hours=4.0)
    part = numbered.window(12, days=0.5)
    assert list(part.data.time.values) == [12, 13, 14]
    assert float(part.data.carbon_budget) < 100
    assert "12 to 14" in part.data.attrs["title"]


def test_a_start_with_an_offset_is_taken_in_utc():
    same = tiny().window("2023-03-01T02:00+01:00", periods=2)
    assert same.data.indexes["time"][0] == HOURS[1]


@pytest.mark.parametrize(
    ("start", "length", "told"),
    [
        ("2023-02-28", {"days": 1}, ["outside the horizon"]),
        ("2023-03-01T00:30", {"periods": 1}, ["no label", "60 min"]),
        ("soon", {"periods": 1}, ["'soon': no timestamp"]),
        (0, {"periods": 1}, ["0: no timestamp"]),
        (None, {"periods": 1}, ["None: no timestamp"]),
        ("NaT", {"periods": 1}, ["no timestamp"]),
        (HOURS[0], {}, ["one of days and periods"]),
        (HOURS[0], {"days": 1, "periods": 2}, ["one of days and periods"]),
        (HOURS[4], {"periods": 3}, ["2 periods are left"]),
        (HOURS[0], {"days": 7}, ["days 7 = 168 periods", "6 periods are left"]),
        (HOURS[0], {"periods": 0}, ["at least 1"]),
        (HOURS[0], {"periods": -2}, ["at least 1"]),
        (HOURS[0], {"periods": 1.5}, ["whole number"]),
        (HOURS[0], {"days": 0.1}, ["whole number"]),
        (HOURS[0], {"periods": True}, ["whole number"]),
        (HOURS[0], {"days": float("nan")}, ["whole number"]),
        (HOURS[0], {"days": "7"}, ["whole number"]),
        ("soon", {"periods": 0}, ["no timestamp", "at least 1"]),
    ],
)
def test_what_is_no_window_is_refused_with_every_fault(start, length, told):
    with pytest.raises(cs.InstanceError) as refused:
        tiny().window(start, **length)
    assert all(words in str(refused.value) for words in told)


@pytest.mark.parametrize("start", ["2023-03-01", 1.5, True, 99])
def test_of_numbered_periods_only_a_number_of_theirs_is_a_start(start):
    with pytest.raises(cs.InstanceError, match="start"):
        tiny(pd.RangeIndex(10, 16)).window(start, periods=1)


def test_a_window_says_what_of_it_is_filled():
    noted = tiny()
    text = (
        "import_price a 2023-03-01T01:00Z/2023-03-01T03:00Z; "
        "import_price b 2023-03-01T05:00Z/2023-03-02T00:00Z"
    )
    noted = cs.Instance(noted.data.assign_attrs(filled=text, title="six hours"))
    part = noted.window(HOURS[2], periods=2).data.attrs
    assert part["filled"] == "import_price a 2023-03-01T02:00Z/2023-03-01T03:00Z"
    assert part["description"].endswith(
        "Window of 2 of 6 periods. Filled: 1 h of import_price at a."
    )
    assert part["title"].startswith("six hours, 2023-03-01 02:00:00 to")
    none = noted.window(HOURS[3], periods=2).data.attrs
    assert none["filled"] == "" and none["description"].endswith("No hour is filled.")


def test_a_window_of_a_window_is_the_window():
    instance = tiny()
    twice = instance.window(HOURS[1], periods=4).window(HOURS[2], periods=2)
    once = instance.window(HOURS[2], periods=2)
    for name in set(once.data) - {"carbon_budget"}:
        xr.testing.assert_equal(twice.data[name], once.data[name])
    assert float(twice.data.carbon_budget) == pytest.approx(float(once.data.carbon_budget))


def test_added_parameters_are_cut_too():
    class Peak(cs.Family):
        name = "peak"
        parameters = (cs.Quantity("levy", ("site", "time"), "USD/MWh", default=0.0),)

    levied = tiny().with_families([Peak()], levy=xr.DataArray(np.arange(6.0), {"time": HOURS}))
    part = levied.window(HOURS[2], periods=2)
    assert part.extra == levied.extra
    assert part.data.levy.sel(site="b").values.tolist() == [2, 3]


def test_a_window_can_be_solved_saved_and_read(tmp_path):
    part = tiny().window(HOURS[0], periods=4)
    assert cs.load(part.save(tmp_path / "part")).data.identical(part.data)
    assert cs.solve(part, progress=False).gap <= 0.01
