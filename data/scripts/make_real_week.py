"""Make `data/real-week`: six real sites, the week of 2023-10-09, hourly in UTC.

    python data/scripts/make_real_week.py --staged path/to/sources

Observed: wholesale prices, average carbon intensity, request rates, training jobs, GPU power and
round-trip times. Modelled from observed weather: cooling and on-site generation. What no source
gives stands in `assumptions.py` and nowhere else. Sources and licences: `data/README.md`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
import xarray as xr
from assumptions import GIVEN, table
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
from carbonsched.operate.window import reference_emissions

WEEK = hours("2023-10-09", WEEK_HOURS)  # Monday 00 UTC


def observed_prices(staged: Path, sites: pd.DataFrame) -> dict[str, xr.DataArray]:
    """Return the week's prices; one that is not observed is an error."""
    given, filled = prices(staged, sites, WEEK)
    if filled.any(axis=None):
        raise ValueError(f"prices not observed in {list(filled.columns[filled.any()])}")
    return given


def first_week(staged: Path) -> pd.DataFrame:
    """Return ServeGen's first week by class; gaps are bridged linearly between hours seen whole."""
    rates, whole = (frame[:WEEK_HOURS] for frame in request_rates(staged))
    return rates.where(whole).interpolate()


def week_jobs(staged: Path) -> pd.DataFrame:
    """Return the folded jobs by name."""
    trace = folded_jobs(staged)
    return trace.set_axis([f"kalos-{number:03d}" for number in trace.index])


def build(staged: Path) -> xr.Dataset:
    """Return the week as a dataset with the variables of an instance."""
    sites = read_sites(staged)
    capacity = labelled(GIVEN.it_capacity, "site")
    data = xr.Dataset(
        {
            "step_hours": 1.0,
            "carbon_intensity": carbon_intensity(staged, sites, WEEK),
            **site_parameters(capacity),
            **observed_prices(staged, sites),
            **weather_driven(staged, capacity, WEEK),
            **services(staged, sites, first_week(staged), WEEK),
            **jobs(staged, week_jobs(staged), capacity, WEEK),
        }
    )
    check_room(data)
    data["carbon_budget"] = round(GIVEN.budget_share * reference_emissions(data), 0)
    return describe(
        data,
        title="Six AI data-center sites, week of 2023-10-09",
        description="Observed prices, carbon intensity, requests, training jobs and latency; "
        "modelled cooling, solar and wind; the rest is assumed. Demand in thousand requests/s.",
        licence=f"MIT AND ODbL-1.0 AND Apache-2.0 AND {PRICE_LICENCES}",
        source="Made by data/scripts/make_real_week.py; sources are listed in data/README.md",
    )


def main(
    staged: Annotated[Path, typer.Option(help="Folder of the staged sources.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("data/real-week"),
) -> None:
    """Write the instance and print its assumptions as Markdown."""
    carbonsched.Instance(build(staged)).save(out)
    typer.echo(table())


if __name__ == "__main__":
    typer.run(main)
