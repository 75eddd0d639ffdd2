"""The committed real week: invariants anyone can recheck, and a rebuild where the sources are."""

import importlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import carbonsched
from carbonsched.core.schema import PARAMETERS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "data" / "real-week"
README = ROOT / "data" / "README.md"
STAGED = ROOT.parent / "shared" / "data"

# Lowest and highest price of 2023 in native currency, as each source's own summary states them,
# and USD per unit of it.
OBSERVED = {
    "us-ca": (-41.6, 565.7, 1.0),
    "us-tx": (-31.6, 5229.8, 1.0),
    "us-ny": (-8.1, 1221.0, 1.0),
    "gb-lon": (-77.3, 580.4, 1.24317),
    "de-fra": (-500.0, 524.3, 1.0813),
    "au-syd": (-198.6, 7651.8, 0.66386),
}
SITES = list(OBSERVED)
ATTRIBUTIONS = [
    "Carbon intensity data: Electricity Maps, https://www.electricitymaps.com, ODbL 1.0",
    "Weather data by Open-Meteo.com",
    "Source: U.S. Energy Information Administration (Dec 2024), collected from CAISO/ERCOT/NYISO",
    "Contains BMRS data (c) Elexon Limited copyright and database right [2023]",
    "Bundesnetzagentur | SMARD.de",
    "Source: AEMO aggregated price and demand data",
    "Azure network latency statistics, Microsoft Learn, CC BY 4.0",
    "arXiv 2505.09999",
    "NSDI'24",
]


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return carbonsched.load(FOLDER).data


@pytest.fixture(scope="module")
def package() -> dict:
    return json.loads((FOLDER / "datapackage.json").read_text(encoding="utf-8"))


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "data" / "scripts")
    return importlib.import_module


def table_of(package: dict, variable: str) -> dict:
    (found,) = (
        resource
        for resource in package["resources"]
        if variable in {field["name"] for field in resource["schema"]["fields"]}
        and variable not in resource["schema"].get("primaryKey", [])
    )
    return found


def test_is_one_utc_week_of_six_sites(data):
    times = data.indexes["time"]
    assert times[0] == pd.Timestamp("2023-10-09") and times[0].day_name() == "Monday"
    assert times.tz is None and len(times) == 168
    assert set(np.diff(times)) == {np.timedelta64(1, "h")} and data.step_hours == 1
    assert list(data.site.values) == SITES


@pytest.mark.parametrize("site", SITES)
def test_prices_lie_within_the_years_extremes(data, site):
    lowest, highest, usd = OBSERVED[site]
    price = data.import_price.sel(site=site)
    assert lowest * usd <= price.min() and price.max() <= highest * usd
    assert len(np.unique(price)) > 100


def test_selling_never_pays_more_than_buying(data):
    spread = data.import_price - data.export_price
    np.testing.assert_allclose(spread, 2 + 0.05 * abs(data.import_price), atol=0.011)


def test_carbon_intensity_is_in_tonnes(data):
    assert data.carbon_intensity.min() > 0 and data.carbon_intensity.max() < 1
    means = data.carbon_intensity.mean("time")
    assert means.min() > 0.1 and means.max() < 0.6
    assert str(means.idxmin("site").values) == "gb-lon"
    assert str(means.idxmax("site").values) == "au-syd"


def test_cooling_and_generation_are_physical(data):
    assert data.cooling.min() >= 1.08 and data.cooling.max() <= 1.35
    share = data.generation_available / data.it_capacity
    assert share.min() >= 0 and share.max() <= 1
    assert (data.generation_available.mean("time") > 0).all()
    assert (data.generation_carbon == 0).all()


def test_the_connection_carries_the_full_site(data):
    assert (data.import_limit >= 1.1 * data.cooling.max("time") * data.it_capacity).all()
    round_trip = data.charge_efficiency * data.discharge_efficiency
    np.testing.assert_allclose(round_trip, 0.85, atol=1e-3)
    np.testing.assert_allclose(data.battery_energy / data.discharge_limit, 4)


def test_inference_has_a_home_within_reach_and_room_there(data):
    assert data.sizes["service"] == 18 and (data.demand > 0).all()
    at_home = data.site == data.home
    reachable = data.latency <= data.latency_limit
    assert (reachable | ~at_home).all()
    assert reachable.sum() > data.sizes["service"]  # some freedom to route
    load = data.power_per_unit * data.demand
    split = reachable * data.it_capacity / (reachable * data.it_capacity).sum("site")
    for weight in (at_home, split):
        assert ((weight * load).sum("service") < 0.9 * data.it_capacity).all()
    assert 0.35 < load.sum("service").mean("time") / data.it_capacity.sum() < 0.45


def test_each_origin_lives_on_its_own_clock(data):
    """London's week, five hours later in UTC and scaled, is New York's (+1 and −4 in October)."""
    london, new_york = (data.demand.sel(service=f"{s}-mid").values for s in ("gb-lon", "us-ny"))
    shifted = np.roll(london / london.mean(), 5)
    np.testing.assert_allclose(shifted, new_york / new_york.mean(), rtol=1e-3)


def test_jobs_fit_their_windows_and_sites(data):
    assert 30 <= data.sizes["job"] <= 60
    hours = (data.deadline - data.release) / np.timedelta64(1, "h") + 1
    assert (hours >= data.duration).all() and (data.duration >= 2).all()
    assert (data.allowed.sum("site") >= 1).all()
    assert (~data.allowed | (data.power <= 0.5 * data.it_capacity)).all()
    assert (data.reward > data.startup_cost).all()


def test_the_budget_is_near_what_the_week_emits(data):
    energy = (data.power_per_unit * data.demand).sum() + (data.power * data.duration).sum()
    rate = data.carbon_budget / energy
    assert data.carbon_intensity.mean() * 0.5 < rate < data.carbon_intensity.mean() * 1.5


def test_the_carbon_table_is_a_database_of_its_own(package):
    table = table_of(package, "carbon_intensity")
    assert table["path"] == "carbon_intensity.csv"
    assert [field["name"] for field in table["schema"]["fields"]] == [
        "site",
        "time",
        "carbon_intensity",
    ]
    assert table["licenses"] == [{"name": "ODbL-1.0"}]
    others = [r for r in package["resources"] if r is not table]
    assert not any("ODbL" in licence["name"] for r in others for licence in r["licenses"])


def test_every_table_names_source_and_licence(package):
    for resource in package["resources"]:
        assert resource["sources"][0]["title"], resource["path"]
        assert resource["licenses"][0]["name"], resource["path"]


@pytest.mark.parametrize("statement", ATTRIBUTIONS)
def test_attributions_stand_in_readme_and_package(package, statement):
    shipped = " ".join(r["sources"][0]["title"] for r in package["resources"])
    assert statement in README.read_text(encoding="utf-8").replace(r"\|", "|")
    assert statement in shipped


def test_readme_lists_every_variable_and_assumption(script):
    text = README.read_text(encoding="utf-8")
    assert not [name for name in PARAMETERS if f"`{name}`" not in text]
    assert script("assumptions").table() in text


@pytest.mark.skipif(not STAGED.is_dir(), reason="the staged sources are not here")
def test_made_again_from_the_sources_it_is_the_same(data, script):
    made = carbonsched.Instance(script("make_real_week").build(STAGED)).data
    xr.testing.assert_identical(made, data)
