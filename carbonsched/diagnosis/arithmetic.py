r"""What makes an instance infeasible by arithmetic on its arrays, before any program is solved.

Each check is a necessary condition of (1)-(16), so what it finds is the case, whatever else is. The
workload that must run is inference and required jobs: others may be declined. A service is
*confined* to some sites if all sites it may use are among them; services confined to the sites of
one service must be held and fed there together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

from carbonsched.core.first_fit import first_fit, it_room, split_evenly
from carbonsched.core.instance import derived
from carbonsched.core.method import Method
from carbonsched.core.reach import may_run, open_routes, window_positions
from carbonsched.core.tighten import restricted
from carbonsched.diagnosis.amounts import hourly, listed, number
from carbonsched.errors import InfeasibleError

_TOLERANCE = 1e-6  # relative: what a solver would let pass, too


@dataclass(frozen=True)
class Finding:
    """One thing that cannot be, with its labels and units in words.

    Attributes
    ----------
    kind : {"reach", "capacity", "power", "charge", "energy", "carbon", "split", "turn"}
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
    served = given.assign(demand=given.demand.where(open_routes(given).any("site"), 0.0))
    findings = [*_reach(given), *_confined(served), *_pinned(served)]
    findings += [*_charged(served), *_total(served)]
    if method.workload == "first fit":
        findings += [*_split(served), *_in_turn(data)]
    return findings


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
    confined = (~other | near).all("site") & other.any("site")
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
            lack = (asked - there).where(asked > there * (1 + _TOLERANCE), 0.0)
            if lack.any():
                lack = lack.transpose("time")
                yield Finding(kind, f"{where} {what}: {hourly(data, lack, 'MW')}", lack)


def _pinned(data: xr.Dataset) -> Iterator[Finding]:
    """Find periods in which a site cannot hold or feed the jobs that must run there then.

    Those are required, allowed on that site only, and run in these periods whenever they start: a
    job that is running already, for instance. What inference no other site may serve comes on top.
    """
    site = data.site[data.allowed.argmax("site")].drop_vars("site")
    pinned = data.required & (data.allowed.sum("site") == 1)
    first, last = (xr.DataArray(at, {"job": data.job}) for at in window_positions(data))
    period = xr.DataArray(np.arange(data.sizes["time"]), {"time": data.time})
    certain = (period > last - data.duration) & (period < first + data.duration)
    runs = pinned & (data.site == site) & certain
    jobs = (data.power * runs).sum("job")
    near = open_routes(data)
    alone = near & (near.sum("site") == 1)
    needed = jobs + xr.dot(alone.astype(float), data.power_per_unit * data.demand, dim="service")
    supply = data.import_limit + data.generation_available + data.discharge_limit
    for kind, need, have, what in (
        ("capacity", needed, data.it_capacity, "IT capacity"),
        ("power", needed * data.cooling, supply, "power from grid, generation and battery"),
    ):
        lack = (need - have).where((jobs > 0) & (need > have * (1 + _TOLERANCE) + 1e-9), 0.0)
        for place, here in _sites_with(lack):
            who = runs.sel(site=place).where(here > 0, False).any("time")
            beside = " beside inference" * bool(alone.sel(site=place).any())
            yield Finding(
                kind,
                f"{place} lacks {what} for what must run there, {listed(data.job.values[who])}"
                f"{beside}: {hourly(data, here, 'MW')}",
                here,
            )


def _sites_with(lack: xr.DataArray) -> Iterator[tuple[str, xr.DataArray]]:
    """Yield each site where something is lacking, and how much over time."""
    for site in lack.site.values[lack.any("time").values]:
        yield site, lack.sel(site=site, drop=True).transpose("time")


def _charged(data: xr.Dataset) -> Iterator[Finding]:
    """Find batteries that cannot hold in time what they must hold, charged whenever possible."""
    power = np.minimum(data.charge_limit, data.import_limit + data.generation_available)
    gained = (data.step_hours * data.charge_efficiency * power).cumsum("time")
    there = np.minimum(data.battery_initial + gained, data.battery_energy)
    last = data.time == data.time[-1]
    asked = np.maximum(data.battery_min, data.battery_final.where(last, 0.0))
    lack = (asked - there).where(asked > there * (1 + _TOLERANCE), 0.0)
    for site, here in _sites_with(lack):
        yield Finding(
            "charge",
            f"the battery of {site} cannot be charged in time to what it must hold: "
            f"{hourly(data, here, 'MWh')}",
            here,
        )


