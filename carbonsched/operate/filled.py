"""Which values of an instance are not observed but filled: the text of its attribute `filled`.

One entry a run of periods, "import_price us-ca 2023-07-24T19:00Z/2023-09-05T17:00Z", in UTC, the
end excluded; entries are parted by "; ".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from carbonsched.errors import InstanceError

_FORM = "%Y-%m-%dT%H:%MZ"


class Filled(NamedTuple):
    """A run of periods in which a variable is filled at a label: from `begin` until before `end`.

    Attributes
    ----------
    variable, label : str
    begin, end : pandas.Timestamp
        Naive, in UTC.
    """

    variable: str
    label: str
    begin: pd.Timestamp
    end: pd.Timestamp


def told(runs: Iterable[Filled]) -> str:
    """Return the text of runs.

    Examples
    --------
    >>> text = "import_price us-ca 2023-07-24T19:00Z/2023-09-05T17:00Z"
    >>> told(read(text)) == text
    True
    """
    return "; ".join(
        f"{run.variable} {run.label} {run.begin.strftime(_FORM)}/{run.end.strftime(_FORM)}"
        for run in runs
    )


def read(text: str) -> list[Filled]:
    """Return the runs that a text tells of.

    Raises
    ------
    InstanceError
        Lists every entry that is not of this form.
    """
    runs, faults = [], []
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        try:
            variable, rest = entry.split(" ", 1)
            label, span = rest.rsplit(" ", 1)
            begin, end = (pd.to_datetime(at, format=_FORM) for at in span.split("/"))
        except ValueError:
            faults.append(f"filled: {entry!r:.80}: expected variable, label and begin/end in UTC")
            continue
        runs.append(Filled(variable, label, begin, end))
    if faults:
        raise InstanceError(faults, "filled")
    return runs


def within(runs: Iterable[Filled], begin: pd.Timestamp, end: pd.Timestamp) -> list[Filled]:
    """Return what of some runs lies from `begin` until before `end`."""
    return [
        Filled(run.variable, run.label, max(run.begin, begin), min(run.end, end))
        for run in runs
        if run.begin < end and run.end > begin
    ]
