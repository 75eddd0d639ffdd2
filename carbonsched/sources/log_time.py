"""Instants and lengths of time as logs write them: stamps, counts of seconds, d-hh:mm:ss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from carbonsched.io.zones import zone_of
from carbonsched.sources.clock import instants, local
from carbonsched.sources.log_profile import LogTime
from carbonsched.sources.text import SHOWN, Table, some

SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
_CLOCK = r"(?:(\d+)(?:-|\s*days?,?\s+))?(\d+):([0-5]?\d):([0-5]?\d(?:\.\d+)?)"
_NUMBER = r"\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+"
_FINE = r"(\.\d{3})\d+(?=\s*(?:Z|[+-]\d{2}:?\d{2})$)"  # beyond milliseconds, before an offset
_FAR = 4e9  # s, some 120 years
_LONGEST = 1e9  # s, some 30 years: more is another unit


@dataclass(frozen=True)
class Periods:
    """Equal periods: the labels of a horizon, their start and their length in ns.

    Examples
    --------
    >>> periods = Periods.of(pd.date_range("2025-01-01", periods=24, freq="5min"), 0.0833)
    >>> periods.hours, periods.count
    (0.08333333333333333, 24)
    """

    labels: pd.DatetimeIndex
    step: int

    @classmethod
    def of(cls, times: pd.DatetimeIndex, step_hours: float | None = None) -> Periods:
        """Return periods of labels, which are in UTC whether or not they say so.

        The distance of the labels counts; `step_hours` is needed of a single one.

        Raises
        ------
        ValueError
            There is none, they are not equally far apart, or by another step than is stated.
        """
        labels = pd.DatetimeIndex(times)
        if labels.empty or labels.hasnans:
            raise ValueError("times: it needs at least one label, and no gap")
        steps = np.unique(np.diff(_utc(labels).asi8))
        if steps.size > 1 or (steps.size and steps[0] <= 0):
            raise ValueError("times: the labels are not equally far apart, one after another")
        stated = None if step_hours is None else round(step_hours * 3.6e12)
        if stated is None and not steps.size:
            raise ValueError("step_hours: it is needed where there is one period only")
        step = int(steps[0]) if steps.size else int(stated or 0)
        if step <= 0 or (stated is not None and abs(stated - step) > 0.01 * step):
            told = f"step_hours: {step_hours:g} h, but the labels are {step / 3.6e12:g} h apart"
            raise ValueError(told if steps.size else f"step_hours: {step_hours:g} h is no length")
        return cls(labels, step)

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.labels)

    @property
    def hours(self) -> float:
        """The length of one, in h."""
        return self.step / 3.6e12

    @property
    def start(self) -> int:
        """The start of the first, in ns since 1970 UTC."""
        return int(_utc(self.labels).asi8[0])


def _utc(labels: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return instants as datetime64[ns] in UTC without saying so."""
    plain = labels if labels.tz is None else labels.tz_convert("UTC").tz_localize(None)
    return plain.as_unit("ns")


def instant(given: pd.Timestamp | str) -> pd.Timestamp:
    """Return an instant in UTC without saying so; a plain one is in UTC already.

    Examples
    --------
    >>> instant("2025-06-02T00:00+02:00")
    Timestamp('2025-06-01 22:00:00')
    """
    found: Any = pd.Timestamp(given)
    if pd.isna(found):
        raise ValueError(f"{given!r} is no instant")
    return found if found.tz is None else found.tz_convert("UTC").tz_localize(None)


