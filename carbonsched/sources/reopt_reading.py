"""Numbers and years of numbers of a REopt document, each with its key where it is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

HOURS = 8760  # of REopt's year, leap year or not


@dataclass
class Reading:
    """What has been found of a document so far."""

    given: dict[str, Any]
    found: dict[str, Any]
    steps: int = 1  # per hour
    values: dict[str, float] = field(default_factory=dict)
    series: dict[str, pd.Series] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def get(self, name: str, key: str) -> Any:
        """Return a given value, or None; it counts as taken."""
        value = part_of(self.given, name).get(key)
        if value not in (None, "", [], {}):
            self.taken.add(f"{name}.{key}")
            return value
        return None

    def result(self, name: str, key: str) -> Any:
        """Return a value of the results, or None."""
        value = part_of(self.found, name).get(key)
        return None if value in (None, [], {}) else value

    def number(self, key: str, value: Any) -> float | None:
        """Return a value as a number; otherwise it is a fault."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
            self.faults.append(f"{key}: {value!r:.60} is no number")
            return None
        return float(value)

    def year(self, key: str, value: Any) -> pd.Series | float | None:
        """Return a value as a number, or as a year of numbers; otherwise it is a fault."""
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if not isinstance(value, list):
            return self.number(key, value)
        numbers = np.array([v if isinstance(v, int | float) else np.nan for v in value], float)
        if not np.isfinite(numbers).all():
            at = int(np.flatnonzero(~np.isfinite(numbers))[0])
            self.faults.append(f"{key}[{at}]: {value[at]!r:.60} is no number")
            return None
        per_hour, rest = divmod(len(value), HOURS)
        if rest or per_hour not in (1, 2, 4):
            told = f"{len(value):,} values are no year of hours, half or quarter hours"
            self.faults.append(f"{key}: {told} (8,760, 17,520, 35,040)")
            return None
        if per_hour > self.steps:
            numbers = numbers.reshape(-1, per_hour // self.steps).mean(axis=1)
            self.notes.append(f"{key}: {per_hour} values an hour, averaged to {self.steps}.")
        else:
            numbers = np.repeat(numbers, self.steps // per_hour)
        index = pd.Index(np.arange(len(numbers)) / self.steps, name="hours")
        return pd.Series(numbers, index=index)

    def put(self, name: str, key: str, value: Any, times: float) -> None:
        """Keep a value or a series, in units of the model."""
        found = self.year(key, value)
        if isinstance(found, pd.Series):
            self.series[name] = found * times
        elif isinstance(found, float):
            self.values[name] = found * times


def part_of(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what a document says of one of its parts."""
    value = given.get(name)
    return value if isinstance(value, dict) else {}
