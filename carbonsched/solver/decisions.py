"""From the values a solver returns to decisions a person can act on."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.build import added, fixed_by
from carbonsched.core.families import FAMILIES
from carbonsched.core.families.expressions import Model
from carbonsched.core.family import Family, accounts, stakes, turnover_of
from carbonsched.core.instance import Instance
from carbonsched.core.schema import DECISIONS, DIMENSIONS, Quantity
from carbonsched.schedule import Schedule

FLOWS = ("generate", "grid_import", "grid_export", "charge", "discharge")
_OFF = 1e-8  # of the largest power: below it a grid power counts as zero, as solvers do
_MISSED = 1e-4  # of a demand; a solver that misses more of it is left to the judge
_LEAK = (
    2e-6  # of its limit: what a closed state may let through at the solver's integrality tolerance
)


def schedule_of(
    instance: Instance, solved: xr.Dataset, families: Iterable[Family] = FAMILIES, **about: Any
) -> Schedule:
    """Return the schedule that the values of a model's variables make.

    Parameters
    ----------
    instance : Instance
    solved : xarray.Dataset
        As `read_decisions` takes them.
    families : iterable of Family
        Those of the model.
    **about
        The other attributes of `Schedule`.
    """
    families = tuple(families)
    decisions = read_decisions(instance, solved, added(families))
    if "currency" in instance.data.attrs:
        decisions.attrs["currency"] = instance.data.attrs["currency"]
    benefit, emissions = accounts(families, instance.data, decisions)
    decided, _ = stakes(families, instance.data, fixed_by(about["method"]))
    return Schedule(
        data=decisions,
        benefit=benefit,
        emissions=float(emissions.sum()),
        turnover=turnover_of(decided, decisions),
        families=added(families),
        **about,
    )


def solution_of(model: Model) -> xr.Dataset:
    """Return `model.solution`, without joining labels that are the same: that takes longest."""
    found = {name: variable.solution for name, variable in model.variables.items()}
    labels: dict[Hashable, pd.Index] = {}
    for values in found.values():
        for dim, index in values.indexes.items():
            if not labels.setdefault(dim, index).equals(index):
                return model.solution
    return xr.Dataset({name: values.variable for name, values in found.items()}, labels)


def read_decisions(
    instance: Instance, solved: xr.Dataset, families: Iterable[Family] = ()
) -> xr.Dataset:
    """Return the decisions of a solution, all of `DECISIONS`, whatever the formulation.

    Those of added families follow them, as they were solved. `solved` has the values of the
    model's variables, as `solution_of` gives them.

    Binaries are rounded and powers clipped to their signs; what follows from other decisions
    (IT power, facility power, state of charge, states) is computed from them, so that rounding
    leaves no trace; opposite flows that a tie in prices left standing are netted.
    """
    given, solved = _positional(instance.data, solved)
    start = _value(given, solved, DECISIONS["start"]).round().astype(np.int8)
    run = running(start, given.duration)
    route = _met(given, _value(given, solved, DECISIONS["route"]).clip(min=0))
    flows = {name: _value(given, solved, DECISIONS[name]).clip(min=0) for name in FLOWS}
    flows = _net(given, flows)
    it_power = xr.dot(given.power, run, dim="job")
    it_power = it_power + (given.power_per_unit * route).sum("service")
    powers = [part for part in (it_power, *flows.values()) if part.size]
    off = _OFF * max((float(part.max()) for part in powers), default=0.0)
    exporting = flows["grid_export"] > np.maximum(flows["grid_import"], off)
    stored = given.charge_efficiency * flows["charge"]
    stored = stored - flows["discharge"] / given.discharge_efficiency
    own = {quantity.name: quantity for family in families for quantity in family.decisions}
    decided = {
        "start": start,
        "run": run,
        "stop": start - run + run.shift(time=1, fill_value=0),
        "route": route,
        **flows,
        "it_power": it_power,
        "facility_power": given.cooling * it_power,
        "exporting": exporting,
        "importing": (flows["grid_import"] > off) & ~exporting,
        "soc": given.battery_initial + (given.step_hours * stored).cumsum("time"),
        **{name: _value(given, solved, quantity) for name, quantity in own.items()},
    }
    arrays = {}
    for name, quantity in (DECISIONS | own).items():
        values = decided[name].variable.transpose(*quantity.dims).values
        if quantity.kind in ("bool", "int"):
            values = np.round(values).astype(np.int8 if quantity.kind == "bool" else np.int64)
        about = {"units": quantity.unit, "long_name": quantity.meaning}
        arrays[name] = (quantity.dims, values, about)
    return xr.Dataset(arrays, {dim: instance.data[dim] for dim in DIMENSIONS})


def _positional(given: xr.Dataset, solved: xr.Dataset) -> tuple[xr.Dataset, xr.Dataset]:
    """Return both without labels, once these are the same: to compare them takes xarray longest."""
    own = {dim: given.indexes[dim] for dim in DIMENSIONS if dim in solved.indexes}
    strange = {dim: index for dim, index in own.items() if not index.equals(solved.indexes[dim])}
    solved = solved.reindex(strange) if strange else solved
    return given.drop_vars(DIMENSIONS), solved.drop_vars(list(own))


def _value(given: xr.Dataset, solved: xr.Dataset, quantity: Quantity) -> xr.DataArray:
    """Return a solved variable, zero where it was not declared."""
    if quantity.name in solved:
        return solved[quantity.name].fillna(0)
    shape = [given.sizes[dim] for dim in quantity.dims]
    return xr.DataArray(np.zeros(shape), dims=quantity.dims)


def _met(given: xr.Dataset, route: xr.DataArray) -> xr.DataArray:
    """Return routes that sum to the demand, where a solver's tolerance is all that they miss."""
    total = route.sum("site")
    near = np.abs(total - given.demand) <= _MISSED * given.demand
    return route * (given.demand / total).where(near & (total > 0), 1.0)