def moments(
    table: Table,
    column: str,
    time: LogTime,
    faults: list[str],
    notes: list[str],
    *,
    zone: str | None = None,
    begin: pd.Timestamp | None = None,
) -> pd.Series:
    """Return the instants of a column in UTC without saying so, NaT where a cell is a gap.

    Parameters
    ----------
    table : Table
        The log.
    column : str
        One of its columns.
    time : LogTime
        How it is written.
    faults, notes : list of str
        Take what is wrong, by row and column, and what was applied.
    zone : str, optional
        Given by the reader; it goes before the profile's.
    begin : pandas.Timestamp, optional
        When the zero of counts from an unknown instant is.
    """
    cells: Any = table.frame[column]
    given = cells[~table.is_gap(cells)]
    found = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[ns]")
    if given.empty:
        return found
    if time.count:
        zero = pd.Timestamp(0) if not time.relative else begin
        seconds: Any = table.floats(column, faults).mul(SECONDS[time.count])
        wild = seconds[seconds.abs() > _FAR]
        faults += some(
            [f"row {row}, column {column!r}: {cells[row]!r} is no time in {time.count}"
             for row in wild.index[:SHOWN]],
            len(wild),
        )  # fmt: skip
        seconds = seconds.where(seconds.abs() <= _FAR)
        return (zero or pd.Timestamp(0)) + pd.to_timedelta(seconds.mul(1e9).round(), unit="ns")
    try:
        clock = None if (name := zone or time.zone) is None else zone_of(name)
    except ValueError as error:
        faults += [str(error)] if str(error) not in faults else []
        return found
    told: list[str] = []
    given = given.str.replace(_FINE, r"\1", regex=True)
    read = instants(given, told, formats=time.format, zone=clock, sudden=False)
    known = {fault.partition(": ")[2] for fault in faults if fault.startswith("column ")}
    faults += [one for one in told if one.partition(": ")[2] not in known]  # a zone lacks once
    notes += [note for note in read.notes if note not in notes]
    found.loc[given.index] = read.utc
    return found


def lengths(table: Table, column: str, unit: str, faults: list[str]) -> pd.Series:
    """Return a column's lengths of time in s, NaN where a cell is a gap.

    A cell is a number of `unit`, or days-hours:minutes:seconds of which the days may be left out.

    Examples
    --------
    >>> from carbonsched.sources.layout import Layout
    >>> frame = pd.DataFrame({"Elapsed": ["1-02:00:00", "00:00:30", "90"]}, index=[2, 3, 4])
    >>> lengths(Table(frame, {}, Layout(), "log"), "Elapsed", "s", []).tolist()
    [93600.0, 30.0, 90.0]
    """
    cells = table.frame[column].astype("str").str.strip()
    gap = table.is_gap(cells)
    if table.layout.decimal == ",":
        cells = cells.str.replace(",", ".", regex=False)
    clock = cells.str.extract(rf"^{_CLOCK}$")
    days, hours, minutes, seconds = (clock[k].astype(float) for k in range(4))
    by_clock = ((days.fillna(0) * 24 + hours) * 60 + minutes) * 60 + seconds
    plain = cells.str.fullmatch(_NUMBER).astype(bool)
    by_number = cells.where(plain, "nan").astype(float) * SECONDS[unit]
    found: Any = by_clock.where(by_clock.notna(), by_number)
    found = found.where(found <= _LONGEST)
    bad: Any = table.frame[column][found.isna() & ~gap]
    faults += some(
        [
            f"row {row}, column {column!r}: {cell!r} is no length of time: write a number of "
            f"{unit}, or d-hh:mm:ss"
            for row, cell in bad.head(SHOWN).items()
        ],
        len(bad),
    )
    return found


def many(count: int, what: str) -> str:
    """Return a number of things.

    Examples
    --------
    >>> many(1, "job"), many(2500, "job")
    ('1 job', '2,500 jobs')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def shown(at: Any) -> str:
    """Return an instant in UTC to read."""
    return local([at], zone_of("UTC"))[0]


def moved(
    when: pd.Series, time: LogTime, begin: pd.Timestamp | None, what: str, notes: list[str]
) -> Any:
    """Return by how much a log with dates is moved so that its first instant is `begin`.

    Examples
    --------
    >>> when = pd.Series([pd.Timestamp("2017-10-07 08:30")])
    >>> moved(when, LogTime(), pd.Timestamp("2017-10-09 00:00"), "job", notes := [])
    Timedelta('1 days 15:30:00')
    >>> notes
    ['The log is moved, as asked: its first job came at 2017-10-07 08:30 UTC, and is now at \
2017-10-09 00:00 UTC.']
    """
    first = when.min()
    if begin is None or pd.isna(first):
        return pd.Timedelta(0)
    if time.relative:
        notes.append(f"The log's zero is {shown(begin)}, as asked.")
        return pd.Timedelta(0)
    notes.append(
        f"The log is moved, as asked: its first {what} came at {shown(first)}, and is now at "
        f"{shown(begin)}."
    )
    return begin - first
