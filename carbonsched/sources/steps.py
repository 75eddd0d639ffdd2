"""At which steps the rows of a file follow each other: one, or another from some instant on."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

CHANGED = 12  # equal distances in a row that are another step, and no gaps
MOST_CHANGES = 3  # of the step of a file; more are no change of what it is, but holes in it
_HOUR = 3_600_000_000_000  # ns


def usual_step(stamps: np.ndarray) -> Any:
    """Return the most frequent distance between neighbours, or an hour if there is none.

    Examples
    --------
    >>> usual_step(pd.DatetimeIndex(["2023-01-01", "2023-01-01 01:00"]).to_numpy())
    Timedelta('0 days 01:00:00')
    """
    known = stamps[~np.isnat(stamps)].astype("datetime64[ns]")
    apart = np.abs(np.diff(known).astype(np.int64))
    sizes, counts = np.unique(apart[apart > 0], return_counts=True)
    return pd.Timedelta(int(sizes[counts.argmax()]) if sizes.size else _HOUR)


def pieces(at: np.ndarray) -> list[tuple[int, int]]:
    """Return the parts of a file that each have a step: place of the first row, and step in ns.

    A part has `CHANGED` equal distances in a row at least; what is less are gaps of the part before
    it. A file without such a part is one of its usual step.

    Parameters
    ----------
    at : numpy.ndarray of datetime64[ns]
        Begins of the rows, ascending, each once.

    Examples
    --------
    >>> hours, quarters = (pd.date_range(f"2025-{day}", periods=24, freq=step).to_numpy()
    ...                    for day, step in (("09-30", "1h"), ("10-01", "15min")))
    >>> [(first, pd.Timedelta(size)) for first, size in pieces(np.r_[hours, quarters])]
    [(0, Timedelta('0 days 01:00:00')), (24, Timedelta('0 days 00:15:00'))]
    """
    apart = np.diff(at.astype("datetime64[ns]")).astype(np.int64)
    found: list[tuple[int, int]] = []
    runs = np.flatnonzero(np.diff(np.r_[-1, apart, -1])) if apart.size else np.array([], int)
    for begin, end in pairwise(map(int, runs)):
        size = int(apart[begin])
        if end - begin >= CHANGED and (not found or found[-1][1] != size):
            found.append((begin if found else 0, size))
    return found or [(0, int(usual_step(at).value))]


def lengths_of_ends(stamps: np.ndarray) -> np.ndarray:
    """Return how long each interval is of which a stamp is the end, in ns; in any order.

    The last end before the step changes belongs to the part before.

    Examples
    --------
    >>> ends = pd.date_range("2025-10-01", periods=3, freq="1h").to_numpy()
    >>> lengths_of_ends(ends).tolist() == [3_600_000_000_000] * 3
    True
    """
    known = np.unique(stamps[~np.isnat(stamps)].astype("datetime64[ns]"))
    parts = pieces(known)
    edges = known[[first for first, _ in parts[1:]]]
    sizes = np.array([size for _, size in parts])
    return sizes[np.searchsorted(edges, stamps.astype("datetime64[ns]"), side="left") % len(sizes)]
