"""All that a page needs of an instance, as one JSON: data, schema, words, model and answers."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.build import fixed_by
from carbonsched.core.first_fit import first_fit
from carbonsched.core.instance import Instance
from carbonsched.core.method import METHODS, Method
from carbonsched.core.plausible import ALIKE, AT_MOST, SPIKE
from carbonsched.core.schema import DECISIONS, DIMENSIONS, PARAMETERS, Quantity
from carbonsched.core.tighten import restricted
from carbonsched.currency import currency_of, in_currency
from carbonsched.errors import InfeasibleError
from carbonsched.front import solve
from carbonsched.page.factors import index
from carbonsched.page.gates import Gate
from carbonsched.page.recipe import FIXED, Recipe, recipe_of
from carbonsched.page.refusals import refusals
from carbonsched.schedule import Schedule

ENDLESS = 1e30  # JSON has no infinity
_KINDS = {"float": "number", "int": "integer", "bool": "bool", "time": "label", "site": "label"}
_SHOWN = (
    "start", "route", "it_power", "facility_power", "generate", "grid_import", "grid_export",
    "charge", "discharge", "soc",
)  # fmt: skip
_PLANNED = (  # what `first_fit` goes by
    "it_capacity", "import_limit", "generation_available", "cooling", "demand", "power_per_unit",
    "latency", "latency_limit", "power", "duration", "release", "deadline", "allowed", "required",
)  # fmt: skip


def package(
    name: str,
    instance: Instance,
    methods: Iterable[str] = METHODS,
    *,
    gap: float = 1e-4,
    time_limit: float = 60.0,
    reference_gap: float = 1e-6,
    paper: Mapping[str, Mapping[str, float]] | None = None,
) -> dict[str, Any]:
    """Return the package of an instance, in the form of `web/src/engine/types.ts`.

    Parameters
    ----------
    name : str
        Of the package.
    instance : Instance
    methods : iterable of str
        That a page may choose from, the first to begin with.
    gap, time_limit : float
        Where a page's search ends, relative and in seconds.
    reference_gap : float
        Of the answers that are kept in the package.
    paper : mapping, optional
        What the paper's Table I says, by method: "objective" and "emissions".

    Raises
    ------
    ValueError
        The recipe states another model than the core, see `carbonsched.page.recipe`.
    """
    data, chosen = instance.data, list(methods)
    recipe = recipe_of(data)
    return {
        "name": name,
        "title": data.attrs.get("title", name),
        "method": chosen[0],
        "methods": {
            method: _method(instance, method, reference_gap)
            | ({"paper": paper[method]} if paper and method in paper else {})
            for method in chosen
        },
        "labels": {dim: cells(data[dim], "site") for dim in DIMENSIONS},
        "stepHours": data.step_hours.item(),
        "currency": currency_of(data),
        "schema": {q.name: _quantity(q, data) for q in PARAMETERS.values()},
        "given": {
            q.name: {
                "dims": list(map(str, data[q.name].dims)), "data": cells(data[q.name], q.kind)
            }
            for q in PARAMETERS.values()
        },
        "fixed": dict(FIXED),
        "decisions": {
            q.name: {"dims": list(q.dims), "unit": q.unit, "meaning": q.meaning}
            for q in map(DECISIONS.__getitem__, _SHOWN)
        },
        "messages": {**refusals(data), "infeasible": _infeasible(instance)},
        "spike": SPIKE,
        "proportions": [
            {"names": list(names), "most": most, "alike": names in ALIKE}
            for names, most in (AT_MOST | ALIKE).items()
        ],
        "gap": gap,
        "timeLimit": time_limit,
        "model": _model(recipe, data)
        | {"methods": {method: _choice(instance, METHODS[method]) for method in chosen}},
    }  # fmt: skip


def script(made: Mapping[str, Any]) -> str:
    """Return a package as a classic script that a page loads from a file.

    Examples
    --------
    >>> "carbonschedPackages" in script({"name": "none"})
    True
    """
    text = json.dumps(made, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    name = json.dumps(made["name"])
    return f"(globalThis.carbonschedPackages ??= {{}})[{name}] = {json.dumps(_packed(text))};\n"


def _packed(text: str) -> str:
    """Return text as base64 of gzip, the same for the same text."""
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _quantity(quantity: Quantity, data: xr.Dataset) -> dict[str, Any]:
    """Return an entry of the schema."""
    about = {
        "name": quantity.name, "dims": list(map(str, data[quantity.name].dims)),
        "unit": in_currency(quantity.unit, currency_of(data)), "meaning": quantity.meaning,
        "symbol": quantity.symbol, "equation": quantity.equation, "kind": _KINDS[quantity.kind],
    }  # fmt: skip
    if quantity.kind in ("time", "site"):
        about["labels"] = quantity.kind
    if np.isfinite(quantity.lower):
        about["lower"] = quantity.lower
    if np.isfinite(quantity.upper):
        about["upper"] = quantity.upper
    if quantity.plausible is not None:
        about["plausible"] = list(quantity.plausible)
    return about | {
        key: True
        for key, said in (("lowerOpen", quantity.lower_open), ("unlimited", quantity.unlimited))
        if said
    }


def cells(array: xr.DataArray, kind: str) -> list[Any]:
    """Return the values of an array, flat, as a page reads them."""
    values = array.values.ravel()
    if values.dtype.kind == "M":
        return [f"{stamp}Z" for stamp in np.datetime_as_string(values, "s").tolist()]
    if kind in ("time", "site"):
        return [str(label) for label in values.tolist()]
    return ["inf" if value == np.inf else value for value in values.tolist()]


def _method(instance: Instance, name: str, gap: float) -> dict[str, Any]:
    """Return a method with Python's answer."""
    schedule = solve(instance, name, gap=gap, time_limit=600.0, progress=False)
    return {"name": name, "title": name.replace("_", " "), "reference": _reference(schedule)}


