"""A conflict and a remedy in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

import pandas as pd
import xarray as xr

from carbonsched.core.schema import LIMITS, PARAMETERS
from carbonsched.diagnosis.amounts import hourly, listed, number, spans
from carbonsched.diagnosis.conflict import Conflict
from carbonsched.diagnosis.remedies import Remedy


def conflict_sentences(data: xr.Dataset, conflict: Conflict) -> list[str]:
    """Return a sentence a family: its equation, the labels and the hours that take part.

    Labels with the same hours share their mention.
    """
    lines = []
    families = cast(Iterable[Any], conflict.members.groupby(["equation", "limit"], sort=True))
    for (equation, limit), rows in families:
        places = "; ".join(_places(data, rows))
        lines.append(f"({equation}) {LIMITS[limit].words}" + (f": {places}" if places else ""))
    if not conflict.irreducible:
        lines.append("(the time ran out: some of these may not be needed)")
    return lines


def _places(data: xr.Dataset, rows: pd.DataFrame) -> Iterator[str]:
    """Return labels with their hours, labels of the same hours together."""
    hours = {
        str(label): tuple(data.indexes["time"].get_indexer(group.time.dropna()))
        for label, group in rows.groupby("label", sort=False)
        if label
    }
    for at in dict.fromkeys(hours.values()):
        who = listed([label for label, other in hours.items() if other == at])
        yield f"{who}, {spans(data, at)}" if at else who


def remedy_sentence(data: xr.Dataset, remedy: Remedy, brief: bool = False) -> str:
    """Return a remedy in words: the least change in all and, unless brief, what it is made of."""
    limit, amount = LIMITS[remedy.parameter], number(remedy.amount)
    said = f"{limit.verb} the {limit.words} by {amount} {remedy.unit}"
    if remedy.parameter == "required":
        said = f"let {amount} of the {limit.words} be declined"
    hourly_change = "time" in remedy.moved.dims
    parts = [] if brief and hourly_change else list(_parts(data, remedy))
    return f"{said} ({'; '.join(parts)})" if parts else said


def _parts(data: xr.Dataset, remedy: Remedy) -> Iterator[str]:
    """Return the labels that change, by how much, and when."""
    change = abs(remedy.moved)
    unit = PARAMETERS[remedy.parameter].unit
    dims = [dim for dim in change.dims if dim != "time"]
    if not dims:
        return
    (dim,) = dims
    for label in change[dim].values:
        here = change.sel({dim: label}, drop=True)
        if not here.any():
            continue
        if here.dims:
            yield f"{label} {hourly(data, here, unit)}"
        elif remedy.parameter == "required":
            yield str(label)
        elif remedy.parameter == "latency_limit":
            limit = float(data.latency_limit.sel(service=label)) + float(here)
            yield f"{label} to {limit:g} {unit}"
        else:
            yield f"{label} {number(float(here))} {unit}"
