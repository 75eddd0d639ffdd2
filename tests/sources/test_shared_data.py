"""Real files, where they are there: what is read of the raw ones is what the tidy ones say."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from carbonsched.errors import InstanceError
from carbonsched.sources import read

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("CARBONSCHED_SHARED", ROOT.parent / "shared" / "data"))
pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"the public files are not there: no folder {SHARED}"
)
ELECTRICITY_MAPS = {
    "AU-NSW": "au-syd", "DE-LU": "de-fra", "GB": "gb-lon", "US-CAL-CISO": "us-ca",
    "US-NY-NYIS": "us-ny", "US-TEX-ERCO": "us-tx",
}  # fmt: skip


def tidy(folder, column):
    (path,) = (SHARED / folder).glob("*_2023*.csv") if "/" not in folder else [SHARED / folder]
    frame = pd.read_csv(path)
    return pd.Series(frame[column].values, index=pd.DatetimeIndex(frame["time_utc"].str[:-1]))


def agrees(series, known, most=1e-9, whole=True):
    """Say how many hours are compared; all of the file that the year 2023 has."""
    found = series.data.to_series()
    if series.step < pd.Timedelta("1h"):
        found = found.resample("1h").mean()
    both = pd.concat([found, known], axis=1, sort=True).dropna()
    assert np.abs(both.iloc[:, 0] - both.iloc[:, 1]).max() <= most
    if whole:
        year = found[(found.index >= known.index[0]) & (found.index <= known.index[-1])]
        assert year.isna().sum() == known.reindex(year.index).isna().sum()
    return len(both)


@pytest.mark.parametrize(
    ("column", "name"), [("Deutschland/Luxemburg", "de_lu"), ("Frankreich", "fr"), ("Polen", "pl")]
)
def test_smard(column, name):
    path = SHARED / "price_smard_eu" / "raw" / "Gro_handelspreise_2023_rows.csv.gz"
    series = read(path, "smard", column=column)
    known = tidy("price_smard_eu/price_eu_dayahead_2023_eur_mwh.csv", name)
    assert agrees(series, known) == 8760
    assert series.unit == "€/MWh"
    assert "2023-10-29" in series.notes[0]


@pytest.mark.parametrize("kind", ["direct", "lca"])
@pytest.mark.parametrize("zone", ELECTRICITY_MAPS)
def test_electricity_maps(zone, kind):
    path = SHARED / "carbon_electricitymaps" / "raw" / f"{zone}_2023_hourly.csv.gz"
    series = read(path, "electricitymaps", column=kind)
    known = tidy(
        "carbon_electricitymaps/carbon_intensity_2023.csv", f"{ELECTRICITY_MAPS[zone]}_{kind}"
    )
    assert agrees(series, known) >= 8750


def test_elexon():
    path = SHARED / "price_elexon_gb" / "raw" / "gb_APXMIDP_2023.csv.gz"
    series = read(path, "elexon")
    known = tidy("price_elexon_gb/price_gb_2023.csv", "gb-lon_gbp_mwh")
    assert agrees(series, known, 0.00501) >= 8750  # the tidy file has cents
    assert series.data.isnull().sum() == 20
    assert any(note.startswith("15 values whose volume is 0") for note in series.notes)
    by_stamp = pd.read_csv(path).set_index("timestamp_utc")["price"]
    stamps = pd.DatetimeIndex(by_stamp.index).tz_localize(None)
    sound = series.data.to_series().reindex(stamps)
    assert (np.isnan(sound) | (sound.to_numpy() == by_stamp.to_numpy())).all()


@pytest.mark.parametrize(
    ("files", "column", "name", "hours"),
    [
        ("nyiso_lmp_rt_hr_zones_2023_subset", "New York City", "us-ny", 7500),
        ("ercot_lmp_rt_15min_hubs_2023Q1_subset", "North", "us-tx", 2150),
        ("ercot_lmp_rt_15min_hubs_2023Q4_subset", "North", "us-tx", 2190),
        ("caiso_lmp_rt_15min_zones_2023Q3_subset", "NP-15", "us-ca", 800),
    ],
)
def test_eia(files, column, name, hours):
    path = SHARED / "price_eia_us" / "raw" / f"{files}.csv.gz"
    series = read(path, "eia", column=column)
    known = tidy("price_eia_us/price_us_2023.csv", f"{name}_usd_mwh")
    assert agrees(series, known, 0.00501, whole=False) > hours


@pytest.mark.parametrize("zone", ELECTRICITY_MAPS)
def test_open_meteo(zone):
    path = SHARED / "weather_openmeteo" / "raw" / f"{zone}_2023.json.gz"
    series = read(path, "open-meteo", column="temperature_2m")
    known = tidy("weather_openmeteo/weather_2023.csv", f"{ELECTRICITY_MAPS[zone]}_temp_c")
    assert agrees(series, known) >= 8740


def test_aemo_as_another_project_keeps_it():
    """Its means are of cut months: eleven hours are told twice, in two parts."""
    path = SHARED / "price_aemo_au" / "raw" / "AU-NSW_electricity_prices_2023_as_in_repo.csv.gz"
    with pytest.raises(InstanceError, match=r"2023-02-01 00:00 \+10:00 again") as caught:
        read(path, "tidy", zone="+10:00", unit="AUD/MWh")
    assert caught.value.faults[-1] == "... and 3 more like it"
    assert len(caught.value.faults) == 9