def _total(data: xr.Dataset) -> Iterator[Finding]:
    """Find a horizon whose energy is short, or whose cleanest energy emits more than the budget.

    Cleanest first over the whole horizon, as if batteries and lines had no limits; what a battery
    holds must be back at the end, or what else its final state of charge may be.
    """
    hours = data.step_hours.item()
    near = open_routes(data)
    cooling = data.cooling.where(near).min("site").fillna(1.0)
    training, kept = _training(data), _kept(data)
    needed = hours * float((data.power_per_unit * data.demand * cooling).sum())
    needed = max(needed + training + kept, 0.0)
    there = {"inference": data.sizes["service"], "required jobs": training, "batteries": kept > 0}
    who = [name for name, is_there in there.items() if is_there]
    if not who:
        return
    asks = f"{listed(who)} need{'s' * (who == ['inference'])} at least {number(needed)} MWh"
    asks += " with cooling" + " beyond what batteries may give" * (kept < 0)
    imported = data.import_limit.broadcast_like(data.carbon_intensity)
    rates = (data.carbon_intensity, data.generation_carbon.broadcast_like(imported))
    powers = (imported, data.generation_available)
    rate = np.concatenate([r.transpose("site", "time").values.ravel() for r in rates])
    energy = hours * np.concatenate([p.transpose("site", "time").values.ravel() for p in powers])
    order = np.argsort(rate, kind="stable")
    used = np.diff(np.minimum(np.cumsum(energy[order]), needed), prepend=0.0)
    short = needed - float(used.sum())
    if short > _TOLERANCE * needed:
        yield Finding(
            "energy",
            f"{asks}, {number(short)} MWh more than grid and generation offer, even if energy "
            "could be moved between hours and sites",
            xr.DataArray(short),
        )
        return
    emitted, budget = float(rate[order] @ used), data.carbon_budget.item()
    if emitted > budget * (1 + _TOLERANCE):
        yield Finding(
            "carbon",
            f"{asks}, of which the cleanest on offer emit {number(emitted)} tCO2e; the carbon "
            f"budget is {budget:g} tCO2e",
            xr.DataArray(emitted - budget),
        )


def _training(data: xr.Dataset) -> float:
    """Return the least energy that required jobs take with cooling, MWh."""
    cooling = data.cooling.where(may_run(data)).min(["site", "time"])
    energy = data.step_hours * data.power * data.duration * cooling
    return float(energy.where(data.required, 0.0).sum())


def _kept(data: xr.Dataset) -> float:
    """Return the least energy that batteries take in all, MWh; what they give is negative."""
    reserve = data.battery_min.broadcast_like(data.cooling).isel(time=-1, drop=True)
    gained = np.maximum(data.battery_final, reserve) - data.battery_initial
    most = data.step_hours * data.sizes["time"] * data.discharge_limit
    given = np.minimum((-gained).clip(min=0) * data.discharge_efficiency, most)
    return float((gained.clip(min=0) / data.charge_efficiency - given).sum())


def _split(data: xr.Dataset) -> Iterator[Finding]:
    """Find where the fixed split of `energy_only` asks more of a site than it can hold and feed."""
    asked = (data.power_per_unit * split_evenly(data)).sum("service")
    room = it_room(data)
    lack = (asked - room).where(asked > room * (1 + _TOLERANCE), 0.0)
    for site, here in _sites_with(lack):
        yield Finding(
            "split",
            f"{site} lacks capacity, or power without a battery, for its share of inference, split "
            f"by capacity: {hourly(data, here, 'MW')} of IT",
            here,
        )


def place_in_turn(data: xr.Dataset) -> tuple[xr.DataArray, tuple[str, ...]]:
    """Place jobs as `energy_only` does, up to the first required one that finds no room.

    Returns
    -------
    tuple of DataArray and of tuple of str
        `start`, 0 or 1 over (job, site, time), and that job, if there is one.

    Raises
    ------
    InfeasibleError
        Inference alone finds no room.
    """
    start = first_fit(derived(data.assign(required=xr.zeros_like(data.required)))).start
    order = np.argsort(window_positions(data)[0], kind="stable")
    missing = (data.required & ~start.any(["site", "time"])).values[order]
    if not missing.any():
        return start, ()
    place = int(missing.argmax())
    earlier = data.job.isin(data.job.values[order[:place]])
    return start.where(earlier, 0.0), (str(data.job.values[order[place]]),)


def _in_turn(data: xr.Dataset) -> Iterator[Finding]:
    """Find the first required job for which `energy_only` finds no room."""
    try:
        unplaced = place_in_turn(data)[1]
    except InfeasibleError:
        return
    for job in unplaced:
        yield Finding(
            "turn",
            f"required job {job} finds no room in its window beside inference split by capacity "
            "and the jobs placed before it, in order of release",
            xr.DataArray(1.0),
        )
