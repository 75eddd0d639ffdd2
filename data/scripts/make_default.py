"""Make `data/default`: 3 sites, 24 hours, 6 jobs, 3 services, synthetic and calibrated.

The paper publishes the size of its default instance and no parameters. Most of ours are set by
hand, below. Those in `KNOBS` are fitted by `data/scripts/calibrate.py`, within the ranges stated
there, so that the six methods come out as in the paper's Table I. `SPLIT` is chosen so that its
Fig. 1(a) comes out too. The values stand in `data/calibration/knobs.csv`. Run it as

    python data/scripts/make_default.py
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
import typer
import xarray as xr

from carbonsched import Instance

HOURS = pd.date_range("2025-01-01", periods=24, freq="h", name="time")


class Knob(NamedTuple):
    """A fitted parameter: its range, where the fit starts, its unit, and why that range."""

    low: float
    start: float
    high: float
    unit: str
    why: str


CAPACITY = "one to a few halls of a hyperscale campus"
PRICE = "industrial power in the EU and the US, mean over the day"
GRID = "from a gas and renewables mix to coal"
PANELS = "a solar park beside the site, at noon"
STEADY = "contracted wind or small hydro, at every hour"

KNOBS: dict[str, Knob] = {
    "harbour_capacity": Knob(80, 200, 400, "MW of IT power", CAPACITY),
    "plains_capacity": Knob(40, 100, 300, "MW of IT power", CAPACITY),
    "valley_capacity": Knob(80, 180, 400, "MW of IT power", CAPACITY),
    "harbour_price": Knob(60, 88, 130, "USD/MWh", PRICE),
    "plains_price": Knob(60, 82, 130, "USD/MWh", PRICE),
    "valley_price": Knob(50, 79, 110, "USD/MWh", PRICE),
    "evening_peak": Knob(0.05, 0.12, 0.35, "of the price", "rise of the price at 19 o'clock"),
    "solar_dip": Knob(0.0, 0.15, 0.5, "of the price", "fall of the price at noon"),
    "harbour_intensity": Knob(0.6, 0.78, 0.9, "tCO2e/MWh", "a grid heavy on coal"),
    "plains_intensity": Knob(0.35, 0.56, 0.75, "tCO2e/MWh", GRID),
    "valley_intensity": Knob(0.35, 0.54, 0.75, "tCO2e/MWh", GRID),
    "harbour_solar": Knob(0, 6, 40, "MW", "roofs"),
    "plains_solar": Knob(0, 12, 80, "MW", PANELS),
    "valley_solar": Knob(60, 240, 400, "MW", PANELS),
    "valley_steady": Knob(0, 20, 80, "MW", STEADY),
    "generation_cost": Knob(2, 10, 20, "USD/MWh", "operation and maintenance, royalties"),
    "export_ratio": Knob(0.1, 0.2, 0.6, "of the import price", "wholesale less grid fees"),
    "valley_export": Knob(5, 15, 150, "MW", "a feed-in limit below the connection"),
    "valley_battery": Knob(20, 75, 150, "MW", "charging and discharging alike"),
    "valley_battery_hours": Knob(2, 3.4, 6, "h", "lithium-ion, as built"),
    "load": Knob(0.8, 1.0, 1.2, "1", "scale of the three services' demand"),
    "value": Knob(80, 92, 130, "USD per MWh of IT power", "what inference earns"),
    "reward": Knob(0.6, 1.0, 1.6, "1", "scale of what jobs earn"),
}

# All jobs run in all methods of Table I and all demand is served, so that what work earns is one
# constant in every row: how it is divided between inference and jobs the table cannot tell.
SPLIT = Knob(
    0.0, 0.0, 0.5, "of the revenue of inference",
    "moved to the rewards of jobs, as far as Fig. 1(a) asks for",
)  # fmt: skip
# An A100 of 400 W is rented out at 0.8 to 3 USD an hour and an H100 of 700 W at 2 to 5 USD
# (AIMultiple, Cloud GPU Rental Price Index, 2026): 2,000 to 7,500 USD per MWh. Of that, 2 to 8 %
# are assumed to be left to pay for energy.
EARNED = (0.02 * 2000, 0.08 * 7500)  # USD per MWh of IT power, by inference or by a job

# Harbour: a port city, close to users, on a coal-heavy grid. Plains: some sun. Valley: sun and
# wind of its own and a large battery, on a grid with gas.
SITES = pd.Index(["harbour", "plains", "valley"], name="site")
PUE = [1.20, 1.16, 1.10]  # mean over the day
CONNECTION = 1.15  # import limit over IT capacity and PUE
EXPORT_LIMIT = [40.0, 30.0]  # MW, but for valley
SMALL_BATTERY = 10.0  # MW, where there is little to store, for two hours
CHARGE_EFFICIENCY = 0.95
BATTERY_WEAR = 1.5  # USD per MWh charged or discharged

SERVICES = pd.DataFrame(
    {
        "load": [55, 40, 32],  # MW of IT power, mean over the day
        "swing": [0.30, 0.45, 0.20],  # amplitude of the day over its mean
        "peak": [14, 11, 19],  # hour of the day
        "power_per_unit": [1.0, 1.5, 0.5],  # MW per unit
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


def at_sites(*values: float) -> xr.DataArray:
    """Return one value a site."""
    return xr.DataArray(np.array(values, float), {"site": SITES})


def sites(knobs: Mapping[str, float]) -> dict[str, xr.DataArray]:
    """Return the site and energy variables."""

    def each(what: str) -> xr.DataArray:
        return at_sites(*(knobs[f"{site}_{what}"] for site in SITES))

    capacity, pue = each("capacity"), at_sites(*PUE)
    sun = daylight() - float(daylight().mean())
    swing = knobs["evening_peak"] * wave(19) - knobs["solar_dip"] * sun
    price = each("price") * (1 + swing)
    intensity = each("intensity") * (1 + 0.06 * wave(20) - 0.06 * sun)
    battery = at_sites(SMALL_BATTERY, SMALL_BATTERY, knobs["valley_battery"])
    energy = battery * at_sites(2, 2, knobs["valley_battery_hours"])
    steady = at_sites(0, 0, knobs["valley_steady"])
    return {
        "it_capacity": capacity,
        "cooling": (pue + 0.02 * wave(15)).round(4),
        "import_limit": (CONNECTION * capacity * pue).round(),
        "export_limit": at_sites(*EXPORT_LIMIT, knobs["valley_export"]),
        "import_price": price.round(2),
        "export_price": (knobs["export_ratio"] * price).round(2),
        "carbon_intensity": intensity.round(4),
        "generation_available": (each("solar") * daylight() + steady).round(2),
        "generation_cost": xr.full_like(battery, knobs["generation_cost"]),
        "generation_carbon": xr.zeros_like(battery),
        "battery_energy": energy.round(2),
        "battery_min": (0.1 * energy).round(2),
        "charge_limit": battery,
        "discharge_limit": battery,
        "charge_efficiency": xr.full_like(battery, CHARGE_EFFICIENCY),
        "discharge_efficiency": xr.full_like(battery, CHARGE_EFFICIENCY),
        "battery_initial": (0.3 * energy).round(2),
        "battery_cost": xr.full_like(battery, BATTERY_WEAR),
    }


def jobs(knobs: Mapping[str, float]) -> dict[str, xr.DataArray]:
    """Return the job variables."""
    j = {name: column.to_xarray() for name, column in JOBS.items()}
    power, duration = j["power"].astype(float), j["duration"].astype(int)
    price = knobs["reward"] * j["price"]
    return {
        "power": power,
        "duration": duration,
        "release": j["release"].copy(data=HOURS[JOBS.release.astype(int)]),
        "deadline": j["deadline"].copy(data=HOURS[JOBS.deadline.astype(int)]),
        "reward": power * duration * price,
        "startup_cost": (power * STARTUP_HOURS * price).round(),
        "allowed": power.notnull() & at_sites(0, 0, 0).notnull(),
    }


def services(knobs: Mapping[str, float]) -> dict[str, xr.DataArray]:
    """Return the service variables."""
    k = {name: column.astype(float).to_xarray() for name, column in SERVICES.items()}
    peaks = xr.concat([wave(peak) for peak in SERVICES.peak], "service").assign_coords(
        service=SERVICES.index
    )
    load = knobs["load"] * k["load"] * (1 + k["swing"] * peaks)
    return {
        "demand": (load / k["power_per_unit"]).round(3),
        "power_per_unit": k["power_per_unit"],
        "value": knobs["value"] * k["power_per_unit"],
        "latency": pd.Series(LATENCY).rename_axis("site").to_xarray() + 0 * k["load"],
        "latency_limit": k["latency_limit"],
        "home": k["load"].copy(data=np.array([HOME] * len(SERVICES), dtype=object)),
    }


def divided(work: Mapping[str, xr.DataArray], share: float) -> dict[str, xr.DataArray]:
    """Return the work with a share of the revenue of inference moved to the rewards of jobs."""
    value, reward = work["value"].round(2), work["reward"].round()
    revenue = float((value * work["demand"]).sum())  # periods of one hour
    factor = 1 + share * revenue / float(reward.sum())
    return {"value": ((1 - share) * value).round(6), "reward": (factor * reward).round(4)}


def make(knobs: Mapping[str, float]) -> Instance:
    """Return the instance that some values of the knobs make."""
    work = jobs(knobs) | services(knobs)
    arrays = sites(knobs) | work | divided(work, knobs.get("split", SPLIT.start))
    data = xr.Dataset(arrays).assign(step_hours=1.0, carbon_budget=CARBON_BUDGET)
    data.attrs = {
        "title": "default",
        "description": "Synthetic default instance of the size of the paper's: 3 sites, 24 hourly "
        "periods, 6 rigid training jobs, 3 inference services. Every number is an assumption; "
        "some are fitted to the outcomes of the paper's Table I.",
        "licence": "CC0-1.0",
        "source": "data/scripts/make_default.py",
    }
    return Instance(data)


def read_knobs(path: Path, column: str = "value") -> dict[str, float]:
    """Return the fitted values, or those that the search left."""
    return pd.read_csv(path, index_col="knob")[column].to_dict()


def main(
    knobs: Annotated[Path, typer.Option(help="Fitted values.")] = Path(
        "data/calibration/knobs.csv"
    ),
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("data/default"),
) -> None:
    """Write the default instance."""
    make(read_knobs(knobs)).save(out)


if __name__ == "__main__":
    typer.run(main)
