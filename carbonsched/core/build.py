"""Build the paper's MILP: limits tightened, then the families in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import linopy
import xarray as xr

from carbonsched.core.families import FAMILIES
from carbonsched.core.families.expressions import SHARED, Model
from carbonsched.core.family import Family, contributed, listed
from carbonsched.core.first_fit import first_fit
from carbonsched.core.formulation import Formulation, formulation_of
from carbonsched.core.instance import Instance, require_instance
from carbonsched.core.method import Method, method_of
from carbonsched.core.tighten import tightened
from carbonsched.errors import InstanceError, asking
from carbonsched.keywords import named_keywords


@named_keywords
def build(
    instance: Instance,
    formulation: str | Formulation = "start",
    *,
    method: str | Method = "joint",
    families: Iterable[Family] = FAMILIES,
) -> Model:
    """Return the model of an instance, to read, print, change, export or solve.

    Parameters
    ----------
    instance : Instance
    formulation : str or Formulation
        "start" (default), "paper", or a value of your own.
    method : str or Method
        Of `carbonsched.METHODS`, or a value of your own.
    families : iterable of Family
        What states the rows: `[*carbonsched.FAMILIES, my_family]` adds one of yours.

    Returns
    -------
    linopy.Model
        Variables as in `carbonsched.core.schema.DECISIONS`, rows named `family:row`, and the
        shared expressions `it_load`, `net_supply`, `emissions` and `benefit`.

    Raises
    ------
    TypeError
        What is given is no instance, or no family.
    InfeasibleError
        A service may use no site, or the method fixes a workload that the sites cannot hold.
    InstanceError
        The instance holds parameters of a family that is not given.
    FamilyError
        An added family failed, and where.

    Examples
    --------
    >>> import carbonsched as cs
    >>> model = cs.build(cs.generate(sites=2, periods=4, jobs=1, services=1))
    >>> model.constraints["balance:power"].sizes["time"]
    4
    """
    require_instance(instance)
    families = require_families(families)
    given, chosen = fitted(instance, families), method_of(method)
    how = held_apart(formulation_of(formulation), families)
    model = state(tightened(given.data, chosen, how), how, families)
    with linopy.options as options:
        options["semantics"] = "v1"
        fix_workload(model, given, chosen)
    return model


def state(
    data: xr.Dataset, formulation: Formulation, families: Iterable[Family] = FAMILIES
) -> Model:
    """Return the model that the families state over data, as `tightened` returns them."""
    stated = [f for f in families if not f.over or data.sizes[f.over]]
    with linopy.options as options, xr.set_options(arithmetic_join="exact"):
        options["semantics"] = "v1"
        model = Model(stated, data.indexes)
        for family in stated:
            with asking(family, "declare"):
                family.declare(model, data, formulation)
                _require_declared(family, model)
        for family in stated:
            with asking(family, "constrain"):
                family.constrain(model, data, formulation)
        for name in SHARED:
            model.add_expressions(model.total(name), name=name)
    return model


def _require_declared(family: Family, model: Model) -> None:
    """Raise ValueError if a decision that an added family names is no variable over its labels."""
    for decision in () if family in FAMILIES else family.decisions:
        if decision.name not in model.variables:
            raise ValueError(f"no variable is the decision {decision.name!r}")
        if set(dims := model[decision.name].dims) - {"scenario"} != set(decision.dims):
            raise ValueError(f"{decision.name!r} is over {dims}, its decision {decision.dims}")


def fitted(instance: Instance, families: Iterable[Family]) -> Instance:
    """Return the instance with the parameters of families; InstanceError if it holds others."""
    families = tuple(families)
    known = contributed(families)
    if strange := [q for q in instance.extra if q not in known]:
        raise InstanceError(
            f"{q.name} [{q.unit}]: a parameter of a family that is not given; give families="
            "[*carbonsched.FAMILIES, ...] with it, or drop it by instance.without_families()"
            for q in strange
        )
    return instance.with_families(families)


def require_families(families: Iterable[Family]) -> tuple[Family, ...]:
    """Return families as a tuple, the paper's among them and each name once.

    Raises
    ------
    TypeError
        Something is no family, one of the paper's is missing, or a name is empty, not printable
        or given twice.
    """
    given = listed(families)
    for family in given:
        if not isinstance(family, Family):
            raise TypeError(f"families: {family!r} is no carbonsched.Family")
        if not (isinstance(family.name, str) and family.name.strip() and family.name.isprintable()):
            kind = type(family).__name__
            raise TypeError(f"families: {kind} has the name {family.name!r}, no printable text")
    names = [family.name for family in given]
    if missing := [family.name for family in FAMILIES if family not in given]:
        raise TypeError(
            f"families: without {', '.join(missing)} of the paper; "
            "give [*carbonsched.FAMILIES, ...] to add your own"
        )
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise TypeError(f"families: a name is given twice, {', '.join(map(repr, twice))}")
    return given


def added(families: Iterable[Family]) -> tuple[Family, ...]:
    """Return the families that are not the paper's."""
    return tuple(family for family in families if family not in FAMILIES)


def refuse_added(families: Iterable[Family], what: str, instead: str = "") -> None:
    """Raise ValueError, before any work, where added families are not known to be taken."""
    if named := [family.name for family in added(families)]:
        use = f": use {instead}" * bool(instead)
        raise ValueError(f"{what} does not take the family {', '.join(named)}{use}")


def held_apart(formulation: Formulation, families: Iterable[Family]) -> Formulation:
    """Return a formulation whose shortcuts no family of a user's own can make wrong.

    Lowered limits and left-out states are proved for what the paper's families ask of an optimum;
    another family may ask for something else, a least import for instance.
    """
    if all(family.keeps_shortcuts for family in added(families)):
        return formulation
    return replace(
        formulation, bounds="given", grid_states="everywhere", storage_states="everywhere"
    )


def fixed_by(method: Method) -> tuple[str, ...]:
    """Return the variables that a method fixes before anything is decided."""
    return ("start", "route") if method.workload == "first fit" else ()


def fix_workload(model: Model, instance: Instance, method: Method) -> None:
    """Fix jobs and routes to `first_fit`, if the method says so."""
    if method.workload == "first fit":
        plan = first_fit(instance)
        model.fixed = fixed_by(method)
        for name in set(model.fixed) & set(model.variables):
            fix(model.variables[name], plan[name])


def fix(variable: linopy.Variable, values: xr.DataArray) -> None:
    """Fix a variable to values as they are: linopy's `fix` rounds, to 8 decimals of any unit."""
    variable.fix(values)
    exactly, _ = xr.align(values, variable.labels, join="right")
    variable.update(lower=exactly, upper=exactly)


def free_workload(model: Model, method: Method) -> None:
    """Undo what `fix_workload` has fixed."""
    if method.workload == "first fit":
        for name in set(model.fixed) & set(model.variables):
            model.variables[name].unfix()
