"""A schedule as the few decisions that all others follow from, in exact rational arithmetic.

Placements of jobs, routes, on-site generation and battery powers are decided. IT power, facility
power, trade and state of charge follow by (2), (3), (4) and (13), so these hold exactly, as do the
commitment rows (9) and (10), and (7): one net flow is either bought or sold. What is left to check
are limits, and `violations` lists every one that is missed, with no tolerance at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import xarray as xr

from carbonsched.proof.rational import as_float, total
from carbonsched.proof.restated import possible_starts
from carbonsched.proof.text import LONGEST, line

DECIDED = {  # name: unit; what a certificate stores beside the placements
    "route": "unit",
    "generate": "MW",
    "charge": "MW",
    "discharge": "MW",
}


@dataclass(frozen=True)
class Violation:
    """A limit that is missed: which, where, and by how much."""

    equation: str
    row: str
    label: str
    amount: Fraction
    unit: str

    def __str__(self) -> str:
        place = f" at {self.label}" if self.label else ""
        missed = f"{as_float(self.amount):.3g} {self.unit}"
        return line(f"({self.equation}) {self.row}: missed by {missed}{place}", LONGEST)


@dataclass(frozen=True, eq=False)
class Incumbent:
    """Decisions over the labels of an instance.

    Attributes
    ----------
    placements : tuple of tuple of int
        Positions (job, site, first period) of every accepted job.
    decided : xarray.Dataset
        `DECIDED`, as rationals: `route` over (service, site, time), the others over (site, time).
        Its coordinates are the labels of the instance, those of jobs too.
    """

    placements: tuple[tuple[int, int, int], ...]
    decided: xr.Dataset


def job_power(data: xr.Dataset, placements: tuple[tuple[int, int, int], ...]) -> xr.DataArray:
    """Return the IT power of placed jobs, MW over (site, time)."""
    load = 0 * data.cooling.transpose("site", "time")
    cells, durations, powers = load.values, data.duration.values, data.power.values
    for job, site, time in placements:
        cells[site, time : time + int(durations[job])] += powers[job]
    return load


def follow(data: xr.Dataset, incumbent: Incumbent) -> xr.Dataset:
    """Return what follows from the decisions, beside them; all as rationals.

    `data` is that of an instance as rationals, see `carbonsched.proof.rational.exact_data`.
    """
    made = incumbent.decided
    inference = (data.power_per_unit * made.route).sum("service")
    it_power = job_power(data, incumbent.placements) + inference
    facility_power = data.cooling * it_power
    drawn = facility_power + made.charge - made.discharge - made.generate
    change = data.charge_efficiency * made.charge - made.discharge / data.discharge_efficiency
    return made.assign(
        it_power=it_power,
        facility_power=facility_power,
        grid_import=drawn.clip(min=0),  # (7): one net flow, so that the other is zero
        grid_export=(-drawn).clip(min=0),
        soc=data.battery_initial + (data.step_hours * change).cumsum("time"),
    )


def objective(data: xr.Dataset, incumbent: Incumbent, made: xr.Dataset) -> Fraction:
    """Return the benefit (1) of an incumbent and of what follows from it, USD."""
    earned = (data.reward - data.startup_cost).values
    jobs = sum((earned[job] for job, _, _ in incumbent.placements), Fraction(0))
    trade = data.export_price * made.grid_export - data.import_price * made.grid_import
    cost = data.generation_cost * made.generate
    wear = data.battery_cost * (made.charge + made.discharge)
    hourly = total(data.value * made.route) + total(trade) - total(cost) - total(wear)
    gained = made.soc.isel(time=-1, drop=True) - data.battery_initial
    return jobs + data.step_hours.item() * hourly + total(data.battery_value * gained)


def turnover(
    data: xr.Dataset, incumbent: Incumbent, made: xr.Dataset, fixed: bool = False
) -> Fraction:
    """Return what an incumbent earns and pays where it could have decided otherwise, USD.

    All demand is served and required jobs run, so neither counts; nor do any jobs of a workload
    that the method fixes.
    """
    earned, free = abs(data.reward - data.startup_cost).values, ~data.required.values.astype(bool)
    placed = () if fixed else incumbent.placements
    jobs = sum((earned[job] for job, _, _ in placed if free[job]), Fraction(0))
    trade = total(abs(data.export_price * made.grid_export))
    trade += total(abs(data.import_price * made.grid_import))
    cost = total(data.generation_cost * made.generate)
    stored = data.battery_value * data.charge_efficiency - data.battery_cost
    drawn = data.battery_value / data.discharge_efficiency + data.battery_cost
    battery = total(abs(stored) * made.charge) + total(drawn * made.discharge)
    return jobs + data.step_hours.item() * (trade + cost + battery)


def emissions(data: xr.Dataset, made: xr.Dataset) -> Fraction:
    """Return the left side of (16), tCO2e."""
    imported = total(data.carbon_intensity * made.grid_import)
    return data.step_hours.item() * (imported + total(data.generation_carbon * made.generate))


def violations(data: xr.Dataset, incumbent: Incumbent, made: xr.Dataset) -> list[Violation]:
    """Return every limit of (2)-(16), of those not held by construction, that is missed."""
    misses = list(_of_jobs(data, incumbent.placements))
    for equation, row, unit, excess in _excesses(data, made):
        missed = np.argwhere(np.asarray(excess.values > 0))
        for at in map(tuple, missed):
            place = zip(excess.dims, at, strict=True)
            label = ", ".join(f"{dim}={excess.indexes[dim][k]}" for dim, k in place)
            amount: Fraction = excess.values[at]  # type: ignore[assignment]
            misses.append(Violation(equation, row, label, amount, unit))
    return misses


def _of_jobs(data: xr.Dataset, placements: tuple[tuple[int, int, int], ...]) -> Iterator[Violation]:
    startable = possible_starts(data)
    seen: set[int] = set()
    for job, site, time in placements:
        label = f"job={data.indexes['job'][job]}"
        if job in seen:
            yield Violation("8", "started at most once", label, Fraction(1), "starts")
        if not startable[job, site, time]:
            yield Violation("8", "on an allowed site, in its window", label, Fraction(1), "starts")
        seen.add(job)
    for job in np.flatnonzero(data.required.values):
        if job not in seen:
            label = f"job={data.indexes['job'][job]}"
            yield Violation("8", "required jobs run", label, Fraction(1), "starts")


def _excesses(data: xr.Dataset, made: xr.Dataset) -> Iterator[tuple[str, str, str, xr.DataArray]]:
    """Yield each row with its unit and by how much its left side is too large."""
    yield "2", "IT capacity", "MW", made.it_power - data.it_capacity
    yield "4", "generation available", "MW", made.generate - data.generation_available
    yield "4", "generation not negative", "MW", -made.generate
    yield "5", "import limit", "MW", made.grid_import - data.import_limit
    yield "6", "export limit", "MW", made.grid_export - data.export_limit
    yield "11", "demand served", "unit", abs(made.route.sum("site") - data.demand)
    yield "11", "route not negative", "unit", -made.route
    yield "12", "latency limit", "unit", made.route.where(data.latency > data.latency_limit, 0)
    final = data.battery_final - made.soc.isel(time=-1, drop=True)
    yield "13", "final state of charge", "MWh", final
    yield "14", "battery above its minimum", "MWh", data.battery_min - made.soc
    yield "14", "battery below its energy", "MWh", made.soc - data.battery_energy
    for power in (made.charge, made.discharge):
        yield "15", f"{power.name} limit", "MW", power - data[f"{power.name}_limit"]
        yield "15", f"{power.name} not negative", "MW", -power
    yield "15", "charge or discharge", "MW", np.minimum(made.charge, made.discharge)
    if np.isfinite(float(data.carbon_budget)):
        over = emissions(data, made) - data.carbon_budget.item()
        yield "16", "carbon budget", "tCO2e", xr.DataArray(over)
