"""Requests of a log, or their tokens, counted by period."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.errors import InstanceError
from carbonsched.io.zones import name_of, zone_of
from carbonsched.sources.log_profile import RequestProfile
from carbonsched.sources.log_time import Periods, instant, many, moments, moved, shown
from carbonsched.sources.profile import find
from carbonsched.sources.series import Series
from carbonsched.sources.text import SHOWN, Table, read_table, some

PART = 0.01  # of a period that may be missing at an end of the log


def read_requests(
    path: str | Path,
    profile: str | Path | RequestProfile,
    times: pd.DatetimeIndex,
    step_hours: float | None = None,
    *,
    zone: str | None = None,
    begin: pd.Timestamp | str | None = None,
    per: Literal["request", "token"] = "request",
) -> Series:
    r"""Count the requests of a log in each period of a horizon.

    A log is taken to run from its first request to its last. A period that it covers in part only
    would count too few: it is missing (NaN), as is one that it does not cover, and both are told.
    A period of which less than 1 % lies outside is whole. One within the log in which no request
    came counts 0, and is told.

    Parameters
    ----------
    path : str or Path
        The log; .gz and .zip are read too.
    profile : str, Path or RequestProfile
        How it is written: "azure-llm", "burstgpt", or a file of one's own (.toml).
    times : pandas.DatetimeIndex
        The periods, each by its start, in UTC.
    step_hours : float, optional
        Their length in h; needed of a single period.
    zone : str, optional
        The clock of the log's stamps, if not as the profile says.
    begin : pandas.Timestamp or str, optional
        The instant on which the zero of a log without dates falls (it must then be given), or to
        which the first request of a log with dates is moved. Without an offset: UTC.
    per : "request" or "token"
        What is counted; a request's tokens are those of its prompt and of its answer.

    Returns
    -------
    Series
        Over `times`, of kind "count".

    Raises
    ------
    InstanceError
        The log is faulty: every fault, by row and column; or it covers no whole period.

    Examples
    --------
    >>> import tempfile
    >>> log = Path(tempfile.mkdtemp()) / "log.csv"
    >>> rows = [f"2024-05-10 {hour:02}:{minute}:00,9,1" for hour in range(4) for minute in (10, 50)]
    >>> _ = log.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n" + "\n".join(rows))
    >>> hours = pd.date_range("2024-05-10 00:00", periods=4, freq="h")
    >>> read_requests(log, "azure-llm", hours).data.values
    array([nan,  2.,  2., nan])
    """
    model = profile if isinstance(profile, RequestProfile) else find(profile, RequestProfile)
    faults, notes = list[str](), list[str]()
    periods = start = None
    try:
        periods = Periods.of(times, step_hours)
    except ValueError as error:
        faults.append(str(error))
    try:
        start = None if begin is None else instant(begin)
    except ValueError:
        faults.append(f"begin: {begin!r} is no instant: write 2025-06-02 00:00")
    if per not in ("request", "token"):
        faults.append(f'per: {per!r} is neither "request" nor "token"')
    if model.time.relative and begin is None:
        faults.append(
            "begin: the log counts time from an instant that it does not tell: say which instant "
            "its 0 is to fall on"
        )
    table = read_table(path, model.text, model.column)
    column = table.named(model.column)
    if column is None:
        names = " or ".join(map(repr, model.column))
        raise InstanceError([*faults, f"it has no column {names} (when a request came)"], str(path))
    when = moments(table, column, model.time, faults, notes, zone=zone, begin=start)
    weights = _tokens(table, model, faults, notes) if per == "token" else None
    lost = int(when.isna().sum())
    if lost == len(when) and not faults:
        faults.append(f"column {column!r} has no time")
    if faults or periods is None:
        raise InstanceError(faults, str(path))
    if lost:
        notes.append(f"Without a time, and not counted: {many(lost, 'request')}.")
    when = when.dropna()
    shift = moved(when, model.time, start, "request", notes)
    counts, more = _counts(when + shift, weights, periods, per)
    if np.isnan(counts).all():
        raise InstanceError(["it covers none of the periods as a whole", *more], str(path))
    step: Any = pd.Timedelta(periods.step)
    clock = name_of(zone_of(zone or model.time.zone or "UTC"))
    unit = f"{per}s"
    data = xr.DataArray(
        counts,
        coords={"time": pd.date_range(pd.Timestamp(periods.start), periods=periods.count,
                                      freq=step, unit="ns")},
        dims="time",
        name=unit,
        attrs={"unit": unit, "source": model.source, "licence": model.licence},
    )  # fmt: skip
    found = Series(
        name=unit,
        data=data,
        unit=unit,
        step=step,
        zone=clock,
        licence=model.licence,
        source=model.source,
        profile=str(profile) if not isinstance(profile, RequestProfile) else model.title,
        kind="count",
    )
    return replace(found, notes=(*table.notes, *notes, *more))


def _tokens(
    table: Table, model: RequestProfile, faults: list[str], notes: list[str]
) -> pd.Series | None:
    """Return the tokens of each request."""
    total: Any = pd.Series(0.0, index=table.frame.index)
    if not model.tokens:
        faults.append('per: the profile names no columns of tokens: count per "request"')
    for name in model.tokens:
        column = table.named([name])
        if column is None:
            faults.append(f"it has no column {name!r} (tokens)")
            continue
        numbers: Any = table.floats(column, faults)
        below = numbers[numbers < 0]
        faults += some(
            [f"row {row}, column {column!r}: {number:g} tokens are less than none"
             for row, number in below.head(SHOWN).items()],
            len(below),
        )  # fmt: skip
        blank = int(numbers.isna().sum())
        if blank:
            notes.append(
                f"{many(blank, 'request')} without {column!r}, counted as none of these tokens."
            )
        total = total + numbers.fillna(0.0)
    return total


def _counts(
    when: pd.Series, weights: pd.Series | None, periods: Periods, per: str
) -> tuple[np.ndarray, list[str]]:
    """Return the count of each period, NaN where the log does not cover it, and what to say."""
    at = when.astype("datetime64[ns]").astype("int64").to_numpy()
    place = (at - periods.start) // periods.step
    inside = (place >= 0) & (place < periods.count)
    given = None if weights is None else weights.loc[when.index].to_numpy()[inside]
    counts = np.bincount(place[inside], given, periods.count).astype(float)
    empty = np.bincount(place[inside], minlength=periods.count) == 0
    starts = periods.start + periods.step * np.arange(periods.count)
    slack = int(periods.step * PART)
    before = starts < at.min() - slack
    after = starts + periods.step > at.max() + slack
    ends = [shown(pd.Timestamp(int(end))) for end in (at.min(), at.max())]
    notes = [f"The log has {many(len(at), 'request')}, from {ends[0]} to {ends[1]}."]
    if (~inside).any():
        notes.append(
            f"Outside the horizon, and not counted: {many(int((~inside).sum()), 'request')}."
        )
    for edge, name in ((before, "first"), (after, "last")):
        part = edge & (counts > 0)
        if part.any():
            first = shown(pd.Timestamp(int(starts[part][0])))
            notes.append(
                f"The log's {name} period, from {first}, is filled in part only "
                f"({counts[part].sum():,.0f} {per}s): it is missing."
            )
    bare = int(((before | after) & (counts == 0)).sum())
    if bare:
        notes.append(
            f"The log does not cover {bare:,} of {many(periods.count, 'period')}: missing."
        )
    notes += _holes(starts[empty & ~before & ~after], periods)
    return np.where(before | after, np.nan, counts), notes


def _holes(starts: np.ndarray, periods: Periods) -> list[str]:
    """Say which periods within a log have no request, by their starts in ns."""
    if not starts.size:
        return []
    first, last = (shown(pd.Timestamp(int(start))) for start in starts[[0, -1]])
    several = f"the first from {first}, the last from {last}"
    where = several if starts.size > 1 else f"that from {first}"
    return [
        f"Within the log no request came in {starts.size:,} of {many(periods.count, 'period')}, "
        f"{where}: 0 is taken. Is the log whole there?"
    ]
