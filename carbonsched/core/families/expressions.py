"""Linear expressions from pairs of coefficient and variable, each made once from arrays.

linopy's algebra (`2 * x + y <= z`) is there for any family; each of its operations costs
milliseconds whatever its size. The families of the paper hand over their terms as pairs,
`(coefficient, variable)`, and rows as `require(model, name, *pairs, at_most=...)`. Labels are
compared exactly here, as linopy does for its own operations.

Scenarios are one more dimension, which families need not know: a variable over `site` and `time`
is decided in each (`carbonsched.core.family.over`), one over `job` before any of them is known. A
row, or a shared expression, is there for each scenario as soon as a part of it differs by them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import linopy
import numpy as np
import pandas as pd
import xarray as xr
from linopy import LinearExpression, Variable

from carbonsched.core.family import Family
from carbonsched.core.schema import DECISIONS
from carbonsched.errors import asking

Coefficient = xr.DataArray | float
Pair = tuple[Coefficient, Variable | LinearExpression]

SITE_TIME = ("site", "time")
SHARED: dict[str, tuple[str, ...]] = {
    "it_load": SITE_TIME,  # MW
    "net_supply": SITE_TIME,  # MW
    "emissions": (),  # tCO2e
    "benefit": (),  # USD
}


class Model(linopy.Model):
    """A `linopy.Model` that knows its families and collects what they share.

    Attributes
    ----------
    families : tuple of Family
        Those that stated it, in order.
    indexes : mapping
        The labels of every dimension.
    shared : dict of str to list
        The terms of each shared expression so far, as pairs of coefficient and variable.
    totals : dict of str to LinearExpression
        Those that rows are made of already: nothing is added to them.
    settled : list
        The terms of `benefit` that add up to the same in every schedule, in the same form.
    fixed : tuple of str
        Variables fixed by the method, before anything is decided.
    """

    def __init__(self, families: Iterable[Family], indexes: Mapping[Hashable, pd.Index]) -> None:
        super().__init__()
        self.families = tuple(families)
        self.indexes = dict(indexes)
        self.shared: dict[str, list[Pair]] = {name: [] for name in SHARED}
        self.settled: list[Pair] = []
        self.fixed: tuple[str, ...] = ()
        self.totals: dict[str, LinearExpression] = {}

    def total(self, name: str) -> LinearExpression:
        """Return a shared expression in linopy's form; from now on nothing is added to it."""
        if name not in self.totals:
            dims = (*_each(*chain(*self.shared[name])), *SHARED[name])
            self.totals[name] = expression(self, self.shared[name], dims)
        return self.totals[name]


def contribute(model: Model, name: str, *terms: Pair | Variable | LinearExpression) -> None:
    """Add terms to a shared expression: pairs of coefficient and variable, or what linopy made."""
    if not SHARED[name]:
        raise ValueError(f"{name} is what families say of their variables: `worth`, `emitted`")
    if name in model.totals:
        raise ValueError(f"{name} is used by a family before this one: add to it in `declare`")
    model.shared[name] += [term if isinstance(term, tuple) else (1.0, term) for term in terms]


def expression(model: Model, pairs: Iterable[Pair], dims: tuple[str, ...]) -> LinearExpression:
    """Return the sum of coefficient times variable, over `dims`; other dimensions are summed."""
    indexes = {dim: model.indexes[dim] for dim in dims}
    return LinearExpression(xr.Dataset(_terms(pairs, indexes), indexes), model)


def require(
    model: Model,
    name: str,
    *pairs: Pair,
    over: tuple[str, ...],
    equal: Coefficient | None = None,
    at_most: Coefficient | None = None,
    at_least: Coefficient | None = None,
    mask: xr.DataArray | None = None,
) -> None:
    """State rows: the sum of coefficient times variable against one right side.

    Parameters
    ----------
    model : Model
    name : str
        "family:row".
    *pairs : tuple
        Coefficient, a number or an array, and variable or expression.
    over : tuple of str
        For which labels there is a row each; other dimensions, but scenarios, are summed.
    equal, at_most, at_least : array or number
        The right side; exactly one of them.
    mask : xarray.DataArray, optional
        Where there is a row, over all labels or, where it has fewer, only some.
    """
    ((sign, right),) = (
        (s, r) for s, r in (("=", equal), ("<=", at_most), (">=", at_least)) if r is not None
    )
    over, own = (*_each(right, *chain(*pairs)), *over), {} if mask is None else mask.indexes
    indexes = {dim: own.get(dim, model.indexes[dim]) for dim in over}
    shape = tuple(len(index) for index in indexes.values())
    right = np.array(np.broadcast_to(_aligned(right, over, indexes), shape), float)
    rows = {"rhs": right, "sign": np.full(shape, sign), "scaling": np.ones(shape)}
    stated = {part: (over, values) for part, values in rows.items()}
    data = xr.Dataset(_terms(pairs, indexes) | stated, indexes)
    model.add_constraints(linopy.Constraint(data, model, skip_broadcast=True), name=name, mask=mask)


