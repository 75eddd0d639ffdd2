"""The committed real year: it is the real week in its week, and of one piece in all others."""

import importlib
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.operate.filled import read
from carbonsched.operate.window import reference_emissions

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "real-year"
STAGED = ROOT.parent / "shared" / "data"
ZONES = {
    "us-ca": "America/Los_Angeles",
    "us-ny": "America/New_York",
    "gb-lon": "Europe/London",
    "au-syd": "Australia/Sydney",
}
FILLED = {"us-ca": 1378, "us-ny": 1166, "gb-lon": 5}  # h, as the sources' own notes count them


@pytest.fixture(scope="module")
def year() -> cs.Instance:
    return cs.example("real-year")


@pytest.fixture(scope="module")
def data(year) -> xr.Dataset:
    return year.data


@pytest.fixture(scope="module")
def week() -> xr.Dataset:
    return cs.example("real-week").data


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "data" / "scripts")
    return importlib.import_module


def test_every_variable_has_its_source_and_licence(data, week):
    for name in set(week) - {"battery_final", "battery_recovery", "battery_value", "required"}:
        assert data[name].attrs == week[name].attrs, name


def test_is_every_hour_of_2023(data):
    times = data.indexes["time"]
    assert times.equals(pd.date_range("2023-01-01", "2023-12-31 23:00", freq="h", unit="ns"))


def test_no_peak_of_5230_dollars_is_taken_for_a_wrong_unit(data):
    assert float(data.import_price.max()) == 5229.84
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cs.Instance(data)


def test_in_its_week_it_is_the_real_week_but_for_what_demand_decides(year, week):
    part = year.window("2023-10-09", days=7).data
    for name in set(week) - {"demand", "carbon_budget"}:
        np.testing.assert_array_equal(part[name].values, week[name].values, name)
    assert [name[:9] for name in part.job.values] == list(week.job.values)
    assert {name[9:] for name in part.job.values} == {"-w41"}


def test_demand_is_the_real_weeks_wherever_its_first_week_is_meant(year, week):
    """On each origin's clock; before and after, the year has the trace's other week."""
    part, sydney = year.window("2023-10-09", days=7).data.demand, slice(None, -11)
    for service in ("au-syd-large", "au-syd-mid", "au-syd-small"):
        one, other = part.sel(service=service)[sydney], week.demand.sel(service=service)[sydney]
        np.testing.assert_array_equal(one, other)
    differ = (part != week.demand).mean("time")
    assert float(differ.sel(service="us-ca-large")) == pytest.approx(7 / 168)
    assert float(differ.sel(service="gb-lon-large")) == pytest.approx(1 / 168)


def test_demand_returns_every_two_weeks_on_the_local_clock(data):
    """Across both changes of the clocks, and one week apart it differs nearly everywhere."""
    for site, zone in ZONES.items():
        local = data.indexes["time"].tz_localize("UTC").tz_convert(zone).tz_localize(None)
        series = pd.Series(data.demand.sel(service=f"{site}-large").values, local)
        series = series[~series.index.duplicated()]
        for days, least, most in ((14, 1.0, 1.0), (7, 0.0, 0.01)):
            ahead = series.reindex(series.index + pd.Timedelta(days=days)).to_numpy()
            both = ~np.isnan(ahead)
            assert least <= (ahead == series.to_numpy())[both].mean() <= most


def test_filled_hours_are_those_the_sources_lack(data):
    hours = dict.fromkeys(FILLED, 0.0)
    for run in read(data.attrs["filled"]):
        assert run.variable == "import_price"
        hours[run.label] += (run.end - run.begin) / pd.Timedelta(hours=1)
    assert hours == FILLED


def test_a_window_in_the_outage_says_so(year):
    part = year.window("2023-09-04", days=7)
    assert part.data.attrs["filled"] == (
        "import_price us-ca 2023-09-04T00:00Z/2023-09-05T17:00Z; "
        "import_price us-ny 2023-09-04T00:00Z/2023-09-05T18:00Z"
    )
    assert "Filled: 41 h of import_price at us-ca, 42 h" in part.data.attrs["description"]


