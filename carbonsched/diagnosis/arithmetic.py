r"""What makes an instance infeasible by arithmetic on its arrays, before any program is solved.

Each check is a necessary condition of (1)-(16), so what it finds is the case, whatever else is. The
workload that must run is inference: jobs may be declined. A service is *confined* to some sites if
all sites it may use are among them; services confined to the sites of one service must be held and
fed there together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from carbonsched.core.first_fit import it_room, split_evenly
from carbonsched.core.method import Method
from carbonsched.core.reach import open_routes
from carbonsched.core.tighten import restricted
from carbonsched.diagnosis.amounts import hourly, listed, number

_TOLERANCE = 1e-6  # relative: what a solver would let pass, too


@dataclass(frozen=True)
class Finding:
    """One thing that cannot be, with its labels and units in words.

    Attributes
    ----------
    kind : {"reach", "capacity", "power", "energy", "carbon", "split"}
    sentence : str
    lack : xarray.DataArray
        How much is missing and where; MW over time, ms, MWh or tCO2e.
    """

    kind: str
    sentence: str
    lack: xr.DataArray


def find_impossible(data: xr.Dataset, method: Method) -> list[Finding]:
    """Return what no schedule of an instance can do, by a method of Table I.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance.
    method : Method
    """
    given = restricted(data, method)
    if not given.sizes["service"]:
        return []
    stranded = list(_reach(given))
    served = given.assign(demand=given.demand.where(open_routes(given).any("site"), 0.0))
    found = [*stranded, *_confined(served), *_total(served)]
    if method.workload == "first fit":
        found += _split(served)
    return found


def _reach(data: xr.Dataset) -> Iterator[Finding]:
    """Find services with demand that no site may serve."""
    stranded = (data.demand > 0).any("time") & ~open_routes(data).any("site")
    for service in data.service.values[stranded.values]:
        latency = data.latency.sel(service=service, drop=True)
        limit = data.latency_limit.sel(service=service, drop=True)
        nearest = data.site.values[int(latency.argmin("site"))]
        yield Finding(
            "reach",
            f"service {service} has demand and no site within {limit.item():g} ms: the nearest it "
            f"may use, {nearest}, is at {latency.min().item():g} ms",
            latency.min() - limit,
        )


def _confined(data: xr.Dataset) -> Iterator[Finding]:
    """Find periods in which services confined to some sites need more than these have."""
    near = open_routes(data)
    other = near.rename(service="confined")
    confined = (~other | near).all("site")
    load = (data.power_per_unit * data.demand).rename(service="confined")
    needed = xr.dot(confined.astype(float), load, dim="confined")
    held = xr.dot(near.astype(float), data.it_capacity, dim="site")
    supply = data.import_limit + data.generation_available + data.discharge_limit
    fed = xr.dot(near.astype(float), supply, dim="site")
    least_cooling = data.cooling.where(near).min("site").fillna(1.0)
    told: set[frozenset[str]] = set()
    for service in data.service.values:
        here = {"service": service}
        sites = data.site.values[near.sel(here).values]
        if not len(sites) or frozenset(sites) in told:
            continue
        told.add(frozenset(sites))
        who = listed(data.service.values[confined.sel(here).values])
        only, lacks = ("site", "lacks") if len(sites) == 1 else ("sites", "lack")
        where = f"{listed(sites)}, the only {only} open to {who}, {lacks}"
        for kind, need, have, what in (
            ("capacity", needed, held, "IT capacity"),
            ("power", needed * least_cooling, fed, "power from grid, generation and battery"),
        ):
            asked, there = need.sel(here, drop=True), have.sel(here, drop=True)
            lack = (asked - there).where(asked > there * (1 + _TOLERANCE) + 1e-9, 0.0)
            if lack.any():
                lack = lack.transpose("time")
                yield Finding(kind, f"{where} {what}: {hourly(data, lack, 'MW')}", lack)


def _total(data: xr.Dataset) -> Iterator[Finding]:
    """Find a horizon whose energy is short, or whose cleanest energy emits more than the budget.

    Cleanest first over the whole horizon, as if batteries and lines had no limits; what a battery
    holds must be back at the end, so it adds nothing.
    """
    hours = data.step_hours.item()
    near = open_routes(data)
    cooling = data.cooling.where(near).min("site").fillna(1.0)
    needed = hours * float((data.power_per_unit * data.demand * cooling).sum())
    imported = data.import_limit.broadcast_like(data.carbon_intensity)
    rates = (data.carbon_intensity, data.generation_carbon.broadcast_like(imported))
    powers = (imported, data.generation_available)
    rate = np.concatenate([r.transpose("site", "time").values.ravel() for r in rates])
    energy = hours * np.concatenate([p.transpose("site", "time").values.ravel() for p in powers])
    order = np.argsort(rate, kind="stable")
    used = np.diff(np.minimum(np.cumsum(energy[order]), needed), prepend=0.0)
    short = needed - float(used.sum())
    if short > _TOLERANCE * max(needed, 1.0):
        yield Finding(
            "energy",
            f"inference needs at least {number(needed)} MWh with cooling, {number(short)} MWh more "
            "than grid and generation offer, even if energy could be moved between hours and sites",
            xr.DataArray(short),
        )
        return
    emitted, budget = float(rate[order] @ used), data.carbon_budget.item()
    if emitted > budget * (1 + _TOLERANCE) + 1e-9:
        yield Finding(
            "carbon",
            f"inference needs at least {number(needed)} MWh with cooling, of which the cleanest on "
            f"offer emit {number(emitted)} tCO2e; the carbon budget is {budget:g} tCO2e",
            xr.DataArray(emitted - budget),
        )


def _split(data: xr.Dataset) -> Iterator[Finding]:
    """Find where the fixed split of `energy_only` asks more of a site than it can hold and feed."""
    asked = (data.power_per_unit * split_evenly(data)).sum("service")
    room = it_room(data)
    lack = (asked - room).where(asked > room * (1 + _TOLERANCE) + 1e-9, 0.0)
    for site in data.site.values[lack.any("time").values]:
        here = lack.sel(site=site, drop=True).transpose("time")
        yield Finding(
            "split",
            f"{site} lacks capacity, or power without a battery, for its share of inference, split "
            f"by capacity: {hourly(data, here, 'MW')} of IT",
            here,
        )
