"""An independent verifier: recomputes (1)-(16) from instance and decisions, in NumPy and xarray.

It shares no code with the families and knows nothing of formulations or solvers, so that it can
judge any schedule, whoever made it. Each check returns by how much a row is broken, in the row's
own unit; a row counts as broken where that exceeds `tolerance` times the size of the row's terms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.errors import VerificationError
from carbonsched.instance import Instance
from carbonsched.schema import DECISIONS


@dataclass(frozen=True)
class Check:
    """The worst violation of one row family: how much, in which unit, and where."""

    equation: str
    row: str
    worst: float
    unit: str
    label: str
    ok: bool

    @property
    def extent(self) -> str:
        """How badly the row is broken, in words."""
        if np.isinf(self.worst):
            return "not a number" if self.unit else "cannot be checked"
        return f"broken by {self.worst:.4g} {self.unit.removeprefix('1')}".rstrip()


@dataclass(frozen=True)
class Report:
    """The outcome of every check.

    Attributes
    ----------
    checks : tuple of Check
    """

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether every check passed."""
        return all(check.ok for check in self.checks)

    @property
    def broken(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if not check.ok)

    @property
    def table(self) -> pd.DataFrame:
        """One row a check: equation, row, worst, unit, label, ok."""
        return pd.DataFrame(self.checks)

    def raise_if_broken(self) -> None:
        """Raise `VerificationError` if any check failed."""
        if not self.ok:
            raise VerificationError(self)

    def __str__(self) -> str:
        if self.ok:
            return f"verified: {len(self.checks)} checks, none broken"
        lines = [f"({c.equation}) {c.row}: {c.extent} {c.label}".rstrip() for c in self.broken]
        return "\n".join([f"{len(lines)} of {len(self.checks)} checks broken", *lines])


def verify(instance: Instance, schedule: object, tolerance: float = 1e-5) -> Report:
    """Check a schedule against every equation of the model.

    Parameters
    ----------
    instance : Instance
    schedule : Schedule
        Anything with `data` (the decisions), `objective` (USD) and `emissions` (tCO2e).
    tolerance : float
        Relative to the size of each row's terms, and absolute below a size of one.

    Returns
    -------
    Report
        One check for each row of (1)-(16), and for the domains of the decisions.
    """
    mismatch = _mismatch(instance.data, schedule.data)
    if mismatch:
        return Report(
            (Check("1-16", "decisions over the instance's labels", np.inf, "", mismatch, False),)
        )
    with xr.set_options(arithmetic_join="exact"):
        decisions = schedule.data[list(DECISIONS)].astype(float)
        rows = _rows(instance.data, decisions, schedule.objective, schedule.emissions)
        return Report(tuple(_judge(*row, tolerance) for row in rows))


def _mismatch(given: xr.Dataset, decided: xr.Dataset) -> str:
    """Say what keeps the decisions from being compared with the instance, if anything does."""
    missing = [name for name in DECISIONS if name not in decided]
    if missing:
        return f"missing: {', '.join(missing)}"
    for dim in given.dims:
        if dim not in decided.indexes or not decided.indexes[dim].equals(given.indexes[dim]):
            return f"labels of {dim} differ"
    wrong = [n for n, q in DECISIONS.items() if set(decided[n].dims) != set(q.dims)]
    return f"wrong dimensions: {', '.join(wrong)}" if wrong else ""


Row = tuple[str, str, str, xr.DataArray, xr.DataArray | float]


def _judge(
    equation: str, row: str, unit: str, excess: xr.DataArray, size: object, tolerance: float
) -> Check:
    """Find the worst excess of a row; a value that is not a number is infinitely bad."""
    excess = xr.where(np.isnan(excess), np.inf, excess)
    scaled = excess / np.maximum(1.0, np.abs(size))
    if not excess.size:
        return Check(equation, row, 0.0, unit, "", True)
    at = np.unravel_index(int(np.argmax(scaled.values)), scaled.shape)
    worst = float(excess.transpose(*scaled.dims).values[at])
    place = zip(scaled.dims, at, strict=True)
    label = ", ".join(f"{dim}={scaled.indexes[dim][k]}" for dim, k in place)
    ok = bool(float(scaled.values[at]) <= tolerance)
    return Check(equation, row, max(worst, 0.0), unit, f"at {label}" if label else "", ok)


def _rows(p: xr.Dataset, s: xr.Dataset, objective: float, emissions: float) -> Iterator[Row]:
    """Yield (equation, row, unit, excess, size) for parameters `p` and decisions `s`."""
    hours = p.step_hours
    yield from _benefit(p, s, hours, objective)
    yield from _power(p, s)
    yield from _grid(p, s)
    yield from _jobs(p, s)
    yield from _inference(p, s)
    yield from _storage(p, s, hours)
    yield from _carbon(p, s, hours, emissions)


def _benefit(p: xr.Dataset, s: xr.Dataset, hours: xr.DataArray, claimed: float) -> Iterator[Row]:
    completed = s.start.sum(["site", "time"])
    trade = p.export_price * s.grid_export - p.import_price * s.grid_import
    running_cost = p.generation_cost * s.generate + p.battery_cost * (s.charge + s.discharge)
    jobs = (completed * (p.reward - p.startup_cost)).sum()
    earned = jobs + hours * ((p.value * s.route).sum() + trade.sum() - running_cost.sum())
    turnover = np.abs(jobs) + hours * (np.abs(trade).sum() + running_cost.sum())
    turnover = turnover + hours * np.abs(p.value * s.route).sum()
    yield "1", "objective as claimed", "USD", np.abs(earned - claimed), turnover