def _each(*parts: Coefficient | Variable | LinearExpression) -> tuple[str, ...]:
    """Return the dimension of scenarios if one of the parts has it."""
    return ("scenario",) if any("scenario" in getattr(part, "dims", ()) for part in parts) else ()


def _terms(
    pairs: Iterable[Pair], indexes: Mapping[str, pd.Index]
) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """Return labels and coefficients over some dimensions and `_term`, those without gaps."""
    shape = tuple(len(index) for index in indexes.values())
    blocks = [block for pair in pairs for block in _block(pair, indexes, shape)]
    none = (np.full((*shape, 0), -1, np.int32), np.zeros((*shape, 0)))
    labels, factors = (np.concatenate(part, axis=-1) for part in zip(none, *blocks, strict=True))
    there = labels >= 0
    most = int(there.sum(axis=-1).max(initial=0))
    if 2 * most < labels.shape[-1]:  # memory by what is there, not by the longest of its kind
        kept = np.argsort(~there, axis=-1, kind="stable")[..., :most]
        labels, factors = (np.take_along_axis(part, kept, axis=-1) for part in (labels, factors))
        there = labels >= 0
    dims, factors = (*indexes, "_term"), np.where(there, factors, np.nan)
    return {"coeffs": (dims, factors), "vars": (dims, labels)}


def _block(
    pair: Pair, indexes: Mapping[str, pd.Index], shape: tuple[int, ...]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the terms of a pair as labels and coefficients, each over the shape and the terms."""
    factor, terms = pair
    if isinstance(terms, Variable):
        labels, own = terms.labels, None
    else:
        labels, own = terms.data["vars"], terms.data["coeffs"]
        if np.any(terms.data["const"].values != 0):
            raise ValueError("a term of an expression must not have a constant part")
    dims = (*indexes, *(dim for dim in labels.dims if dim not in indexes))
    known = {**{d: labels.indexes[d] for d in labels.dims if d in labels.indexes}, **indexes}
    where, coefficient = _aligned(labels, dims, known), _aligned(factor, dims, known)
    wide = np.broadcast_shapes(where.shape, (*shape, *[1] * (len(dims) - len(shape))))
    if own is not None:
        coefficient = coefficient * _aligned(own, dims, known)
    flat = (*shape, -1) if np.prod(wide) else (*shape, 0)
    yield (
        np.broadcast_to(where, wide).reshape(flat),
        np.broadcast_to(coefficient, wide).reshape(flat).astype(float),
    )


def _aligned(
    array: Coefficient, dims: tuple[Hashable, ...], indexes: Mapping[Any, pd.Index]
) -> np.ndarray:
    """Return values with an axis for each dimension, of length one where the array has none.

    Raises
    ------
    ValueError
        The array has other dimensions, or other labels.
    """
    if not isinstance(array, xr.DataArray):
        return np.full((1,) * len(dims), array, float)
    name, strange = array.name or "array", [dim for dim in array.dims if dim not in dims]
    if strange:
        among = ", ".join(map(str, dims))
        raise ValueError(f"{name}: dimension {strange[0]} is not among {among}")
    for dim in array.dims:
        if dim in array.indexes and not array.indexes[dim].equals(indexes[dim]):
            raise ValueError(f"{name}: other labels of {dim} than the variables have")
    there = [dim for dim in dims if dim in array.dims]
    values = array.variable.transpose(*there).values
    return values.reshape([array.sizes[dim] if dim in array.dims else 1 for dim in dims])


def priced(families: Iterable[Family], data: xr.Dataset, model: Model) -> list[Pair]:
    """Return the terms of the benefit (1), USD: what the families say each variable is worth."""
    return _said(families, "worth", lambda family: family.worth(data).values(), model)


def settled(families: Iterable[Family], data: xr.Dataset, model: Model) -> list[Pair]:
    """Return the terms of the benefit (1) that no schedule can change, USD."""
    return _said(families, "settled", lambda family: [family.settled(data)], model)


def polluting(families: Iterable[Family], data: xr.Dataset, model: Model) -> list[Pair]:
    """Return the terms of the emissions (16), tCO2e."""
    return _said(families, "emitted", lambda family: [family.emitted(data)], model)


def _said(
    families: Iterable[Family],
    method: str,
    asked: Callable[[Family], Iterable[Mapping[str, Coefficient]]],
    model: Model,
) -> list[Pair]:
    """Return the terms of what families say of their units, an error under the method's name."""
    pairs: list[Pair] = []
    for family in families:
        with asking(family, method):
            for units in asked(family):
                pairs += _of_units(units, model)
    return pairs


def _of_units(units: Mapping[str, Coefficient], model: Model) -> Iterator[Pair]:
    """Yield coefficient and variable of what a family says by name."""
    kept = {*DECISIONS, *(q.name for family in model.families for q in family.decisions)}
    for name, unit in units.items():
        if name not in model.variables:
            raise ValueError(f"{name!r} is no variable of the model")
        if name not in kept:
            raise ValueError(f"{name!r} is not among the decisions that a schedule keeps")
        _aligned(unit, model[name].dims, model[name].indexes)  # while it is known whose it is
        yield unit, model[name]
