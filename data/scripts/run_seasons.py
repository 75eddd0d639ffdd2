"""Solve every week of the real year with every price observed, and keep two tables of it.

    python data/scripts/run_seasons.py

`data/results/seasons.csv`: the weeks, from Monday to Sunday in UTC, each a window of
`data/real-year`, by the six methods. Finished rows are kept in a cache, so that a run that was
stopped goes on where it ended, and has weeks of all seasons; a week without a schedule is a row
that says so.
`seasons-hours.csv`: of a week in each season, what the fleet draws, generates, stores and sells
hour by hour under the joint method; it is made once. The book's chapter reads both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
import xarray as xr

import carbonsched as cs
from carbonsched.io import replacing

GAP, TIME_LIMIT = 0.01, 120.0  # relative; seconds a case
MONDAYS = pd.date_range("2023-01-02", "2023-12-25", freq="7D")
SEASONS = ("2023-02-06", "2023-04-17", "2023-07-17", "2023-10-09")
FLOWS = ("generate", "grid_import", "discharge", "grid_export", "charge", "facility_power")
ZONES = {
    "us-ca": "America/Los_Angeles",
    "us-tx": "America/Chicago",
    "us-ny": "America/New_York",
    "gb-lon": "Europe/London",
    "de-fra": "Europe/Berlin",
    "au-syd": "Australia/Sydney",
}
NIGHT = (22, 23, 0, 1, 2, 3)  # local hours without sun, whatever the season


def observed_weeks(year: cs.Instance) -> dict[str, cs.Instance]:
    """Return the weeks of which no price is filled, by the date of their Monday."""
    weeks = {str(monday.date()): year.window(monday, days=7) for monday in MONDAYS}
    return {monday: week for monday, week in weeks.items() if not week.data.attrs["filled"]}


def describe(week: cs.Instance) -> dict[str, float]:
    """Return what may explain how the methods compare in a week; means weigh sites by capacity."""
    data = week.data
    weight = data.it_capacity / data.it_capacity.sum()
    price, carbon = data.import_price, data.carbon_intensity
    night = at_night(data)
    wind = data.generation_available.where(night).mean("time")
    supply = data.generation_available.mean("time")
    daily = price.resample(time="1D")
    return {
        "price_mean": float((weight * price.mean("time")).sum()),
        "price_highest": float(price.max()),
        "price_daily_range": float((weight * (daily.max() - daily.min()).mean("time")).sum()),
        "price_between_sites": float(price.std("site").mean()),
        "price_negative": float((price < 0).mean()),
        "carbon_mean": float((weight * carbon.mean("time")).sum()),
        "carbon_between_sites": float(carbon.std("site").mean()),
        "sun": float((supply - wind).sum()),
        "wind": float(wind.sum()),
        "cooling_mean": float((weight * data.cooling.mean("time")).sum()),
        "carbon_budget": float(data.carbon_budget),
        "jobs_offered": data.sizes["job"],
    }


def at_night(data: xr.Dataset) -> xr.DataArray:
    """Return where it is night on the site's own clock, over (time, site)."""
    utc = data.indexes["time"].tz_localize("UTC")
    night = [np.isin(utc.tz_convert(ZONES[site]).hour, NIGHT) for site in data.site.values]
    return xr.DataArray(night, {"site": data.site, "time": data.time})


def by_hour(year: cs.Instance) -> pd.DataFrame:
    """Return the fleet's flows in MW, a row an hour of the week of each season."""
    parts = []
    for monday in SEASONS:
        schedule = cs.solve(year.window(monday, days=7), gap=GAP, time_limit=TIME_LIMIT)
        fleet = schedule.data[list(FLOWS)].sum("site").to_dataframe()
        parts.append(fleet.round(3).reset_index().assign(week=monday))
    return pd.concat(parts)[["week", "time", *FLOWS]]


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a table, atomically."""
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)
    typer.echo(f"{path.name}: {len(table)} rows")


def main(
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("data/results"),
    cache: Annotated[Path, typer.Option(help="Folder of finished rows.")] = Path(".cache/seasons"),
    workers: Annotated[int, typer.Option(help="Processes.")] = 1,
    most: Annotated[int, typer.Option(help="Of the weeks, this many.")] = len(MONDAYS),
) -> None:
    """Solve the weeks by the six methods, week by week, and write what is known after each."""
    year = cs.example("real-year")
    if not (out / "seasons-hours.csv").exists():
        write(by_hour(year), out / "seasons-hours.csv")
    weeks = observed_weeks(year)
    names = [*SEASONS, *(name for start in (0, 2, 1, 3) for name in list(weeks)[start::4])]
    names = list(dict.fromkeys(names))[:most]
    on = {"cache": cache, "workers": workers, "gap": GAP, "time_limit": TIME_LIMIT}
    for count in range(1, len(names) + 1):
        known = {name: weeks[name] for name in sorted(names[:count])}
        table = cs.sweep(known, cs.METHODS, **on)
        traits = pd.DataFrame({name: describe(week) for name, week in known.items()}).T
        table = table.join(traits.round(4), on="instance").rename(columns={"instance": "week"})
        write(table.drop(columns="formulation"), out / "seasons.csv")


if __name__ == "__main__":
    typer.run(main)
