"""Build the paper's MILP as a `linopy.Model`: limits tightened, then the families in order."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType

import linopy
import xarray as xr

from carbonsched.families import FAMILIES
from carbonsched.families.shared import declare_shared
from carbonsched.formulation import Formulation, choose
from carbonsched.instance import Instance, require_instance
from carbonsched.tightening import tightened
from carbonsched.workload import first_fit


def build(
    instance: Instance,
    formulation: str | Formulation = "start",
    *,
    method: str = "joint",
    families: Iterable[ModuleType] = FAMILIES,
) -> linopy.Model:
    """Return the model of an instance, to read, print, change, export or solve.

    Parameters
    ----------
    instance : Instance
    formulation : str or Formulation
        "start" (default), "paper", or a value of your own.
    method : str
        A method of Table I, see `carbonsched.METHODS`.
    families : iterable of modules
        What states the rows. Append an object of your own with `declare` or `constrain` to add a
        family without touching these.

    Returns
    -------
    linopy.Model
        Variables as in `carbonsched.schema.DECISIONS`, rows named `family:row`, and the shared
        expressions `it_load`, `net_supply`, `emissions` and `benefit`.

    Raises
    ------
    TypeError
        What is given is no instance.
    InfeasibleError
        A service may use no site, or the method fixes a workload that the sites cannot hold.
    """
    require_instance(instance)
    chosen = choose(method, formulation)
    model = state(tightened(instance.data, chosen), chosen, families)
    with linopy.options as options:
        options["semantics"] = "v1"
        fix_workload(model, instance, chosen)
    return model


def state(
    data: xr.Dataset, formulation: Formulation, families: Iterable[ModuleType] = FAMILIES
) -> linopy.Model:
    """Return the model that the families state over data, as `tightened` returns them."""
    families = [family for family in families if data.sizes[getattr(family, "OVER", "site")]]
    with linopy.options as options:
        options["semantics"] = "v1"
        model = linopy.Model()
        declare_shared(model, data)
        for family in families:
            if hasattr(family, "declare"):
                family.declare(model, data, formulation)
        for family in families:
            if hasattr(family, "constrain"):
                family.constrain(model, data, formulation)
    return model


def fix_workload(model: linopy.Model, instance: Instance, formulation: Formulation) -> None:
    """Fix jobs and routes to `first_fit`, if the formulation says so."""
    if formulation.workload == "first fit":
        plan = first_fit(instance)
        for name in set(plan.data_vars) & set(model.variables):
            model.variables[name].fix(plan[name])


def free_workload(model: linopy.Model, formulation: Formulation) -> None:
    """Undo what `fix_workload` has fixed."""
    if formulation.workload == "first fit":
        for name in {"start", "route"} & set(model.variables):
            model.variables[name].unfix()
