"""The least change of one parameter, in its unit, that makes an instance feasible again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.core.method import Method
from carbonsched.diagnosis.elastic import Elastic

# parameter -> unit of the least change, and the way it moves
MOVABLE = {
    "carbon_budget": ("tCO2e", "raise"),
    "import_limit": ("MW", "raise"),
    "generation_available": ("MWh", "raise"),
    "it_capacity": ("MW", "raise"),
    "latency_limit": ("ms", "raise"),
    "battery_energy": ("MWh", "raise"),
    "battery_min": ("MWh", "lower"),
    "charge_limit": ("MW", "raise"),
    "discharge_limit": ("MW", "raise"),
    "demand": ("MWh of IT", "lower"),
}
_STORAGE = {"battery_energy", "battery_min", "charge_limit", "discharge_limit"}
_MARGINS = (1e-6, 1e-5)  # relative: what is added so that a solver's tolerance is no matter
_NOISE = 1e-7  # MW, MWh, t or ms: a change below it is none


@dataclass(frozen=True)
class Remedy:
    """One parameter's least change that restores feasibility, all others as they are.

    Attributes
    ----------
    parameter : str
    unit : str
        Of `amount`: that of the parameter, summed over its labels, and over hours where the
        parameter has periods. Demand is counted by the IT energy it takes.
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

    def apply(self, instance: Instance) -> Instance:
        """Return the instance with the change made.

        Raises
        ------
        ValueError
            No change of this parameter is enough.
        """
        if self.change is None:
            raise ValueError(f"no change of {self.parameter} is enough by itself")
        return Instance(_changed(instance.data, self))


def movable(method: Method, data: xr.Dataset) -> list[str]:
    """Return the parameters that a method lets matter."""
    out = set() if method.storage == "operated" else set(_STORAGE)
    out |= set() if method.generation == "dispatched" else {"generation_available"}
    out |= set() if np.isfinite(data.carbon_budget) else {"carbon_budget"}
    out |= {"carbon_budget"} if method.carbon == "none" else set()
    return [name for name in MOVABLE if name not in out]


def cost_of(data: xr.Dataset, parameter: str) -> xr.DataArray:
    """Return what a unit of change counts in the unit of the remedy, over the parameter's dims."""
    if parameter == "demand":
        return (data.step_hours * data.power_per_unit).broadcast_like(data.demand)
    unit = data.step_hours if parameter == "generation_available" else xr.DataArray(1.0)
    return unit.broadcast_like(data[parameter])


def least_change(
    elastic: Elastic, data: xr.Dataset, parameter: str, holds: Callable[[xr.Dataset], bool]
) -> Remedy:
    """Return the remedy of one parameter, confirmed by `holds` on the changed data."""
    known = parameter in elastic.slacks  # otherwise no row of the program asks for it
    found = elastic.least({parameter: cost_of(elastic.data, parameter)}) if known else None
    for margin in _MARGINS if found is not None else ():
        remedy = _remedy(elastic.data, parameter, found[parameter], margin)
        if holds(_changed(data, remedy)):
            return remedy
    return Remedy(parameter, MOVABLE[parameter][0], np.inf)


def least_together(
    elastic: Elastic,
    data: xr.Dataset,
    parameters: list[str],
    holds: Callable[[xr.Dataset], bool],
) -> tuple[Remedy, ...]:
    """Return changes of several parameters that are enough together, or none.

    Each parameter's change counts relative to all there is of it, so that their units compare.
    """
    costs = {name: cost_of(elastic.data, name) for name in parameters if name in elastic.slacks}
    sizes = {name: float((cost * elastic.data[name]).sum()) for name, cost in costs.items()}
    found = elastic.least({name: cost / max(sizes[name], 1.0) for name, cost in costs.items()})
    for margin in _MARGINS if found is not None else ():
        remedies = [_remedy(elastic.data, name, least, margin) for name, least in found.items()]
        remedies = [remedy for remedy in remedies if remedy.change.any()]
        changed = data
        for remedy in remedies:
            changed = _changed(changed, remedy)
        if holds(changed):
            return tuple(remedies)
    return ()


def _changed(data: xr.Dataset, remedy: Remedy) -> xr.Dataset:
    return data.assign({remedy.parameter: data[remedy.parameter] + remedy.change})


def _remedy(data: xr.Dataset, parameter: str, least: xr.DataArray, margin: float) -> Remedy:
    """Return a least change as a remedy: signed, with a margin that its amount does not count."""
    old, cost = data[parameter], cost_of(data, parameter)
    unit, verb = MOVABLE[parameter]
    least = least.where(least > _NOISE, 0.0).transpose(*old.dims).reset_coords(drop=True)
    if parameter == "latency_limit":
        # The limit that counts is the latency of a site: exactly that, and no margin.
        reached = data.latency.where(data.latency >= old + least - _NOISE).min("site")
        least = change = (reached - old).where(least > 0, 0.0)
    else:
        change = least + margin * (1.0 + least + 1e-3 * old) * (least > 0)
    if verb == "lower":
        change = -np.minimum(change, old)
    return Remedy(parameter, unit, float((least * cost).sum()), change)
