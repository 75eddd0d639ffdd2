"""The least change of one parameter, in its unit, that makes an instance feasible again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.core.method import Method
from carbonsched.core.reach import reserve
from carbonsched.core.schema import LIMITS, PARAMETERS
from carbonsched.diagnosis.elastic import Elastic
from carbonsched.judge.scale import scales

# The unit of a whole change where a limit is given by the hour, by that of the parameter.
_BY_THE_HOUR = {"MW": "MWh", "MWh": "MWh summed over periods"}
_MARGINS = (1e-6, 1e-5)  # relative: what is added so that a solver's tolerance is no matter
_NOISE = 1e-7  # of `_one`: a change below it is none


@dataclass(frozen=True)
class Remedy:
    """One parameter's least change that restores feasibility, all others as they are.

    Attributes
    ----------
    parameter : str
    unit : str
        Of `amount`: that of the parameter, summed over its labels, and over hours where the
        parameter has periods. Demand is counted by the IT energy it takes; of `required`, the jobs
        that may be declined are counted.
    amount : float
        The least change; infinite if no change of this parameter is enough by itself.
    change : xarray.DataArray or None
        New value less old one, over the dimensions of the parameter and in its unit, with a margin
        of about a millionth so that a solver's tolerance does not matter.
    """

    parameter: str
    unit: str
    amount: float
    change: xr.DataArray | None = field(default=None, repr=False)

    @property
    def enough(self) -> bool:
        """Whether the parameter can restore feasibility by itself."""
        return self.change is not None

    @property
    def moved(self) -> xr.DataArray:
        """The change, where it is enough."""
        if self.change is None:
            raise ValueError(f"no change of {self.parameter} is enough by itself")
        return self.change

    def apply(self, instance: Instance) -> Instance:
        """Return the instance with the change made.

        It may have more labels than the one that was diagnosed, as a horizon has beside one of its
        windows: there nothing changes.

        Raises
        ------
        ValueError
            No change of this parameter is enough.
        """
        return Instance(_changed(instance.data, self), instance.extra)


def movable(method: Method, data: xr.Dataset) -> list[str]:
    """Return the parameters that a method lets matter, in the order of `LIMITS`."""
    needless = {
        "storage": method.storage == "idle",
        "generation": method.generation == "none",
        "carbon": method.carbon == "none" or not np.isfinite(data.carbon_budget),
        "export": True,  # nothing need be sold
    }
    matters = {name: not needless.get(limit.slot, False) for name, limit in LIMITS.items()}
    # A battery that is idle must still hold its reserve.
    matters["battery_min"] |= bool((data.battery_min > data.battery_initial).any())
    matters["battery_final"] = bool((data.battery_final != data.battery_initial).any())
    matters["required"] = bool(data.required.any())
    return [name for name in LIMITS if matters[name]]


def cost_of(data: xr.Dataset, parameter: str) -> xr.DataArray:
    """Return what a unit of change counts in the unit of the remedy, over the parameter's dims."""
    given = data[parameter]
    if parameter == "demand":
        return (data.step_hours * data.power_per_unit).broadcast_like(given)
    energy = "time" in given.dims and PARAMETERS[parameter].unit == "MW"
    return (data.step_hours if energy else xr.DataArray(1.0)).broadcast_like(given)


def unit_of(data: xr.Dataset, parameter: str) -> str:
    """Return the unit of the whole change of a parameter."""
    quantity = PARAMETERS[parameter]
    by_the_hour = quantity.varies and "time" in data[parameter].dims
    return _BY_THE_HOUR[quantity.unit] if by_the_hour else LIMITS[parameter].unit


def least_change(
    elastic: Elastic, data: xr.Dataset, parameter: str, holds: Callable[[xr.Dataset], bool]
) -> Remedy:
    """Return the remedy of one parameter, confirmed by `holds` on the changed data.

    Raises
    ------
    TimeoutError
        A run with integers took too long.
    """
    known = parameter in elastic.slacks  # otherwise no row of the program asks for it
    found = (elastic.least({parameter: cost_of(elastic.data, parameter)}) if known else None) or {}
    for margin in _MARGINS if found else ():
        remedy = _remedy(elastic.data, parameter, found[parameter], margin)
        if holds(_changed(data, remedy)):
            return remedy
    return Remedy(parameter, unit_of(data, parameter), np.inf)


def least_together(
    elastic: Elastic,
    data: xr.Dataset,
    parameters: list[str],
    holds: Callable[[xr.Dataset], bool],
) -> tuple[Remedy, ...]:
    """Return changes of several parameters that are enough together, or none.

    Each parameter's change counts relative to all there is of it, so that their units compare.

    Raises
    ------
    TimeoutError
        A run with integers took too long.
    """
    costs = {name: cost_of(elastic.data, name) for name in parameters if name in elastic.slacks}
    sizes = {name: float((cost * elastic.data[name]).sum()) for name, cost in costs.items()}
    found = elastic.least({name: cost / (sizes[name] or 1.0) for name, cost in costs.items()}) or {}
    for margin in _MARGINS if found else ():
        remedies = [_remedy(elastic.data, name, least, margin) for name, least in found.items()]
        remedies = [remedy for remedy in remedies if remedy.moved.any()]
        changed = data
        for remedy in remedies:
            changed = _changed(changed, remedy)
        if holds(changed):
            return tuple(remedies)
    return ()


def _changed(data: xr.Dataset, remedy: Remedy) -> xr.Dataset:
    old = reserve(data) if remedy.parameter == "battery_min" else data[remedy.parameter]
    moved = remedy.moved.reindex({dim: old[dim] for dim in remedy.moved.dims}, fill_value=0)  # pyright: ignore[reportArgumentType]
    return data.assign({remedy.parameter: (old + moved).transpose(*old.dims).astype(old.dtype)})


def _remedy(data: xr.Dataset, parameter: str, least: xr.DataArray, margin: float) -> Remedy:
    """Return a least change as a remedy: signed, with a margin that its amount does not count."""
    old, cost, one = data[parameter], cost_of(data, parameter), _one(data, parameter)
    least = least.reindex({dim: old[dim] for dim in old.dims}, fill_value=0.0)  # pyright: ignore[reportArgumentType]
    least = least.where(least > _NOISE * one, 0.0).transpose(*old.dims).reset_coords(drop=True)
    if parameter == "required":
        least = least.round()
    if parameter == "latency_limit":
        # The limit that counts is the latency of a site: exactly that, and no margin.
        reached = data.latency.where(data.latency >= old + least - _NOISE * one).min("site")
        least = change = (reached - old).where(least > 0, 0.0)
    else:
        change = least + margin * (one + least + 1e-3 * old) * (least > 0)
    if LIMITS[parameter].verb == "lower":
        change = -xr.ufuncs.minimum(change, old)
    return Remedy(parameter, unit_of(data, parameter), float((least * cost).sum()), change)


def _one(data: xr.Dataset, parameter: str) -> float:
    """Return what counts as one of a parameter: in its unit a tenth of what the instance is about.

    A millisecond or a job is one in any instance.
    """
    unit = PARAMETERS[parameter].unit
    if unit == "unit":
        return 0.1 * float(data.demand.values.max(initial=0.0))
    return 0.1 * scales(data).get(unit, 10.0)