def test_twenty_eight_weeks_have_every_price_observed(year, script):
    weeks = list(script("run_seasons").observed_weeks(year))
    assert len(weeks) == 28
    assert {"2023-02-06", "2023-04-17", "2023-07-17", "2023-10-09", "2023-12-04"} <= set(weeks)
    months = {pd.Timestamp(monday).month for monday in weeks}
    assert months.isdisjoint({8, 9})


def test_what_is_generated_by_night_is_wind(year, script):
    """California has solar panels alone, so nothing by night on its own clock."""
    seasons = script("run_seasons")
    made = year.data.generation_available
    assert float(made.where(seasons.at_night(year.data)).sel(site="us-ca").max()) == 0
    week = year.window("2023-07-17", days=7)
    said = seasons.describe(week)
    mean = float(week.data.generation_available.mean("time").sum())
    assert said["sun"] + said["wind"] == pytest.approx(mean)
    assert 0 < said["wind"] < said["sun"]


def test_a_budget_of_four_fifths_stays_one(year, data):
    for start, days in (("2023-01-01", 365), ("2023-02-06", 7), ("2023-07-01", 31)):
        part = year.window(start, days=days).data
        share = float(part.carbon_budget) / reference_emissions(part)
        assert share == pytest.approx(0.8, rel=1e-5)


def test_jobs_begin_anew_every_week_and_may_run_across_its_end(data):
    release = pd.Series(data.indexes["time"].get_indexer(data.release.values), data.job.values)
    for number in range(2, 51):
        mine = release[release.index.str.endswith(f"-w{number:02d}")]
        next_week = release[release.index.str.endswith(f"-w{number + 1:02d}")]
        assert len(mine) == 56
        np.testing.assert_array_equal(next_week.to_numpy() - mine.to_numpy(), 168)
    across = release.to_numpy() % 168 + data.duration.values > 192  # 2023 began on a Sunday
    assert across.any()
    assert data.indexes["job"].is_unique


def test_selling_never_pays_more_than_buying(data):
    spread = data.import_price - data.export_price
    np.testing.assert_allclose(spread, 2 + 0.05 * abs(data.import_price), atol=0.011)


def test_carbon_intensity_is_a_database_of_its_own():
    alone = xr.load_dataset(FOLDER / "carbon-intensity.nc", engine="h5netcdf")
    rest = xr.load_dataset(FOLDER / "real-year.nc", engine="h5netcdf")
    assert set(alone) == {"carbon_intensity"} and "carbon_intensity" not in rest
    assert alone.attrs["licence"] == alone.carbon_intensity.attrs["licence"] == "ODbL-1.0"
    licences = [rest.attrs["licence"], *(rest[name].attrs["licence"] for name in rest)]
    assert not any("ODbL" in licence for licence in licences)
    assert all(rest[name].attrs["source"] for name in rest)


def test_licences_beside_the_data_are_those_of_the_files():
    page = (ROOT / "data" / "LICENSES.md").read_text(encoding="utf-8")
    for path in FOLDER.iterdir():
        licence = xr.load_dataset(path, engine="h5netcdf").attrs["licence"]
        assert f"| `{path.name}` | {licence} | " in page


def test_what_is_filled_survives_a_folder_and_a_file(year, tmp_path):
    part = year.window("2023-09-05", days=1)
    for name in ("folder", "file.nc"):
        again = cs.load(part.save(tmp_path / name)).data
        assert again.identical(part.data)
        assert again.attrs["filled"] and again.attrs["day_ahead"] == "de-fra 12:45 Europe/Berlin"


@pytest.mark.skipif(not STAGED.is_dir(), reason="the staged sources are not here")
def test_made_again_from_the_sources_it_is_the_same(data, script):
    made = cs.Instance(script("make_real_year").build(STAGED)).data
    told = data.attrs | {"licence": made.attrs["licence"]}
    xr.testing.assert_identical(made, data.assign_attrs(told))
    assert set(data.attrs["licence"].split(" AND ")) == {
        *made.attrs["licence"].split(" AND "),
        "ODbL-1.0",
    }
