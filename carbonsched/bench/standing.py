"""Where the benchmark stands: by instance, and by method, as tables and in a few sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import pandas as pd

from carbonsched.bench.check import gap
from carbonsched.bench.entries import Best, Entry, best
from carbonsched.bench.recipe import Recipe
from carbonsched.proof.rational import as_float

CLOSE = (0.01, 0.001)  # relative to the turnover


def by_instance(entries: Iterable[Entry], known: Mapping[str, Recipe]) -> pd.DataFrame:
    """Return the best interval of every instance: value and bound in USD, gap, and by whom.

    `seconds` and `machine` are those that the entry with the best value states.
    """
    entries = list(entries)
    found = {one.instance: one for one in best(entries)}
    of = {(entry.instance, entry.entry): entry for entry in entries}
    rows = []
    for name, recipe in known.items():
        one = found.get(name)
        by = of.get((name, one.value_by)) if one else None
        rows.append(
            {
                "instance": name,
                "kind": recipe.kind,
                "size": recipe.size,
                "outcome": one.outcome if one else "open",
                "value": _number(one.value if one else None),
                "bound": _number(one.bound if one else None),
                "gap": one.gap if one and math.isfinite(one.gap) else math.nan,
                "value by": one.value_by if one else "",
                "bound by": one.bound_by if one else "",
                "seconds": float(by.seconds) if by else math.nan,
                "machine": by.machine if by else "",
                "entries": sum(entry.instance == name for entry in entries),
            }
        )
    return pd.DataFrame(rows).set_index("instance")


def by_method(entries: Iterable[Entry]) -> pd.DataFrame:
    """Return of every name of an entry how many instances it has, and how near it comes.

    What an entry earns is held against the lowest bound that anybody proved on the instance, over
    the turnover of its own schedule; "alone" counts those whose own bound is as near.
    """
    entries = list(entries)
    low = {one.instance: one.bound for one in best(entries)}
    rows = []
    for name in sorted({entry.entry for entry in entries}):
        own = [entry for entry in entries if entry.entry == name]
        row: dict[str, object] = {"entry": name, "entered": len(own)}
        for most in CLOSE:
            near = [e for e in own if gap(e.value, low[e.instance], e.turnover) <= most]
            alone = [e for e in own if e.gap <= most]
            row |= {f"within {most:.1%}": len(near), f"alone {most:.1%}": len(alone)}
        row["no schedule"] = sum(entry.outcome == "no schedule" for entry in own)
        row["median seconds"] = float(pd.Series([float(e.seconds) for e in own]).median())
        rows.append(row)
    return pd.DataFrame(rows).set_index("entry") if rows else pd.DataFrame()


def reading(entries: Iterable[Entry], known: Mapping[str, Recipe]) -> list[str]:
    """Return what the record says in sentences, each with its own count."""
    entries = list(entries)
    found = {one.instance: one for one in best(entries) if one.instance in known}
    count = f"{len(known)} instances, {len(found)} of them with an entry; {len(entries)} entries."
    told = [count]
    told += [
        f"The best interval is at most {most:.1%} wide on {_narrow(found.values(), most)} of them."
        for most in CLOSE
    ]
    none = [one for one in found.values() if one.outcome == "no schedule"]
    claimed = [one for one in found.values() if one.outcome.startswith("no schedule:")]
    told.append(
        f"That there is no schedule is proved for {len(none)}, and claimed but not proved for "
        f"{len(claimed)}."
    )
    return told


def _narrow(found: Iterable[Best], most: float) -> int:
    return sum(one.gap <= most for one in found)


def _number(value: object) -> float:
    return math.nan if value is None else as_float(value)  # pyright: ignore[reportArgumentType]
