"""From the values a solver returns to decisions a person can act on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.build import added
from carbonsched.core.families import FAMILIES
from carbonsched.core.family import Family, accounts
from carbonsched.core.instance import Instance
from carbonsched.core.schedule import Schedule
from carbonsched.core.schema import DECISIONS, Quantity

_OFF = 1e-6  # MW below which a grid power counts as zero, the solver's own tolerance
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
    benefit, emissions = accounts(families, instance.data, decisions)
    return Schedule(
        data=decisions,
        benefit=benefit,
        emissions=float(emissions.sum()),
        families=added(families),
        **about,
    )


def read_decisions(
    instance: Instance, solved: xr.Dataset, families: Iterable[Family] = ()
) -> xr.Dataset:
    """Return the decisions of a solution, all of `DECISIONS`, whatever the formulation.

    Those of added families follow them, as they were solved.

    `solved` has the values of the model's variables, as `linopy.Model.solution` gives them.

    Binaries are rounded and powers clipped to their signs; what follows from other decisions
    (IT power, facility power, state of charge, states) is computed from them, so that rounding
    leaves no trace; opposite flows that a tie in prices left standing are netted.
    """
    given, hours = instance.data, instance.data.step_hours
    found = xr.Dataset()

    def value(name: str) -> xr.DataArray:
        return _value(given, solved, DECISIONS[name])

    found["start"] = value("start").round()
    found["run"] = running(found.start, given.duration)
    found["stop"] = found.start - found.run + found.run.shift(time=1, fill_value=0)
    found["route"] = value("route").clip(min=0)
    for name in ("generate", "grid_import", "grid_export", "charge", "discharge"):
        found[name] = value(name).clip(min=0)
    found = _net(instance, found)
    found["it_power"] = (given.power * found.run).sum("job")
    found["it_power"] = found.it_power + (given.power_per_unit * found.route).sum("service")
    found["facility_power"] = given.cooling * found.it_power
    found["exporting"] = found.grid_export > np.maximum(found.grid_import, _OFF)
    found["importing"] = (found.grid_import > _OFF) & ~found.exporting
    stored = given.charge_efficiency * found.charge - found.discharge / given.discharge_efficiency
    found["soc"] = given.battery_initial + (hours * stored).cumsum("time")
    own = {quantity.name: quantity for family in families for quantity in family.decisions}
    found = found.assign({name: _value(given, solved, quantity) for name, quantity in own.items()})
    arrays = {}
    for name, quantity in (DECISIONS | own).items():
        array = found[name].transpose(*quantity.dims)
        array = array.round() if name in own and quantity.kind in ("bool", "int") else array
        array = array.astype(np.int8) if quantity.kind == "bool" else array
        arrays[name] = array.assign_attrs(units=quantity.unit, long_name=quantity.meaning)
    return xr.Dataset(arrays)


def _value(given: xr.Dataset, solved: xr.Dataset, quantity: Quantity) -> xr.DataArray:
    """Return a solved variable, zero where it was not declared."""
    indexes = {dim: given.indexes[dim] for dim in quantity.dims}
    if quantity.name in solved:
        return solved[quantity.name].fillna(0)
    return xr.DataArray(0.0, indexes, quantity.dims)


def running(start: xr.DataArray, duration: xr.DataArray) -> xr.DataArray:
    """Return where jobs run: started, and not `duration` periods ago or earlier."""
    started = start.drop_vars("time").cumsum("time")
    ended_by = (xr.DataArray(np.arange(start.sizes["time"]), dims="time") - duration).clip(min=-1)
    ended = started.isel(time=ended_by.clip(min=0)).where(ended_by >= 0, 0)
    return (started - ended).assign_coords(time=start.time).transpose(*start.dims)


def _net(instance: Instance, found: xr.Dataset) -> xr.Dataset:
    """Cancel opposite flows of one site and period, where that is no loss.

    Import against export one for one. Charge against discharge so that the state of charge
    stays; the power no longer wasted lowers generation, then import. Where export pays more
    than import costs, or both cannot be lowered so far, the flows stay as they are.
    """
    given = instance.data
    both = np.minimum(found.grid_import, found.grid_export)
    both = both.where(given.export_price <= given.import_price, 0)
    found["grid_import"] = found.grid_import - both
    found["grid_export"] = found.grid_export - both
    for one, other in (
        ("grid_import", "grid_export"),
        ("grid_export", "grid_import"),
        ("charge", "discharge"),
        ("discharge", "charge"),
    ):
        limit = given[f"{one.removeprefix('grid_')}_limit"]
        leak = (found[one] < found[other]) & (found[one] <= _LEAK * limit)
        found[one] = found[one].where(~leak, 0)

    change = given.charge_efficiency * found.charge - found.discharge / given.discharge_efficiency
    charge = change.clip(min=0) / given.charge_efficiency
    discharge = (-change).clip(min=0) * given.discharge_efficiency
    wasted = (found.charge - found.discharge) - (charge - discharge)
    netted = (np.minimum(found.charge, found.discharge) > 0) & (
        wasted <= found.generate + found.grid_import
    )
    wasted = wasted.where(netted, 0)
    less_generation = np.minimum(wasted, found.generate)
    found["generate"] = found.generate - less_generation
    found["grid_import"] = (found.grid_import - (wasted - less_generation)).clip(min=0)
    found["charge"] = xr.where(netted, charge, found.charge)
    found["discharge"] = xr.where(netted, discharge, found.discharge)
    return found
