"""Exact rational arithmetic over labelled arrays: nothing is rounded, so nothing hides in rounding.

A number means the decimal that it is written as: the shortest that reads back as the same float.
So 0.1 is one tenth, as in the table it was read from, and not the binary fraction next to it.
Arrays hold `fractions.Fraction`; xarray adds, multiplies and compares them like any others.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import xarray as xr

from carbonsched.core.schema import PARAMETERS

COMPARED = ("latency", "latency_limit")  # only ever compared, for which floats are exact
EXACT = tuple(n for n, q in PARAMETERS.items() if q.kind == "float" and n not in COMPARED)


def rational(number: float) -> Fraction:
    """Return the decimal that a float is written as."""
    return Fraction(repr(float(number)))


def _rational_or_infinite(number: float) -> Fraction | float:
    return rational(number) if math.isfinite(number) else float(number)


def exact(array: xr.DataArray) -> xr.DataArray:
    """Return an array of floats as rationals; what is infinite stays so."""
    rationals = np.frompyfunc(_rational_or_infinite, 1, 1)(np.asarray(array.values, dtype=float))
    return array.copy(data=np.asarray(rationals, dtype=object))


def exact_data(data: xr.Dataset) -> xr.Dataset:
    """Return the data of an instance with every quantity that enters a sum as rationals."""
    return data.assign({name: exact(data[name]) for name in EXACT})


def as_float(number: Fraction) -> float:
    """Return the nearest float, infinite where there is none as large."""
    try:
        return float(number)
    except OverflowError:
        return math.copysign(math.inf, number)


def decimals(largest: float, figures: int) -> int:
    """Return how many decimals give numbers up to some size that many figures; none if negative.

    Examples
    --------
    >>> decimals(250.0, 6), decimals(0.25, 6), decimals(1e9, 6)
    (3, 6, 0)
    """
    if not 0 < largest < math.inf:
        return figures
    return max(figures - 1 - math.floor(math.log10(largest)), 0)


def total(array: xr.DataArray) -> Fraction:
    """Return the sum of an array of rationals; that of an empty one is zero."""
    return sum(array.values.ravel().tolist(), Fraction(0))


def rounded_down(number: Fraction, digits: int) -> Fraction:
    """Return the largest decimal of some digits after the point that is not above a number."""
    return Fraction(math.floor(number * 10**digits), 10**digits)


def rounded_up(number: Fraction, digits: int) -> Fraction:
    """Return the smallest decimal of some digits after the point that is not below a number."""
    return -rounded_down(-number, digits)


def written(number: Fraction) -> str:
    """Return a rational as text that `Fraction` reads back: a decimal if it is one."""
    odd = number.denominator
    twos, fives = 0, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    while odd % 5 == 0:
        odd, fives = odd // 5, fives + 1
    digits = max(twos, fives)
    if odd != 1 or not digits:
        return str(number)
    sign = "-" if number < 0 else ""
    shifted = str(abs(number * 10**digits)).rjust(digits + 1, "0")
    return f"{sign}{shifted[:-digits]}.{shifted[-digits:]}"
