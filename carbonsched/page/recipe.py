"""Which parameters move which number of a model, found by moving them.

The model is built by the core at a few points, parameter by parameter moved, and each number is
found to be a sum of products of the parameters at its own labels, as `-1.0 * cooling[site, time]`.
The sum is then compared with models built anew at random points: a number of which it is not true
is an error, so that a page states what the core states or is not written.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from carbonsched.core.schema import PARAMETERS
from carbonsched.page.gates import Gate, gates_of
from carbonsched.page.pattern import NEEDED, WIDE, Pattern, pattern_of

FIXED = {
    "step_hours": "the length of a period shapes the whole model: change it in a notebook",
    "home": "a service's home decides which routes a method leaves: change it in a notebook",
    "battery_recovery": "a recovery changes the reserve from period to period: change it in a notebook",
}
_COUNTED = ("duration", "release", "deadline", "allowed", "required")  # in gates only
_DIGITS, _CLOSE = 12, 1e-9  # of coefficients; relative, of a number built anew


@dataclass(frozen=True)
class Product:
    """A term of some numbers: a factor times parameters, each or its reciprocal.

    Attributes
    ----------
    places : numpy.ndarray
        In the list of the pattern.
    factor : numpy.ndarray
    of : tuple
        Name of a parameter, its power 1 or -1, and the position of an element for each place.
    """

    places: np.ndarray
    factor: np.ndarray
    of: tuple[tuple[str, int, np.ndarray], ...]


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
        """Return the list of the pattern's numbers, as a page computes it."""
        values = {name: counted(data, name).ravel() for name in self.dims}
        numbers = self.constant.copy()
        for product in self.products:
            term = product.factor
            for name, power, at in product.of:
                term = term * values[name][at] ** power
            np.add.at(numbers, product.places, term)
        closed, opened = np.full(len(numbers), np.nan), np.zeros(len(numbers), bool)
        for gate in self.gates:
            holds = np.ones(len(gate.places), bool)
            for comparison in gate.comparisons:
                total = np.zeros(len(gate.places))
                for sign, name, positions in comparison.terms:
                    at = index(positions, data[name])
                    total = total + sign * values[name][at]
                least = comparison.least
                holds &= total > least if comparison.strict else total >= least
            closed[gate.places] = gate.closed
            opened[gate.places] |= holds
        return np.where(np.isnan(closed) | opened, numbers, closed)


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
        A number of the model is no sum of products of parameters at its labels.
    """
    rng = np.random.default_rng(seed)
    dims = {name: tuple(map(str, data[name].dims)) for name in PARAMETERS if name not in FIXED}
    base = _open(data)
    amounts = [name for name in dims if name not in _COUNTED]
    pattern = pattern_of(_moved(base, amounts, rng))
    movers = _movers(pattern, base, amounts, rng)
    constant, products = _factored(pattern, base, amounts, movers, rng)
    gates = tuple(gates_of(pattern, data.sizes["time"]))
    recipe = Recipe(pattern, constant, products, gates, dims)
    for _ in range(3):
        _require_same(recipe, anywhere(data, amounts, rng))
    _require_same(recipe, data)
    return recipe


def counted(data: xr.Dataset, name: str) -> np.ndarray:
    """Return a parameter as numbers: labels of time by position, yes as 1."""
    values = data[name].values
    if PARAMETERS[name].kind == "time":
        values = data.indexes["time"].get_indexer(values.ravel()).reshape(values.shape)
        if (values < 0).any():
            raise ValueError(f"{name}: a page takes labels of time only")
    return values.astype(float)


def index(positions: Mapping[str, np.ndarray], array: xr.DataArray) -> np.ndarray:
    """Return the flat positions of an array's elements, by the dimensions that it has.

    Raises
    ------
    ValueError
        There is a number to which the array has no label: what moves it is elsewhere.
    """
    if not array.dims:
        return np.zeros(len(next(iter(positions.values()))), int)
    at = tuple(positions[str(dim)] for dim in array.dims)
    if any((along < 0).any() for along in at):
        raise ValueError(f"{array.name} moves a number of the model at other labels than its own")
    return np.ravel_multi_index(at, array.shape)


def anywhere(data: xr.Dataset, amounts: Iterable[str], rng: np.random.Generator) -> xr.Dataset:
    """Return data with random parameters, some of which close gates."""
    times = data.indexes["time"]
    jobs, periods = data.sizes["job"], len(times)
    release = rng.integers(0, periods, jobs)
    new = _moved(data, amounts, rng).assign(
        release=("job", times[release]),
        deadline=("job", times[rng.integers(0, periods, jobs)]),
        duration=("job", rng.integers(1, periods + 1, jobs)),
        allowed=(data.allowed.dims, rng.random(data.allowed.shape) < 0.7),
        required=("job", rng.random(jobs) < 0.3),
    )
    new["latency"] = new.latency.copy(data=rng.uniform(0.5, 1.5, new.latency.shape))
    if data.sizes["service"] and data.sizes["site"]:
        new["latency"][:, 0] = 0.5  # some site is in reach
    new["import_price"] = new.import_price - rng.choice([0.0, 3.0], new.import_price.shape, p=[0.95, 0.05])
    for name in ("export_limit", "charge_limit"):
        new[name] = new[name] * (rng.random(new[name].shape) < 0.7)
    return new


def _open(data: xr.Dataset) -> xr.Dataset:
    """Return data with everything in reach, so that every entry of the pattern is stated."""
    times = data.indexes["time"]
    return data.assign(
        release=data.release.copy(data=np.full(data.sizes["job"], times[0])),
        deadline=data.deadline.copy(data=np.full(data.sizes["job"], times[-1])),
        duration=xr.full_like(data.duration, len(times)),
        allowed=xr.ones_like(data.allowed, bool),
        required=xr.ones_like(data.required, bool),
    )


def _moved(data: xr.Dataset, names: Iterable[str], rng: np.random.Generator) -> xr.Dataset:
    """Return data with other numbers, between one and two; latency stays within its limit."""
    low = {"latency": 0.1}
    return data.assign(
        {
            name: data[name].copy(
                data=low.get(name, 1.0) + low.get(name, 1.0) * rng.random(data[name].shape)
            )
            for name in names
        }
    )


def _movers(
    pattern: Pattern, base: xr.Dataset, amounts: Iterable[str], rng: np.random.Generator
) -> dict[tuple[str, ...], np.ndarray]:
    """Return the places of the list by the names of the parameters that move them."""
    point = _moved(base, amounts, rng)
    before = pattern.numbers(point, WIDE)
    movers: list[list[str]] = [[] for _ in before]
    for name in amounts:
        for place in np.flatnonzero(pattern.numbers(_moved(point, [name], rng), WIDE) != before):
            movers[place].append(name)
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, by in enumerate(movers):
        groups.setdefault(tuple(by), []).append(place)
    return {by: np.array(places) for by, places in groups.items()}


def _factored(
    pattern: Pattern,
    base: xr.Dataset,
    amounts: list[str],
    movers: Mapping[tuple[str, ...], np.ndarray],
    rng: np.random.Generator,
) -> tuple[np.ndarray, tuple[Product, ...]]:
    """Return constants and products: for each number the factors that reproduce it everywhere.

    Raises
    ------
    ValueError
        Names the parameters of a number that no sum of their products is.
    """
    points = [_moved(base, amounts, rng) for _ in range(2 ** max(map(len, movers)) + 2)]
    models = np.stack([_open_numbers(pattern, point) for point in points])
    constant, products = np.zeros(models.shape[1]), list[Product]()
    endless = np.isinf(models[0])
    constant[endless] = models[0, endless]
    for by, places in movers.items():
        left = places[~endless[places]]
        for powers in itertools.product((1, -1), repeat=len(by)):
            positions = {dim: labels[left] for dim, labels in pattern.labels.items()}
            at = {name: index(positions, base[name]) for name in by}
            values = {
                name: np.stack([point[name].values.ravel()[at[name]] for point in points]) ** power
                for name, power in zip(by, powers, strict=True)
            }
            sets = [some for size in range(len(by) + 1) for some in itertools.combinations(by, size)]
            ones = np.ones((len(points), len(left)))
            terms = np.stack([np.prod([ones, *(values[n] for n in some)], axis=0) for some in sets])
            few = slice(len(sets))  # points: as many as there are factors
            design, numbers = terms[:, few].transpose(2, 1, 0), models[few][:, left].T[..., None]
            factor = _short(np.linalg.solve(design, numbers)[..., 0])  # by place and set
            told = np.einsum("spn,ns->pn", terms, factor)
            fits = np.isclose(told, models[:, left], rtol=_CLOSE, atol=0).all(axis=0)
            for k, some in enumerate(sets):
                there = fits & (factor[:, k] != 0)
                if not some:
                    constant[left[there]] = factor[there, k]
                elif there.any():
                    of = [(n, power, at[n][there]) for n, power in zip(by, powers, strict=True) if n in some]
                    products.append(Product(left[there], factor[there, k], tuple(of)))
            left = left[~fits]
            if not left.size:
                break
        else:
            what = " and ".join(by) or "nothing"
            raise ValueError(f"a number of the model is moved by {what}, and no sum of its products")
    return constant, tuple(products)


def _open_numbers(pattern: Pattern, point: xr.Dataset) -> np.ndarray:
    """Return the numbers of a model with every gate open.

    A job that runs all the time is in every entry, and one that runs a period may start any time.
    """
    numbers = pattern.numbers(point.assign(duration=xr.ones_like(point.duration)), WIDE)
    entries = slice(pattern.counts[0])
    numbers[entries] = pattern.numbers(point, WIDE)[entries]
    return numbers


def _short(factor: np.ndarray) -> np.ndarray:
    """Return factors as a person would write them: without what rounding has left."""
    different, at = np.unique(factor, return_inverse=True)
    short = [float(f"{value:.{_DIGITS}g}") if abs(value) > _CLOSE else 0.0 for value in different]
    return np.array(short)[at].reshape(factor.shape)


def _require_same(recipe: Recipe, data: xr.Dataset) -> None:
    """Raise ValueError unless the recipe gives the numbers of the model that the core builds."""
    if faults := differing(recipe, data):
        raise ValueError("a page would state another model: " + "; ".join(faults[:5]))


def differing(recipe: Recipe, data: xr.Dataset) -> list[str]:
    """Return in words where a recipe differs from the model that the core builds of data.

    A row that the core leaves out may stand if the bounds of its columns keep it anyway.
    """
    pattern = recipe.pattern
    told, built = recipe.numbers(data), pattern.numbers(data, NEEDED)
    left_out = _idle_rows(pattern, told) & _idle_rows(pattern, built, without_limits=True)
    used = np.bincount(pattern.column[~left_out[pattern.row]], minlength=pattern.counts[1]) > 0
    at = pattern.parts
    idle = np.zeros(len(told), bool)
    idle[: at["cost"]] = left_out[pattern.row]
    idle[at["row_lower"] :] = np.tile(left_out, 2)
    for name in pattern.integers:  # a state of which no row is left
        places = pattern.places("column_upper", name)
        idle[places] = ~used[places - at["column_upper"]]
    same = np.isclose(told, built, rtol=_CLOSE, atol=0) | idle
    return [_named(pattern, place, told[place], built[place]) for place in np.flatnonzero(~same)]


def _idle_rows(pattern: Pattern, numbers: np.ndarray, without_limits: bool = False) -> np.ndarray:
    """Return which rows have no limits, or none that the bounds of their columns do not keep."""
    part = {name: numbers[begin:] for name, begin in pattern.parts.items()}
    entries, columns, rows = pattern.counts
    lower, upper = part["row_lower"][:rows], part["row_upper"][:rows]
    if without_limits:
        return np.isinf(lower) & np.isinf(upper)
    entry = part["entry"][:entries]
    ends = [entry * part[side][:columns][pattern.column] for side in ("column_lower", "column_upper")]
    least = np.bincount(pattern.row, np.minimum(*ends), minlength=rows)
    most = np.bincount(pattern.row, np.maximum(*ends), minlength=rows)
    return (least >= lower) & (most <= upper)


def _named(pattern: Pattern, place: int, told: float, built: float) -> str:
    part = max((n for n, at in pattern.parts.items() if at <= place), key=pattern.parts.__getitem__)
    at = {dim: int(labels[place]) for dim, labels in pattern.labels.items() if labels[place] >= 0}
    return f"{part} {place} at {at}: {told:g}, and {built:g} in the core's model"
