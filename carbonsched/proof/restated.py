"""What limits a schedule, written a second time: for proofs, and apart from the model.

`carbonsched.core.tighten` and `carbonsched.core.reach` say the same to the model. A proof that took
it from their code would prove a mistake of it too. So this module stands apart in code: it goes
cell by cell, in exact arithmetic, and the tests compare the two. The proof that some optimum keeps
these limits is one and the same, that of `carbonsched.core.tighten`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
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
        The slots of `carbonsched.Method`.
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
    if data.battery_recovery.any():
        left["battery_min"] = _reserve(data)
    if scope["carbon"] == "none":
        left["carbon_budget"] = xr.full_like(data.carbon_budget, np.inf)
    return left


def _reserve(data: xr.Dataset) -> xr.DataArray:
    """Return the least state of charge, MWh over (site, time), with what a recovery allows."""
    least = data.battery_min.broadcast_like(data.cooling).transpose(*_CELL).copy(deep=True)
    for site, begun in enumerate(data.battery_initial.values):
        for period in range(min(int(data.battery_recovery.values[site]) - 1, data.sizes["time"])):
            least.values[site, period] = min(least.values[site, period], begun)
    return least


def job_windows(data: xr.Dataset) -> list[tuple[int, int]]:
    """Return the positions of each job's first and last period within the horizon.

    A job begins with a period, at its release or later. By a deadline that is a label it ends with
    that period, by any other instant with a period that is over by then.
    """
    begins = data.time.values.tolist()
    at = {label: k for k, label in enumerate(begins)}
    one = round(data.step_hours.item() * 3600 * 10**9) if data.time.dtype.kind == "M" else 1
    ends = [*begins[1:], begins[-1] + (begins[1] - begins[0] if len(begins) > 1 else one)]
    given = zip(data.release.values.tolist(), data.deadline.values.tolist(), strict=True)
    return [
        (bisect_left(begins, release), at.get(deadline, bisect_right(ends, deadline) - 1))
        for release, deadline in given
    ]


def possible_starts(data: xr.Dataset) -> np.ndarray:
    """Return where a job may start so as to finish in time: bool over (job, site, time)."""
    startable = np.zeros([data.sizes[dim] for dim in ("job", *_CELL)], bool)
    allowed = data.allowed.transpose("job", "site").values.astype(bool)
    for job, (first, last) in enumerate(job_windows(data)):
        end = last - int(data.duration.values[job]) + 2
        startable[job, allowed[job], first : max(end, first)] = True
    return startable


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
    hosted = np.minimum(load, _by_period(data, "it_capacity"))
    return data.cooling.transpose(*_CELL).values * hosted


def _by_period(data: xr.Dataset, name: str) -> np.ndarray:
    """Return a limit over (site, time), whether it varies in time or not."""
    return data[name].broadcast_like(data.cooling).transpose(*_CELL).values


def tightest(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return limits that some optimum keeps, each over (site, time).

    They are proved in `carbonsched.core.tighten`.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance, as rationals (`carbonsched.proof.rational.exact_data`), as a method
        leaves it.
    """
    used = most_power(data)
    given = {name: _by_period(data, name) for name in TIGHT}
    limits = {name: np.empty(used.shape, object) for name in TIGHT}
    for site in range(data.sizes["site"]):
        of_site = {name: rows[site].tolist() for name, rows in given.items()}
        one = data.isel(site=site)
        for name, row in _of_site(one, of_site, used[site].tolist()).items():
            limits[name][site] = row
    coords = {dim: data[dim] for dim in _CELL}
    return {name: xr.DataArray(values, coords, _CELL) for name, values in limits.items()}


def _of_site(
    data: xr.Dataset, given: dict[str, list[Fraction]], used: list[Fraction]
) -> dict[str, list[Fraction]]:
    """Return the limits of one site, period by period, from those given and the power used.

    What enters or leaves a battery in a period is at most the distance between its energy and the
    least it ever holds: the lowest reserve, or what it begins with if that is less.
    """
    hours, into, out = (
        data[name].item() for name in ("step_hours", "charge_efficiency", "discharge_efficiency")
    )
    first, last = data["battery_initial"].item(), data["battery_final"].item()
    bought, sold, offered = (
        given[name] for name in ("import_limit", "export_limit", "generation_available")
    )
    most, least = given["battery_energy"], given["battery_min"]
    held = most[0] - min(first, *least)
    charge = [
        min(limit, held / (hours * into), b + g)
        for limit, b, g in zip(given["charge_limit"], bought, offered, strict=True)
    ]
    discharge = [
        min(limit, held * out / hours, u + s)
        for limit, u, s in zip(given["discharge_limit"], used, sold, strict=True)
    ]
    gained = list(accumulate(hours * into * power for power in charge))
    spent = accumulate(hours / out * power for power in discharge)
    return {
        "import_limit": [min(b, u + c) for b, u, c in zip(bought, used, charge, strict=True)],
        "export_limit": [min(s, g + d) for s, g, d in zip(sold, offered, discharge, strict=True)],
        "generation_available": [
            min(g, u + s + c) for g, u, s, c in zip(offered, used, sold, charge, strict=True)
        ],
        "charge_limit": charge,
        "discharge_limit": discharge,
        "battery_energy": [min(e, first + gain) for e, gain in zip(most, gained, strict=True)],
        "battery_min": [
            max(floor, first - loss, last - (gained[-1] - gain))
            for floor, loss, gain in zip(least, spent, gained, strict=True)
        ],
    }
