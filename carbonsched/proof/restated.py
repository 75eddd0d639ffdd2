"""What limits a schedule, written a second time: for proofs, and apart from the model.

`carbonsched.core.tighten` and `carbonsched.core.reach` say the same to the model. A proof that took it
from them would prove a mistake of theirs too. So this module shares no code with them: it goes
cell by cell, in exact arithmetic, and the tests compare the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import accumulate

import numpy as np
import xarray as xr

_CELL = ("site", "time")
TIGHT = (
    "import_limit", "export_limit", "generation_available", "charge_limit", "discharge_limit",
    "battery_min", "battery_energy",
)  # fmt: skip


def left_by(data: xr.Dataset, scope: Mapping[str, str]) -> xr.Dataset:
    """Return the data of an instance without what a method does without.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance.
    scope : mapping of str to str
        The slots of `carbonsched.Formulation` that say which schedules there are.
    """
    left = data.copy()
    for slot, without, names in (
        ("generation", "none", ("generation_available",)),
        ("export", "none", ("export_limit",)),
        ("storage", "idle", ("charge_limit", "discharge_limit")),
    ):
        if scope[slot] == without:
            left = left.assign({name: xr.zeros_like(data[name]) for name in names})
    if scope["routing"] == "home":
        away = data.home.values[:, None] != data.site.values[None, :]
        latency = data.latency.transpose("service", "site").values
        left["latency"] = (("service", "site"), np.where(away, np.inf, latency))
    if scope["carbon"] == "none":
        left["carbon_budget"] = xr.full_like(data.carbon_budget, np.inf)
    return left


def job_windows(data: xr.Dataset) -> list[tuple[int, int]]:
    """Return the positions of each job's first and last period."""
    at = {label: k for k, label in enumerate(data.time.values.tolist())}
    given = zip(data.release.values.tolist(), data.deadline.values.tolist(), strict=True)
    return [(at[release], at[deadline]) for release, deadline in given]


def possible_starts(data: xr.Dataset) -> np.ndarray:
    """Return where a job may start so as to finish in time: bool over (job, site, time)."""
    found = np.zeros([data.sizes[dim] for dim in ("job", *_CELL)], bool)
    allowed = data.allowed.transpose("job", "site").values.astype(bool)
    for job, (first, last) in enumerate(job_windows(data)):
        end = last - int(data.duration.values[job]) + 2
        found[job, allowed[job], first : max(end, first)] = True
    return found


def most_power(data: xr.Dataset) -> np.ndarray:
    """Return the most power the workload can take, MW over (site, time), as rationals."""
    sites, periods = data.sizes["site"], data.sizes["time"]
    steps = np.full((sites, periods + 1), Fraction(0), object)  # where a job's window begins, ends
    allowed = data.allowed.transpose("job", "site").values.astype(bool)
    for job, (first, last) in enumerate(job_windows(data)):
        steps[allowed[job], first] += data.power.values[job]
        steps[allowed[job], last + 1] -= data.power.values[job]
    load = np.cumsum(steps, axis=1)[:, :periods]
    within = data.latency <= data.latency_limit
    within, demand = within.transpose("service", "site").values, data.demand.transpose(..., "time")
    for service in range(data.sizes["service"]):
        load[within[service]] += data.power_per_unit.values[service] * demand.values[service]
    hosted = np.minimum(load, data.it_capacity.values[:, None])
    return data.cooling.transpose(*_CELL).values * hosted


def tightest(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return limits that some optimum keeps, each over (site, time); proved in `tightening`.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance, as rationals (`carbonsched.proof.rational.exact_data`), as a method leaves it.
    """
    used, offered = most_power(data), data.generation_available.transpose(*_CELL).values
    found = {name: np.empty(used.shape, object) for name in TIGHT}
    for site in range(data.sizes["site"]):
        rows = _of_site(data.isel(site=site), used[site], offered[site])
        for name, row in rows.items():
            found[name][site] = row
    coords = {dim: data[dim] for dim in _CELL}
    return {name: xr.DataArray(values, coords, _CELL) for name, values in found.items()}


def _of_site(data: xr.Dataset, used: np.ndarray, offered: np.ndarray) -> dict[str, list[Fraction]]:
    """Return the limits of one site, period by period."""
    one = {name: data[name].item() for name in data.data_vars if not data[name].dims}
    hours, held = one["step_hours"], one["battery_energy"] - one["battery_min"]
    drawn, sold = one["import_limit"], one["export_limit"]
    full_in = min(one["charge_limit"], held / (hours * one["charge_efficiency"]))
    full_out = min(one["discharge_limit"], held * one["discharge_efficiency"] / hours)
    charge = [min(full_in, drawn + offer) for offer in offered]
    discharge = [min(full_out, use + sold) for use in used]
    gained = list(accumulate(hours * one["charge_efficiency"] * power for power in charge))
    spent = accumulate(hours / one["discharge_efficiency"] * power for power in discharge)
    first, most, least = one["battery_initial"], one["battery_energy"], one["battery_min"]
    return {
        "import_limit": [min(drawn, u + c) for u, c in zip(used, charge, strict=True)],
        "export_limit": [min(sold, g + d) for g, d in zip(offered, discharge, strict=True)],
        "generation_available": [
            min(g, u + sold + c) for g, u, c in zip(offered, used, charge, strict=True)
        ],
        "charge_limit": charge,
        "discharge_limit": discharge,
        "battery_energy": [min(most, first + gain) for gain in gained],
        "battery_min": [
            max(least, first - loss, first - (gained[-1] - gain))
            for gain, loss in zip(gained, spent, strict=True)
        ],
    }
