"""Decimal marks and those between thousands: what a number looks like, and which marks read one."""

from __future__ import annotations

import re

import pandas as pd

from carbonsched.sources.layout import Layout

_PAIRS = ((".", None), (",", None), (",", "."), (".", ","), (".", " "), (",", " "), (".", "'"))


def number(layout: Layout) -> str:
    """Return what a number looks like; thousands are in groups of three, or it is none."""
    return _number(layout.decimal, layout.thousands)


def _number(decimal: str, thousands: str | None) -> str:
    whole = r"\d+"
    if thousands:
        whole = rf"(?:\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d+)"
    point = re.escape(decimal)
    return rf"[+-]?(?:{whole}(?:{point}\d*)?|{point}\d+)(?:[eE][+-]?\d+)?"


def told(layout: Layout) -> str:
    """Return the marks of a layout in words.

    Examples
    --------
    >>> told(Layout(decimal=",", thousands="."))
    "decimal ',' and thousands '.'"
    """
    return f"decimal {layout.decimal!r}" + (
        f" and thousands {layout.thousands!r}" if layout.thousands else ""
    )


def cure(texts: pd.Series, layout: Layout, column: str) -> list[str]:
    """Return by which other marks all cells of a column are numbers, as a fault, if by any.

    Examples
    --------
    >>> cure(pd.Series(["1,234.5", "0.5"]), Layout(), "price")
    ["column 'price': its cells are numbers if you say thousands: ','"]
    >>> cure(pd.Series(["1,234"]), Layout(), "price")
    ["column 'price': its cells are numbers if you say decimal: ',' or thousands: ','"]
    """
    fitting = [
        pair
        for pair in _PAIRS
        if pair != (layout.decimal, layout.thousands) and texts.str.fullmatch(_number(*pair)).all()
    ]
    plain = {decimal for decimal, thousands in fitting if thousands is None}
    fitting = [(d, t) for d, t in fitting if t is None or d not in plain]
    said = [
        " and ".join(
            [f"decimal: {d!r}"] * (t is None or d != layout.decimal)
            + [f"thousands: {t!r}"] * (t is not None)
        )
        for d, t in fitting
    ]
    return [f"column {column!r}: its cells are numbers if you say {' or '.join(said)}"] * bool(said)