def _power(p: xr.Dataset, s: xr.Dataset) -> Iterator[Row]:
    jobs = (s.run * p.power).sum("job")
    inference = (s.route * p.power_per_unit).sum("service")
    yield "2", "IT power of the workload", "MW", np.abs(s.it_power - jobs - inference), s.it_power
    yield "2", "IT capacity", "MW", s.it_power - p.it_capacity, s.it_power
    cooled = s.it_power * p.cooling
    yield "3", "facility power", "MW", np.abs(s.facility_power - cooled), cooled
    supply = s.grid_import + s.generate + s.discharge
    use = s.facility_power + s.grid_export + s.charge
    yield "4", "power balance", "MW", np.abs(supply - use), np.maximum(supply, use)
    yield "4", "generation available", "MW", s.generate - p.generation_available, s.generate
    yield "4", "generation not negative", "MW", -s.generate, 1.0


def _grid(p: xr.Dataset, s: xr.Dataset) -> Iterator[Row]:
    for equation, power, limit, state in (
        ("5", s.grid_import, p.import_limit, s.importing),
        ("6", s.grid_export, p.export_limit, s.exporting),
    ):
        yield equation, f"{power.name} within its limit", "MW", power - limit * state, power
        yield equation, f"{power.name} not negative", "MW", -power, 1.0
        yield equation, f"{state.name} is 0 or 1", "1", _off_binary(state), 1.0
    yield "7", "importing or exporting, not both", "1", s.importing + s.exporting - 1, 1.0
    both = np.minimum(s.grid_import, s.grid_export)
    yield "7", "import or export, not both", "MW", both, 1.0


def _jobs(p: xr.Dataset, s: xr.Dataset) -> Iterator[Row]:
    yield "8", "one site at a time", "1", s.run.sum("site") - 1, 1.0
    yield "8", "started at most once", "1", s.start.sum(["site", "time"]) - 1, 1.0
    position = np.arange(p.sizes["time"])
    labels = p.indexes["time"]
    first = xr.DataArray(labels.get_indexer(p.release.values), {"job": p.job})
    last = xr.DataArray(labels.get_indexer(p.deadline.values), {"job": p.job})
    t = xr.DataArray(position, {"time": p.time})
    yield "8", "runs within its window", "1", s.run * ((t < first) | (t > last)), 1.0
    yield "8", "runs on allowed sites", "1", s.run * ~p.allowed, 1.0
    for decision in (s.run, s.start, s.stop):
        yield "8", f"{decision.name} is 0 or 1", "1", _off_binary(decision), 1.0
    previous = s.run.shift(time=1, fill_value=0)
    logic = (s.run - previous) - (s.start - s.stop)
    yield "9", "run changes by start and stop", "1", np.abs(logic), 1.0
    runs = s.run.transpose("job", "site", "time").values
    starts = s.start.transpose("job", "site", "time").values
    short = np.zeros(starts.shape[:1])
    for j, i, begin in np.argwhere(starts > 0.5):
        length = int(p.duration[j])
        short[j] = max(short[j], length - runs[j, i, begin : begin + length].sum())
    yield "10", "runs without a break", "periods", xr.DataArray(short, {"job": p.job}), 1.0
    periods = s.run.sum(["site", "time"]) - p.duration * s.start.sum(["site", "time"])
    yield "10", "runs exactly its duration", "periods", np.abs(periods), 1.0


def _inference(p: xr.Dataset, s: xr.Dataset) -> Iterator[Row]:
    yield "11", "demand served", "unit", np.abs(s.route.sum("site") - p.demand), p.demand
    yield "11", "route not negative", "unit", -s.route, 1.0
    too_far = p.latency > p.latency_limit
    yield "12", "latency", "unit", s.route * too_far, 1.0


def _storage(p: xr.Dataset, s: xr.Dataset, hours: xr.DataArray) -> Iterator[Row]:
    before = s.soc.shift(time=1)
    before = before.where(before.time != before.time[0], p.battery_initial)
    change = p.charge_efficiency * s.charge - s.discharge / p.discharge_efficiency
    size = np.maximum(s.soc, before)
    yield "13", "state of charge", "MWh", np.abs(s.soc - before - hours * change), size
    least = p.get("battery_final", p.battery_initial)
    final = least - s.soc.isel(time=-1, drop=True)
    yield "13", "final state of charge", "MWh", final, least
    yield "14", "battery not below its minimum", "MWh", p.battery_min - s.soc, p.battery_min
    yield "14", "battery not above its energy", "MWh", s.soc - p.battery_energy, s.soc
    for power, limit in ((s.charge, p.charge_limit), (s.discharge, p.discharge_limit)):
        yield "15", f"{power.name} within its limit", "MW", power - limit, power
        yield "15", f"{power.name} not negative", "MW", -power, 1.0
    both = np.minimum(s.charge, s.discharge)
    yield "15", "charge or discharge, not both", "MW", both, 1.0


def _carbon(p: xr.Dataset, s: xr.Dataset, hours: xr.DataArray, claimed: float) -> Iterator[Row]:
    total = hours * (p.carbon_intensity * s.grid_import + p.generation_carbon * s.generate).sum()
    yield "16", "emissions as claimed", "tCO2e", np.abs(total - claimed), total
    over = total - p.carbon_budget if np.isfinite(p.carbon_budget) else xr.zeros_like(total)
    yield "16", "carbon budget", "tCO2e", over, total


def _off_binary(values: xr.DataArray) -> xr.DataArray:
    """Return the distance of each value from the nearer of 0 and 1."""
    return np.minimum(np.abs(values), np.abs(values - 1))
