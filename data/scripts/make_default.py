"""Make `data/default`, the synthetic default instance: 3 sites, 24 hours, 6 jobs, 3 services.

The paper publishes the size of its default instance and no parameters. These are ours: a
plausible hyperscale fleet, written down in one place, in which the six methods of Table I keep
the paper's order. Run it as

    python data/scripts/make_default.py --out data/default
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
import xarray as xr

from carbonsched import Instance

HOURS = pd.date_range("2025-01-01", periods=24, freq="h", name="time")

# Harbour: a port city, close to users, on a coal-heavy grid. Plains: some sun. Valley: wind and sun
# of its own and a large battery, on a grid with gas.
SITES = pd.DataFrame(
    {
        "it_capacity": [200, 100, 180],  # MW
        "pue": [1.20, 1.16, 1.10],  # mean over the day
        "import_limit": [280, 140, 230],  # MW
        "export_limit": [40, 30, 15],  # MW
        "price": [88, 82, 79],  # USD/MWh, mean over the day
        "intensity": [0.78, 0.56, 0.54],  # tCO2e/MWh, mean over the day
        "solar": [6, 12, 240],  # MW at noon
        "solar_dip": [0.10, 0.30, 0.15],  # fall of the price at noon
        "steady": [0, 0, 20],  # MW at every hour
        "generation_cost": [12, 12, 10],  # USD/MWh
        "battery": [10, 10, 75],  # MW
        "battery_hours": [2, 2, 3.4],
    },
    index=pd.Index(["harbour", "plains", "valley"], name="site"),
)

EXPORT_RATIO = 0.20  # of the import price
CHARGE_EFFICIENCY = 0.95
BATTERY_WEAR = 1.5  # USD per MWh charged or discharged

SERVICES = pd.DataFrame(
    {
        "load": [55, 40, 32],  # MW of IT power, mean over the day
        "swing": [0.30, 0.45, 0.20],  # amplitude of the day over its mean
        "peak": [14, 11, 19],  # hour of the day
        "power_per_unit": [1.0, 1.5, 0.5],  # MW per unit
        "value": [92, 138, 46],  # USD per unit and hour
        "latency_limit": [60, 80, 50],  # ms
    },
    index=pd.Index(["chat", "code", "search"], name="service"),
)
HOME = "harbour"
LATENCY = {"harbour": 5.0, "plains": 28.0, "valley": 42.0}  # ms

JOBS = pd.DataFrame(
    {
        "power": [14, 10, 6, 5, 3, 8],  # MW of IT power
        "duration": [8, 10, 4, 3, 2, 5],  # h
        "release": [0, 2, 4, 8, 6, 10],  # hour of the day
        "deadline": [20, 23, 15, 21, 23, 23],  # hour of the day by whose end it has finished
        "price": [190, 180, 170, 170, 160, 185],  # reward in USD per MWh of IT energy
    },
    index=pd.Index(
        ["pretrain-a", "pretrain-b", "finetune-a", "finetune-b", "evaluate", "align"], name="job"
    ),
)
STARTUP_HOURS = 0.1  # of the job's power, priced like its energy: loading a checkpoint
CARBON_BUDGET = 3000.0  # tCO2e; loose, so that (16) keeps no method of Table I from a schedule


def wave(peak: float) -> xr.DataArray:
    """Return a daily cosine of mean 0 and amplitude 1 with its peak at an hour of the day."""
    return xr.DataArray(np.cos(2 * np.pi * (HOURS.hour - peak) / 24), {"time": HOURS})


def daylight() -> xr.DataArray:
    """Return a solar bell between 6 and 18 o'clock, 1 at noon."""
    return wave(12).clip(min=0)


def sites() -> dict[str, xr.DataArray]:
    """Return the site and energy variables."""
    s = {name: column.astype(float).to_xarray() for name, column in SITES.items()}
    price = s["price"] * (1 + 0.12 * wave(19) - s["solar_dip"] * (daylight() - 0.318))
    intensity = s["intensity"] * (1 + 0.06 * wave(20) - 0.4 * s["solar_dip"] * (daylight() - 0.318))
    efficiency = xr.full_like(s["battery"], CHARGE_EFFICIENCY)
    energy = s["battery"] * s["battery_hours"]
    return {
        "it_capacity": s["it_capacity"],
        "cooling": (s["pue"] + 0.02 * wave(15)).round(4),
        "import_limit": s["import_limit"],
        "export_limit": s["export_limit"],
        "import_price": price.round(2),
        "export_price": (EXPORT_RATIO * price).round(2),
        "carbon_intensity": intensity.round(4),
        "generation_available": (s["solar"] * daylight() + s["steady"]).round(2),
        "generation_cost": s["generation_cost"],
        "generation_carbon": xr.zeros_like(s["battery"]),
        "battery_energy": energy,
        "battery_min": 0.1 * energy,
        "charge_limit": s["battery"],
        "discharge_limit": s["battery"],
        "charge_efficiency": efficiency,
        "discharge_efficiency": efficiency,
        "battery_initial": 0.3 * energy,
        "battery_cost": xr.full_like(s["battery"], BATTERY_WEAR),
    }


def jobs() -> dict[str, xr.DataArray]:
    """Return the job variables."""
    j = {name: column.to_xarray() for name, column in JOBS.items()}
    power, duration = j["power"].astype(float), j["duration"].astype(int)
    return {
        "power": power,
        "duration": duration,
        "release": j["release"].copy(data=HOURS[JOBS.release.astype(int)]),
        "deadline": j["deadline"].copy(data=HOURS[JOBS.deadline.astype(int)]),
        "reward": (power * duration * j["price"]).round(),
        "startup_cost": (power * STARTUP_HOURS * j["price"]).round(),
        "allowed": power.notnull() & SITES["it_capacity"].astype(float).to_xarray().notnull(),
    }


def services() -> dict[str, xr.DataArray]:
    """Return the service variables."""
    k = {name: column.astype(float).to_xarray() for name, column in SERVICES.items()}
    peaks = xr.concat([wave(peak) for peak in SERVICES.peak], "service").assign_coords(
        service=SERVICES.index
    )
    load = k["load"] * (1 + k["swing"] * peaks)
    return {
        "demand": (load / k["power_per_unit"]).round(3),
        "power_per_unit": k["power_per_unit"],
        "value": k["value"],
        "latency": pd.Series(LATENCY).rename_axis("site").to_xarray() + 0 * k["load"],
        "latency_limit": k["latency_limit"],
        "home": k["load"].copy(data=np.array([HOME] * len(SERVICES), dtype=object)),
    }


def make() -> Instance:
    """Return the default instance."""
    arrays = sites() | jobs() | services()
    data = xr.Dataset(arrays).assign(step_hours=1.0, carbon_budget=CARBON_BUDGET)
    data.attrs = {
        "title": "default",
        "description": "Synthetic default instance of the size of the paper's: 3 sites, 24 hourly "
        "periods, 6 rigid training jobs, 3 inference services. Every number is an assumption.",
        "licence": "CC0-1.0",
        "source": "data/scripts/make_default.py",
    }
    return Instance(data)


def main(
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("data/default"),
) -> None:
    """Write the default instance."""
    make().save(out)


if __name__ == "__main__":
    typer.run(main)
