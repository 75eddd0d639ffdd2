"""How often a claim holds over many instances: counted, with an interval, and in a word."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

NORMAL = 1.959964  # the normal distribution holds 95 % within as many standard deviations
OFTEN, RARE = 0.9, 0.2


def tally(claims: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Return for each claim how often it holds, and what that is called.

    Parameters
    ----------
    claims : mapping of str to pandas.Series of bool
        Of each claim, whether it holds on each instance.

    Returns
    -------
    pandas.DataFrame
        By claim: `verdict`, a word and the count; `share`, in which it holds; `low` and `high`,
        Wilson's 95 % interval of that share [Wilson, J. Am. Stat. Assoc. 22, 1927]. "Always" and
        "never" are without exception; other words go by the interval: "nearly always" where it
        lies above 90 %, "usually" above a half, "sometimes" below a half, "rarely" below a fifth,
        and "about half" where it has a half within.

    Raises
    ------
    ValueError
        A claim is about no instance.

    Examples
    --------
    >>> tally({"four of five": pd.Series([True, True, True, True, False])}).verdict.item()
    'about half (4 of 5)'
    """
    rows = {claim: _row(claim, np.asarray(holds, bool)) for claim, holds in claims.items()}
    columns = ["verdict", "share", "low", "high"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("claim")


def _row(claim: str, holds: np.ndarray) -> tuple[str, float, float, float]:
    if not len(holds):
        raise ValueError(f"{claim}: there is no instance to count")
    count, size = int(holds.sum()), len(holds)
    low, high = wilson(count, size)
    return f"{_word(count, size, low, high)} ({count} of {size})", count / size, low, high


def wilson(count: int, size: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share.

    Examples
    --------
    >>> [round(end, 3) for end in wilson(8, 200)]
    [0.02, 0.077]
    """
    share, more = count / size, NORMAL**2 / size
    middle = (share + more / 2) / (1 + more)
    half = math.sqrt(more * (share * (1 - share) + more / 4)) / (1 + more)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _word(count: int, size: int, low: float, high: float) -> str:
    if count in (0, size):
        return "always" if count else "never"
    if low > 0.5:
        return "nearly always" if low > OFTEN else "usually"
    if high < 0.5:
        return "rarely" if high < RARE else "sometimes"
    return "about half"
