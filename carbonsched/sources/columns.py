"""Which rows and which column of a table are the series that is asked for, and in which unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from unicodedata import normalize

import pandas as pd

from carbonsched.sources.profile import Profile, Values
from carbonsched.sources.text import Table

SHOWN = 12  # names that an error lists


@dataclass(frozen=True)
class Found:
    """A column of values."""

    column: str  # as the file calls it
    name: str  # as a person does
    unit: str | None


def key_of(
    table: Table, values: Values, column: str | None, select: Mapping[str, Any]
) -> tuple[str | None, str]:
    """Return the key column of a long table of which `column` is a value, and that value."""
    if column is None or table.named([column]):
        return None, ""
    for name in values.keys:
        held = table.named([name])
        if held and name not in select:
            cells: Any = table.frame[held]
            same = cells.str.casefold() == column.strip().casefold()
            if same.any():
                return name, str(cells[same].iloc[0])
    return None, ""


def selected(
    table: Table, values: Values, select: Mapping[str, Any], faults: list[str]
) -> tuple[Table, list[str]]:
    """Return the rows of one series of a long table."""
    frame: Any = table.frame
    notes = list[str]()
    given = {table.named([name]): name for name in select}
    for held, name in given.items():
        if held is None:
            there = _listed(list(table.frame.columns))
            faults.append(f"select: there is no column {name!r}; there are {there}")
            continue
        kept = frame[held].str.casefold() == normalize("NFC", str(select[name])).strip().casefold()
        if not kept.any():
            there = _listed(table.frame[held].unique())
            faults.append(f"select: column {held!r} has no {select[name]!r}; it has {there}")
            return table, notes
        frame = frame[kept]
    for name, allowed in values.select.items():
        held = table.named([name])
        if held is None or held in given:
            continue
        kept = frame[held].str.casefold().isin([one.casefold() for one in allowed])
        if kept.any() and not kept.all():
            notes.append(f"Only rows whose {held} is {' or '.join(allowed)} were taken.")
            frame = frame[kept]
    for name in values.keys:
        held = table.named([name])
        if held is not None and (several := frame[held].nunique()) > 1 and not faults:
            there = _listed(frame[held].unique())
            first = frame[held].iloc[0]
            faults.append(
                f"column {held!r} tells {several} series apart: {there}; choose one by `column` "
                f"or `select`, such as column: {first}, or select: {{{held}: {first}}}"
            )
    return replace(table, frame=frame), notes


def _listed(names: Any) -> str:
    shown = [str(name) for name in names[:SHOWN]]
    return ", ".join(shown) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def column_of(
    table: Table, form: Profile, column: str | None, faults: list[str], notes: list[str]
) -> Found:
    """Return which column holds the values: as asked for, or the only one there is."""
    found = _candidates(table, form)
    if column is not None:
        plain = column.strip().casefold()
        for test in (
            lambda one: one.column.casefold() == plain or one.name.casefold() == plain,
            lambda one: plain in one.name.casefold(),
        ):
            fitting = [one for one in found if test(one)]
            if len(fitting) == 1:
                return fitting[0]
        held = table.named([column])
        if held is not None and not fitting:
            return Found(held, held, form.values.units.get(held, form.values.unit))
    if column is None and len(found) == 1:
        return found[0]
    preferred = table.named([form.values.default or ""])
    if column is None and (usual := [one for one in found if one.column == preferred]):
        others = _listed([one.name for one in found if one is not usual[0]])
        notes.append(
            f"Of the columns of values, {usual[0].name} was taken; there are {others} too."
        )
        return usual[0]
    there = _listed([one.name for one in found] or list(table.frame.columns))
    if column is not None:
        faults.append(f"there is no column {column!r}; there are {there}")
    elif found:
        told = f"there are {len(found)} columns of values: say which `column`: {there}"
        faults.append(f"{told}; such as column: {found[0].name}")
    else:
        faults.append(f"none of the columns that the profile knows is there; there are {there}")
    return Found("", "", None)


def _candidates(table: Table, form: Profile) -> list[Found]:
    values, found = form.values, list[Found]()
    times = {" ".join(name.split()).casefold() for name in form.time.columns}
    others = times | {name.casefold() for name in (*values.keys, *values.select)}
    for held in table.frame.columns:
        listed = table.named([held]) in [table.named([name]) for name in values.columns]
        match = re.fullmatch(values.pattern, held) if values.pattern else None
        if " ".join(held.split()).casefold() in others or not (listed or match):
            continue
        groups = match.groupdict() if match else {}
        name = (groups.get("name") or held).strip()
        above = table.about.get(f"{values.units_above}.{held}")
        stated = values.units.get(held, values.units.get(name)) or groups.get("unit") or above
        found.append(Found(held, name, stated or values.unit))
    return found


def placeholders(table: Table, values: Values, numbers: pd.Series) -> tuple[pd.Series, list[str]]:
    """Return the numbers without those of rows that another column says are none."""
    notes = list[str]()
    for name, cell in values.placeholder.items():
        held = table.named([name])
        if held is None:
            continue
        cells: Any = table.frame[held]
        sizes: Any = pd.to_numeric(cells, errors="coerce")
        none = (cells == cell) | (sizes == pd.to_numeric(cell, errors="coerce"))
        if none.any():
            notes.append(f"{none.sum()} values whose {held} is {cell} are placeholders: missing.")
            numbers = numbers.mask(none)
    return numbers, notes
