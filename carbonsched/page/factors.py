"""Which parameters move which number of a model, found by moving them all.

The core builds the model at a few random points. A number of it is moved by parameters at its own
labels only, and it is a sum of products of them or their reciprocals: of such sums the shortest
that gives the number at every point, `-1.0 * cooling[site, time]`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.page.pattern import WIDE, Pattern
from carbonsched.page.points import moved

CLOSE = 1e-9  # relative, of a number that is told and one that is built
_DIGITS = 12  # of a factor
_MOST = 3  # parameters of a number


@dataclass(frozen=True)
class Product:
    """A term of some numbers: a factor times parameters, each or its reciprocal.

    Attributes
    ----------
    places : numpy.ndarray
        In the list of the pattern.
    factor : numpy.ndarray
        Of each number.
    of : tuple
        Name of a parameter, its power 1 or -1, and for each number the position of the element.
    """

    places: np.ndarray
    factor: np.ndarray
    of: tuple[tuple[str, int, np.ndarray], ...]


def factored(
    pattern: Pattern, base: xr.Dataset, names: list[str], rng: np.random.Generator
) -> tuple[np.ndarray, tuple[Product, ...]]:
    """Return what every number is without a parameter, and the products that add to it.

    Parameters
    ----------
    pattern : Pattern
    base : xarray.Dataset
        With everything in reach, see `carbonsched.page.points.opened`.
    names : list of str
        The parameters that may move numbers.
    rng : numpy.random.Generator
        Where the model is built.

    Raises
    ------
    ValueError
        A number is no such sum.
    """
    points = [moved(base, names, rng) for _ in range(2**_MOST + 2)]
    models = np.stack([pattern.numbers(point, WIDE) for point in points])
    given = {name: points[0][name] for name in names}
    drawn = {name: np.stack([point[name].values.ravel() for point in points]) for name in names}
    if base.sizes["job"]:  # a short job may start at any time
        short = points[0].assign(duration=xr.ones_like(base.duration))
        window = pattern.places("row_upper", "jobs:window")
        models[:, window] = pattern.numbers(short, WIDE)[window]
    endless = np.isinf(models[0])
    constant, products = np.where(endless, models[0], 0.0), list[Product]()
    for places in pattern.alike():
        left = places[~endless[places]]
        while left.size:
            powers = _shortest(pattern, given, drawn, models, left[:1])
            terms, at = _terms(pattern, given, drawn, powers, left)
            factor, fits = _fitted(terms, models[:, left])
            for k, some in enumerate(_subsets(tuple(powers))):
                there = fits & (factor[:, k] != 0)
                if not some:
                    constant[left[there]] = factor[there, k]
                elif there.any():
                    of = tuple((name, powers[name], at[name][there]) for name in some)
                    products.append(Product(left[there], factor[there, k], of))
            left = left[~fits]
    return constant, tuple(products)


def _shortest(
    pattern: Pattern,
    given: Mapping[str, xr.DataArray],
    drawn: Mapping[str, np.ndarray],
    models: np.ndarray,
    place: np.ndarray,
) -> dict[str, int]:
    """Return the fewest parameters, and their powers, that give a number at every point."""
    here = {dim for dim, labels in pattern.labels.items() if labels[place[0]] >= 0}
    near = [name for name, array in given.items() if here.issuperset(array.dims)]
    positions = {dim: labels[place] for dim, labels in pattern.labels.items()}
    values = {name: drawn[name][:, index(positions, given[name])[0]] for name in near}
    for size in range(_MOST + 1):
        sums: list[dict[str, int]] = [
            dict(zip(some, powers, strict=True))
            for some in itertools.combinations(near, size)
            for powers in itertools.product((1, -1), repeat=size)
        ]
        terms = np.ones((2**size, len(models), len(sums)))
        for k, which in enumerate(_subsets(tuple(range(size)))):
            for n in which:
                of = [list(chosen.items())[n] for chosen in sums]
                terms[k] *= np.stack([values[name] ** power for name, power in of], axis=1)
        _, fits = _fitted(terms, np.repeat(models[:, place], len(sums), axis=1))
        if fits.any():
            return sums[int(fits.argmax())]
    label = {dim: int(pattern.labels[dim][place[0]]) for dim in sorted(here)}
    raise ValueError(f"a number of the model at {label} is no sum of products of its parameters")


def index(positions: Mapping[str, np.ndarray], array: xr.DataArray) -> np.ndarray:
    """Return the flat positions of an array's elements, by the dimensions that it has.

    Raises
    ------
    ValueError
        There is a number to which the array has no label: what moves it is elsewhere.
    """
    at = [positions[str(dim)] for dim in array.dims]
    if not at:
        return np.zeros(len(next(iter(positions.values()))), int)
    if any((along < 0).any() for along in at):
        raise ValueError(f"{array.name} moves a number of the model at other labels than its own")
    return np.ravel_multi_index(tuple(at), array.shape)


def _subsets(names: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    sizes = range(len(names) + 1)
    return [some for size in sizes for some in itertools.combinations(names, size)]


def _terms(
    pattern: Pattern,
    given: Mapping[str, xr.DataArray],
    drawn: Mapping[str, np.ndarray],
    powers: Mapping[str, int],
    places: np.ndarray,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the products of parameters by subset, point and place, and where the elements are."""
    positions = {dim: labels[places] for dim, labels in pattern.labels.items()}
    at = {name: index(positions, given[name]) for name in powers}
    values = {name: drawn[name][:, at[name]] ** power for name, power in powers.items()}
    ones = np.ones((len(next(iter(drawn.values()))), len(places)))
    sets = _subsets(tuple(powers))
    return np.stack([np.prod([ones, *(values[n] for n in some)], axis=0) for some in sets]), at


def _fitted(terms: np.ndarray, models: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return factors by place and subset, and whether they give the numbers at every point."""
    count = len(terms)  # of points, as many as there are factors
    design = terms[:, :count].transpose(2, 1, 0)
    factor = _short(np.linalg.solve(design, models[:count].T[..., None])[..., 0])
    told = np.einsum("spn,ns->pn", terms, factor)
    return factor, np.all(np.isclose(told, models, rtol=CLOSE, atol=0), axis=0)


def _short(factor: np.ndarray) -> np.ndarray:
    """Return factors as a person would write them: without what rounding has left."""
    different, at = np.unique(factor, return_inverse=True)
    short = [float(f"{value:.{_DIGITS}g}") if abs(value) > CLOSE else 0.0 for value in different]
    return np.array(short)[at].reshape(factor.shape)
