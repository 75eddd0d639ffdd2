"""Make `data/real-year`: six real sites, 2023 in UTC, hourly, as two NetCDF files.

    python data/scripts/make_real_year.py --staged path/to/sources

Made as the real week is (`make_real_week.py`), over 8,760 h. Prices that no source has are filled,
and the attribute `filled` says which; ServeGen's two weeks alternate on each origin's own clock;
each week gets the releases of Kalos folded into a week. Carbon intensity is a database of its own,
under the ODbL, so it has a file of its own. Sources and licences: `data/README.md`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
import xarray as xr
from assumptions import GIVEN
from real_sources import (
    PRICE_LICENCES,
    WEEK_HOURS,
    carbon_intensity,
    check_room,
    describe,
    folded_jobs,
    hours,
    jobs,
    labelled,
    prices,
    read_sites,
    request_rates,
    services,
    site_parameters,
    weather_driven,
)

import carbonsched
from carbonsched.io import write_netcdf
from carbonsched.io.stated import stated
from carbonsched.operate.filled import Filled, told
from carbonsched.operate.window import reference_emissions

YEAR = hours("2023-01-01", 8760)
FIRST_MONDAY = pd.Timestamp("2022-12-26")  # of the week that the year begins in
BRIDGED = 3  # h: the longest gap in the capture that is bridged linearly
LULL = 0.1  # of the class's median: an hour below it is a gap, whatever the source says of it
TITLE = "Six AI data-center sites, 2023"


def intervals(filled: pd.DataFrame) -> list[Filled]:
    """Return the runs of hours that are true, per column."""
    found = []
    for site, flags in filled.items():
        run = (flags != flags.shift()).cumsum()[flags]
        for _, times in run.groupby(run).groups.items():
            found.append(Filled("import_price", site, times[0], times[-1] + pd.Timedelta(hours=1)))
    return found


def two_weeks(staged: Path) -> pd.DataFrame:
    """Return ServeGen's 14 days by class, with every gap in the capture filled.

    Up to `BRIDGED` hours linearly between the hours seen whole; a longer gap takes the same hours
    of the other week.
    """
    rates, whole = request_rates(staged)
    seen = rates.where(whole & (rates > LULL * rates.median()))
    bridged = seen.interpolate()
    other = pd.concat([bridged[WEEK_HOURS:], bridged[:WEEK_HOURS]], ignore_index=True)
    length = seen.isna().apply(lambda gap: gap.groupby((~gap).cumsum()).transform("sum"))
    return bridged.where(length <= BRIDGED, other).where(seen.isna(), seen)


def year_jobs(staged: Path) -> pd.DataFrame:
    """Return the folded jobs of every week by name, with releases counted from the year's start."""
    trace, weeks = folded_jobs(staged), []
    for monday in pd.date_range(FIRST_MONDAY, YEAR[-1], freq="7D"):
        number = max(monday, YEAR[0]).strftime("%W")  # week of the year; 00 before its first Monday
        release = trace.release + (monday - YEAR[0]) // pd.Timedelta(hours=1)
        names = [f"kalos-{job:03d}-w{number}" for job in trace.index]
        weeks.append(trace.assign(release=release).set_axis(names))
    every = pd.concat(weeks)
    return every[(every.release >= 0) & (every.release < len(YEAR))]


def build(staged: Path) -> xr.Dataset:
    """Return the year as a dataset with the variables of an instance."""
    sites = read_sites(staged)
    capacity = labelled(GIVEN.it_capacity, "site")
    given, filled = prices(staged, sites, YEAR)
    data = xr.Dataset(
        {
            "step_hours": 1.0,
            "carbon_intensity": carbon_intensity(staged, sites, YEAR),
            **site_parameters(capacity),
            **given,
            **weather_driven(staged, capacity, YEAR),
            **services(staged, sites, two_weeks(staged), YEAR),
            **jobs(staged, year_jobs(staged), capacity, YEAR),
        }
    )
    check_room(data)
    data["carbon_budget"] = round(GIVEN.budget_share * reference_emissions(data), 0)
    return describe(
        data,
        title=TITLE,
        description="Observed prices, carbon intensity, requests, training jobs and latency; "
        "modelled cooling, solar and wind; the rest is assumed. Demand in thousand requests/s. "
        "Two observed weeks of requests alternate, one folded week of jobs returns; `filled` says "
        "which prices are not observed.",
        licence=f"MIT AND Apache-2.0 AND {PRICE_LICENCES}",
        source="Made by data/scripts/make_real_year.py; sources are listed in data/README.md",
        filled=told(intervals(filled)),
        day_ahead="de-fra 12:45 Europe/Berlin",
    )


def main(
    staged: Annotated[Path, typer.Option(help="Folder of the staged sources.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("data/real-year"),
) -> None:
    """Write the two files."""
    data = stated(carbonsched.Instance(build(staged)), sourced=True)
    carbon = data[["carbon_intensity"]].drop_attrs(deep=False)
    about = carbon.carbon_intensity.attrs
    carbon.attrs = {
        "title": f"{TITLE}: carbon intensity",
        "licence": about["licence"],
        "source": about["source"],
    }
    write_netcdf(data.drop_vars("carbon_intensity"), out / "real-year.nc")
    write_netcdf(carbon, out / "carbon-intensity.nc")


if __name__ == "__main__":
    typer.run(main)
