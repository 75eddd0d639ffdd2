"""The least change of one parameter, in its unit, that makes an instance feasible again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from carbonsched.elastic import Elastic
from carbonsched.formulation import Formulation
from carbonsched.instance import Instance

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
        New value less old one, over the dimensions of the parameter and in its unit.
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
        return instance.replace(**{self.parameter: instance.data[self.parameter] + self.change})


def movable(formulation: Formulation, data: xr.Dataset) -> list[str]:
    """Return the parameters that a method lets matter."""
    out = set() if formulation.storage == "operated" else set(_STORAGE)
    out |= set() if formulation.generation == "dispatched" else {"generation_available"}
    out |= set() if np.isfinite(data.carbon_budget) else {"carbon_budget"}
    out |= {"carbon_budget"} if formulation.carbon == "none" else set()
    return [name for name in MOVABLE if name not in out]


def cost_of(data: xr.Dataset, parameter: str) -> xr.DataArray:
    """Return what a unit of change counts in the unit of the remedy, over the parameter's dims."""
    if parameter == "demand":
        return (data.step_hours * data.power_per_unit).broadcast_like(data.demand)
    unit = data.step_hours if parameter == "generation_available" else xr.DataArray(1.0)
    return unit.broadcast_like(data[parameter])


def least_change(
    elastic: Elastic, instance: Instance, parameter: str, holds: Callable[[Instance], bool]
) -> Remedy:
    """Return the remedy of one parameter, confirmed by `holds` on the changed instance."""
    unit, _ = MOVABLE[parameter]
    known = parameter in elastic.slacks  # otherwise no row of the program asks for it
    found = elastic.least({parameter: cost_of(elastic.data, parameter)}) if known else None
    if found is not None:
        for margin in _MARGINS:
            change = _change(elastic.data, parameter, found[parameter], margin)
            remedy = _remedy(elastic.data, parameter, change)
            if holds(remedy.apply(instance)):
                return remedy
    return Remedy(parameter, unit, np.inf)


def least_together(
    elastic: Elastic, instance: Instance, parameters: list[str], holds: Callable[[Instance], bool]
) -> tuple[Remedy, ...]:
    """Return changes of several parameters that are enough together, or none.

    Each parameter's change counts relative to all there is of it, so that their units compare.
    """
    data = elastic.data
    parameters = [name for name in parameters if name in elastic.slacks]
    sizes = {name: float((cost_of(data, name) * data[name]).sum()) for name in parameters}
    weights = {n: cost_of(data, n) / max(sizes[n], 1.0) for n in parameters}
    found = elastic.least(weights)
    for margin in _MARGINS if found is not None else ():
        changes = {n: _change(data, n, found[n], margin) for n in parameters}
        remedies = tuple(_remedy(data, n, c) for n, c in changes.items() if c.any())
        changed = instance
        for remedy in remedies:
            changed = remedy.apply(changed)
        if holds(changed):
            return remedies
    return ()


def _remedy(data: xr.Dataset, parameter: str, change: xr.DataArray) -> Remedy:
    amount = float((np.abs(change) * cost_of(data, parameter)).sum())
    return Remedy(parameter, MOVABLE[parameter][0], amount, change)


def _change(data: xr.Dataset, parameter: str, least: xr.DataArray, margin: float) -> xr.DataArray:
    """Return new values less old ones: the least change and a margin, signed."""
    old = data[parameter]
    least = least.where(least > _NOISE, 0.0).transpose(*old.dims).reset_coords(drop=True)
    if parameter == "latency_limit":
        # The limit that counts is the latency of a site: exactly that, and no margin.
        reached = data.latency.where(data.latency >= old + least - _NOISE).min("site")
        return (reached - old).where(least > 0, 0.0)
    grown = least + margin * (np.abs(old) + least + 1.0) * (least > 0)
    down = MOVABLE[parameter][1] == "lower"
    return -np.minimum(grown, old) if down else grown