def running(start: xr.DataArray, duration: xr.DataArray) -> xr.DataArray:
    """Return where jobs run: started, and not `duration` periods ago or earlier."""
    started = start.drop_vars("time", errors="ignore").cumsum("time", dtype=start.dtype)
    ended_by = (xr.DataArray(np.arange(start.sizes["time"]), dims="time") - duration).clip(min=-1)
    ended = started.isel(time=ended_by.clip(min=0)).where(ended_by >= 0, 0)
    return (started - ended).assign_coords(time=start.time).transpose(*start.dims)


def _net(given: xr.Dataset, flows: dict[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    """Cancel opposite flows of one site and period, where that is no loss.

    Import against export one for one. Charge against discharge so that the state of charge
    stays; the power no longer wasted lowers generation, then import. Where export pays more
    than import costs, or both cannot be lowered so far, the flows stay as they are.
    """
    trade, battery = ("grid_import", "grid_export"), ("charge", "discharge")
    if not any(bool((flows[one] * flows[other]).any()) for one, other in (trade, battery)):
        return flows
    net = dict(flows)
    both = xr.ufuncs.minimum(net["grid_import"], net["grid_export"])
    both = both.where(given.export_price <= given.import_price, 0)
    net["grid_import"] = net["grid_import"] - both
    net["grid_export"] = net["grid_export"] - both
    for one, other in (trade, trade[::-1], battery, battery[::-1]):
        limit = given[f"{one.removeprefix('grid_')}_limit"]
        leak = (net[one] < net[other]) & (net[one] <= _LEAK * limit)
        net[one] = net[one].where(~leak, 0)

    gained = given.charge_efficiency * net["charge"]
    change = gained - net["discharge"] / given.discharge_efficiency
    charge = change.clip(min=0) / given.charge_efficiency
    discharge = (-change).clip(min=0) * given.discharge_efficiency
    wasted = (net["charge"] - net["discharge"]) - (charge - discharge)
    spare = net["generate"] + net["grid_import"]
    netted = (np.minimum(net["charge"], net["discharge"]) > 0) & (wasted <= spare)
    wasted = wasted.where(netted, 0)
    less_generation = np.minimum(wasted, net["generate"])
    net["generate"] = net["generate"] - less_generation
    net["grid_import"] = (net["grid_import"] - (wasted - less_generation)).clip(min=0)
    net["charge"] = xr.where(netted, charge, net["charge"])
    net["discharge"] = xr.where(netted, discharge, net["discharge"])
    return net