def _reference(schedule: Schedule) -> dict[str, Any]:
    return {
        "objective": schedule.objective,
        "emissions": schedule.emissions,
        "values": {name: _rounded(schedule.data[name]) for name in _SHOWN},
    }


def _rounded(array: xr.DataArray) -> list[float]:
    """Return a decision as it is drawn."""
    return [float(f"{value:.7g}") + 0.0 for value in array.values.ravel().tolist()]


def _infeasible(instance: Instance) -> str:
    """Return what is said where there is no schedule: the first sentence, not the diagnosis."""
    data = instance.data
    beyond = data.demand + 2 * data.it_capacity.sum() / data.power_per_unit.min()
    try:
        solve(instance.replace(demand=beyond.clip(max=1e12)), gap=0.5, progress=False)
    except InfeasibleError as error:
        return str(error).splitlines()[0]
    raise ValueError("an instance with more demand than capacity has a schedule")


# -- the model -----------------------------------------------------------------------------------


def _model(recipe: Recipe, data: xr.Dataset) -> dict[str, Any]:
    """Return a recipe as plain lists."""
    pattern = recipe.pattern
    (budget,) = pattern.places("row_upper", "carbon:budget") - pattern.parts["row_upper"]
    integers = pattern.integers
    return {
        "columns": [
            {"name": b.name, "dims": list(b.dims), "size": b.size, "integer": b.name in integers}
            for b in pattern.columns
        ],
        "rows": [{"name": b.name, "dims": list(b.dims), "size": b.size} for b in pattern.rows],
        "row": pattern.row.tolist(),
        "column": pattern.column.tolist(),
        "constant": recipe.constant.clip(-ENDLESS, ENDLESS).tolist(),
        "products": [
            {
                "at": product.places.tolist(),
                "factor": _same(product.factor),
                "of": [
                    {"name": name, "power": power, "at": at.tolist()}
                    for name, power, at in product.of
                ],
            }
            for product in recipe.products
        ],
        "gates": [_gate(gate, data) for gate in recipe.gates],
        "budget": int(budget),
    }  # fmt: skip


def _gate(gate: Gate, data: xr.Dataset) -> dict[str, Any]:
    return {
        "at": gate.places.tolist(),
        "closed": float(np.clip(gate.closed, -ENDLESS, ENDLESS)),
        "all": [
            {
                "terms": [
                    {
                        "sign": sign,
                        "name": name,
                        "at": index(positions, data[name]).tolist(),
                    }
                    for sign, name, positions in comparison.terms
                ],
                "least": _same(comparison.least),
                "strict": comparison.strict,
            }
            for comparison in gate.comparisons
        ],
    }


def _same(numbers: np.ndarray | float) -> Any:
    """Return one number where all are the same, a list otherwise."""
    values = np.atleast_1d(numbers).tolist()
    return values[0] if len(set(values)) == 1 else values


def _choice(instance: Instance, method: Method) -> dict[str, Any]:
    """Return what a method sets, whatever is given: elements of parameters, and its workload."""
    data = instance.data
    left = restricted(data, method)
    sets = []
    for name in PARAMETERS:
        before, after = data[name], left[name].transpose(*data[name].dims)
        at = np.flatnonzero((before.values != after.values).ravel())
        if name != "battery_min" and len(set(after.values.ravel()[at].tolist())) == 1:
            value = float(after.values.ravel()[at[0]])
            sets.append({"name": name, "at": at.tolist(), "value": min(value, ENDLESS)})
    if not fixed_by(method):
        return {"sets": sets}
    plan = first_fit(instance)
    return {
        "sets": sets,
        "plan": {name: plan[name].values.ravel().tolist() for name in fixed_by(method)},
        "planned": list(_PLANNED),
    }
