"""The numbers of a model from any parameters over the same labels, as a page computes them.

What is told here is compared with models that the core builds anew at random points: a number of
which it is not true is an error, so that a page states what the core states or is not written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from carbonsched.core.reach import window_positions
from carbonsched.core.schema import PARAMETERS
from carbonsched.page.factors import CLOSE, Product, factored, index
from carbonsched.page.gates import Gate, gates_of
from carbonsched.page.pattern import NEEDED, Pattern, pattern_of
from carbonsched.page.points import anywhere, moved, opened

FIXED = {
    "step_hours": "the length of a period shapes the whole model: change it in a notebook",
    "home": "it decides which routes a method leaves: change it in a notebook",
    "battery_recovery": "it moves the reserve from period to period: change it in a notebook",
}
_GATED = ("duration", "release", "deadline", "allowed", "required")  # which only open and close
_POINTS = 2  # at which a recipe is compared


@dataclass(frozen=True)
class Recipe:
    """The numbers of a model, from any parameters over the same labels.

    Attributes
    ----------
    pattern : Pattern
    constant : numpy.ndarray
        What no parameter moves of each number.
    products : tuple of Product
    gates : tuple of Gate
    dims : dict
        Of each parameter, as it is given.
    """

    pattern: Pattern
    constant: np.ndarray
    products: tuple[Product, ...]
    gates: tuple[Gate, ...]
    dims: Mapping[str, tuple[str, ...]]

    def numbers(self, data: xr.Dataset) -> np.ndarray:
        """Return the list of the pattern's numbers."""
        values = {name: counted(data, name).ravel() for name in self.dims}
        numbers = self.constant.copy()
        for product in self.products:
            term = product.factor
            for name, power, at in product.of:
                term = term * values[name][at] ** power
            np.add.at(numbers, product.places, term)
        closed, open_ = np.full(len(numbers), np.nan), np.zeros(len(numbers), bool)
        for gate in self.gates:
            holds = np.ones(len(gate.places), bool)
            for test in gate.comparisons:
                total = sum(
                    sign * values[name][index(positions, data[name])]
                    for sign, name, positions in test.terms
                )
                holds &= total > test.least if test.strict else total >= test.least
            closed[gate.places] = gate.closed
            open_[gate.places] |= holds
        return np.where(np.isnan(closed) | open_, numbers, closed)


def recipe_of(data: xr.Dataset, seed: int = 0) -> Recipe:
    """Return the recipe for an instance's labels, compared with models built anew.

    Parameters
    ----------
    data : xarray.Dataset
        Of an instance.
    seed : int
        Of the points at which models are built.

    Raises
    ------
    ValueError
        A number of the model is no sum of products of parameters at its labels, or is one only
        under other conditions than the gates.

    Examples
    --------
    >>> import carbonsched as cs
    >>> data = cs.generate(sites=1, periods=2, jobs=1, services=1).data
    >>> recipe = recipe_of(data)
    >>> differing(recipe, data.assign(cooling=1.5 * data.cooling))
    []
    """
    rng = np.random.default_rng(seed)
    dims = {name: tuple(map(str, data[name].dims)) for name in PARAMETERS if name not in FIXED}
    names = [name for name in dims if name not in _GATED]
    base = opened(data)
    pattern = pattern_of(moved(base, names, rng))
    constant, products = factored(pattern, base, names, rng)
    recipe = Recipe(pattern, constant, products, tuple(gates_of(pattern, data)), dims)
    for point in (data, *(anywhere(data, names, rng) for _ in range(_POINTS))):
        if faults := differing(recipe, point):
            raise ValueError("a page would state another model: " + "; ".join(faults[:5]))
    return recipe


def counted(data: xr.Dataset, name: str) -> np.ndarray:
    """Return a parameter as numbers: yes as 1, a window by the positions of its ends."""
    if name in ("release", "deadline"):
        return window_positions(data)[name == "deadline"].astype(float)
    return data[name].values.astype(float)


def differing(recipe: Recipe, data: xr.Dataset) -> list[str]:
    """Return in words where a recipe differs from the model that the core builds of data.

    A row that the core leaves out may stand if the bounds of its columns keep it anyway.
    """
    pattern = recipe.pattern
    told, built = recipe.numbers(data), pattern.numbers(data, NEEDED)
    lower, upper = pattern.limits(built)
    left_out = _idle_rows(pattern, told) & np.isinf(lower) & np.isinf(upper)
    used = np.bincount(pattern.column[~left_out[pattern.row]], minlength=pattern.counts[1]) > 0
    at = pattern.parts
    idle = np.zeros(len(told), bool)
    idle[: at["cost"]] = left_out[pattern.row]
    idle[at["row_lower"] :] = np.tile(left_out, 2)
    for name in pattern.integers:  # a state of which no row is left
        places = pattern.places("column_upper", name)
        idle[places] = ~used[places - at["column_upper"]]
    same = np.isclose(told, built, rtol=CLOSE, atol=0) | idle
    return [_named(pattern, int(k), told[k], built[k]) for k in np.flatnonzero(~same)]


def _idle_rows(pattern: Pattern, numbers: np.ndarray) -> np.ndarray:
    """Return which rows have no limits but those that the bounds of their columns keep."""
    entries, _, rows = pattern.counts
    begin = pattern.parts
    entry = numbers[:entries]
    bounds = [numbers[begin[side] :][pattern.column] for side in ("column_lower", "column_upper")]
    ends = [np.multiply(entry, bound, where=entry != 0, out=0 * entry) for bound in bounds]
    least = np.bincount(pattern.row, np.minimum(*ends), minlength=rows)
    most = np.bincount(pattern.row, np.maximum(*ends), minlength=rows)
    lower, upper = pattern.limits(numbers)
    return (least >= lower) & (most <= upper)


def _named(pattern: Pattern, place: int, told: float, built: float) -> str:
    """Say which number it is, and what it is here and in the core's model."""
    part = max((n for n, at in pattern.parts.items() if at <= place), key=pattern.parts.__getitem__)
    at = {dim: int(labels[place]) for dim, labels in pattern.labels.items() if labels[place] >= 0}
    return f"{part} {place} at {at}: {told:g}, and {built:g} in the core's model"
