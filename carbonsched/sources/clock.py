"""Stamps of local clocks as instants: the hour told twice in autumn, the one that March skips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from carbonsched.io.zones import name_of, zone_of
from carbonsched.sources.text import SHOWN, is_total, some

YEARS = 1900, 2199  # a stamp of another year is none

_ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?"
_CARRIES = (  # an offset behind a time of day: 2023-01-01 has none
    r"^(?P<stamp>.*:\d{2}(?:[.,]\d+)?|.*\d(?=\s*(?:Z|UTC)$))"
    r"\s*(?P<offset>Z|UTC|(?:UTC)?[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)$"
)
_ABBREVIATION = r"\s*\(?\b(?!UTC)([A-Z]{3,5})\)?$"
_MIDNIGHT = r"(?<![:\d])24:00(?=$|:00$|:00\.0+$|\s)"


@dataclass(frozen=True)
class Instants:
    """When the rows of a file are.

    Attributes
    ----------
    utc : pandas.Series
        Of datetime64[ns] in UTC without saying so; the index is that of the cells. NaT of a row of
        the hour that the clocks skip, and of one that cannot be read.
    zone : tzinfo
        The clock that the stamps follow.
    notes : tuple of str
        Each rule that was applied.
    """

    utc: pd.Series
    zone: tzinfo
    notes: tuple[str, ...] = ()


def standard_time(zone: tzinfo, year: int) -> tzinfo:
    """Return a zone whose clocks stay on the standard time of another.

    Examples
    --------
    >>> name_of(standard_time(zone_of("Australia/Sydney"), 2023))
    '+10:00'
    """
    offsets = [zone.utcoffset(datetime(year, month, 1)) for month in (1, 7)]
    return timezone(min(offset or timedelta(0) for offset in offsets))


def local(instants: Iterable[object], zone: tzinfo) -> list[str]:
    """Return instants in UTC as a clock shows them.

    Examples
    --------
    >>> local([pd.Timestamp("2023-10-29 01:00")], zone_of("Europe/Berlin"))
    ['2023-10-29 02:00 CET']
    """
    index = pd.DatetimeIndex(list(instants)).tz_localize("UTC").tz_convert(zone)
    return [_clock(instant, zone) for instant in index]


def _clock(instant: pd.Timestamp, zone: tzinfo) -> str:
    """Return one instant with the name of its offset, or with the offset if it has no name."""
    pattern = "%Y-%m-%d %H:%M" if not instant.second else "%Y-%m-%d %H:%M:%S"
    name = instant.tzname() or ""
    known = name if name.isalpha() else name_of(timezone(instant.utcoffset() or timedelta(0)))
    return f"{instant.strftime(pattern)} {known}"


def instants(
    cells: pd.Series,
    faults: list[str],
    *,
    formats: Sequence[str] = (),
    zone: tzinfo | None = None,
    again: pd.Series | None = None,
    sudden: bool = True,
) -> Instants:
    """Return the instants of stamps.

    Parameters
    ----------
    cells : pandas.Series of str
        One stamp a row; its name is the column's, its index the row's in the file.
    faults : list of str
        Takes what is wrong, by row and column.
    formats : sequence of str
        As `datetime.strptime` takes them: one of them fits the column. ISO 8601 is always read.
    zone : tzinfo, optional
        The clock; not needed if each stamp carries its offset.
    again, sudden
        As `to_utc`.

    Examples
    --------
    >>> cells = pd.Series(["29.10.2023 02:00", "29.10.2023 02:00"], index=[2, 3], name="von")
    >>> found = instants(cells, [], formats=["%d.%m.%Y %H:%M"], zone=zone_of("Europe/Berlin"))
    >>> found.utc.tolist()
    [Timestamp('2023-10-29 00:00:00'), Timestamp('2023-10-29 01:00:00')]
    """
    wall, offsets, abbreviations = stamps(cells, faults, formats)
    carried = offsets.notna()
    if carried.any():
        if not carried.all():
            missing: Any = cells[~carried]
            faults += some(
                [
                    f"row {row}, column {cells.name!r}: {cell!r} has no offset, as other rows have"
                    for row, cell in missing.head(SHOWN).items()
                ],
                len(missing),
            )
        return Instants((wall - offsets).astype("datetime64[ns]"), zone or UTC)
    if zone is None:
        faults.append(
            f"column {cells.name!r}: the stamps have no time zone: give one, a place such as "
            "Europe/Berlin, or UTC, or an offset such as +01:00"
        )
        return Instants(wall, UTC)
    return to_utc(wall, zone, faults, again=again, said=abbreviations, sudden=sudden)


def stamps(
    cells: pd.Series, faults: list[str], formats: Sequence[str] = ()
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return what the clock showed, the offset and the zone's abbreviation that a stamp carries.

    The latter two are NaT and "" of stamps that carry none. 24:00 is 00:00 of the next day.
    """
    texts = cells.astype("object").map(str).astype("str").str.strip()
    parts = texts.str.extract(_CARRIES)
    carried, texts = parts["offset"], parts["stamp"].fillna(texts)
    offsets = carried.map({one: _offset(one) for one in carried.dropna().unique()})
    offsets = pd.to_timedelta(offsets).astype("timedelta64[ns]")
    abbreviations = texts.str.extract(_ABBREVIATION, expand=False).fillna("")
    texts = texts.str.replace(_ABBREVIATION, "", regex=True).str.strip()
    late = texts.str.contains(_MIDNIGHT, regex=True).astype(bool)
    texts = texts.str.replace(_MIDNIGHT, "00:00", regex=True)
    iso = texts.where(texts.str.fullmatch(_ISO).astype(bool))
    wall = _parsed(iso.str.replace(",", ".", regex=False), "ISO8601")
    tries = [_parsed(texts, form) for form in formats]
    if tries:
        wall = min(tries, key=lambda one: int(one.isna().sum())).fillna(wall)
    bad: Any = cells[wall.isna()]
    forms = " or ".join([*formats, "YYYY-MM-DD hh:mm"])
    faults += some(
        [
            f"row {row}, column {cells.name!r}: {cell!r} is no time of the form {forms}"
            + ": a row of totals? Take it out of the file" * is_total(cell)
            for row, cell in bad.head(SHOWN).items()
        ],
        len(bad),
    )
    if len(bad):
        faults += _cure(texts, str(cells.name))
    return wall + pd.to_timedelta(late.astype(int), unit="D"), offsets, abbreviations


_USUAL = ("%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y", "%Y%m%d")
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", "%H%M", "T%H%M", ":%H%M")


def _cure(texts: pd.Series, column: str) -> list[str]:
    """Return by which usual forms all stamps can be read, as a fault, if by any.

    Examples
    --------
    >>> _cure(pd.Series(["12/31/2023 11:00 PM"]), "time")
    ["column 'time': its stamps can be read if you say format: '%m/%d/%Y %I:%M %p'"]
    """
    first = texts.head(1)  # which most forms do not fit
    forms = [day + time for day in _USUAL for time in _TIMES]
    forms = [form for form in forms if _parsed(first, form).notna().all()]
    said = [f"format: {form!r}" for form in forms if _parsed(texts, form).notna().all()]
    told = f"column {column!r}: its stamps can be read if you say {' or '.join(said)}"
    return [told] * bool(said)


def _parsed(texts: pd.Series, form: str) -> pd.Series:
    found: Any = pd.to_datetime(texts, format=form, errors="coerce")
    return found.where(found.dt.year.between(*YEARS)).astype("datetime64[ns]")


def _offset(text: str) -> timedelta:
    return zone_of(text).utcoffset(None) or timedelta(0)


def to_utc(
    wall: pd.Series,
    zone: tzinfo,
    faults: list[str],
    *,
    again: pd.Series | None = None,
    said: pd.Series | None = None,
    sudden: bool = True,
) -> Instants:
    """Return what a clock showed as instants.

    Parameters
    ----------
    wall : pandas.Series of datetime64
        What the clock showed, in the order of the file.
    zone : tzinfo
        The clock.
    faults : list of str
        Takes what is wrong, by row.
    again : pandas.Series of bool, optional
        Whether a row is of the second of two equal hours. Otherwise they are taken in order.
    said : pandas.Series of str, optional
        The abbreviation that a row has, such as CEST, or "": it decides too, and must be true.
    sudden : bool
        Whether each row is later than the one before, as in a series: the same stamp once more is
        then of the second hour. In a log it is not.
    """
    if not isinstance(zone, ZoneInfo):
        offset = zone.utcoffset(None) or timedelta(0)
        return Instants((wall - offset).astype("datetime64[ns]"), zone)
    index = pd.DatetimeIndex(wall)
    sides = [
        index.tz_localize(zone, ambiguous=np.full(len(index), side), nonexistent="NaT")
        .tz_convert("UTC")
        .tz_localize(None)
        for side in (True, False)
    ]
    earlier = np.minimum(*[side.to_numpy() for side in sides])
    later = np.maximum(*[side.to_numpy() for side in sides])
    twice = np.asarray((earlier != later) & ~np.isnat(earlier))
    second, notes = np.zeros(len(index), bool), list[str]()
    walls = index.to_numpy()
    known = walls[~np.isnat(walls)]
    apart = np.diff(known).astype(int)
    backwards = bool((apart < 0).sum() > (apart > 0).sum())
    for night in np.unique(walls[twice].astype("datetime64[D]")):
        at = np.flatnonzero(twice & (walls.astype("datetime64[D]") == night))
        at = at[::-1] if backwards else at
        if again is not None:
            second[at] = again.to_numpy()[at]
            how = "told apart by their flag"
        elif said is not None and said.iloc[at].ne("").all():
            names = pd.DatetimeIndex(later[at], tz="UTC").tz_convert(zone).strftime("%Z")
            second[at] = said.iloc[at].to_numpy() == names
            how = "told apart by the zone that the rows name"
        else:
            begins = at[0] == (len(index) - 1) * backwards
            if sudden and _sorted_by_stamp(walls[at]):
                faults.append(_unsorted(wall.index[np.sort(at)], walls[at], zone))
                continue
            second[at], how = _in_order(walls[at], begins, sudden)
        notes.append(f"The hour that the clocks of {zone} repeat on {night}: {how}.")
    utc = pd.Series(np.where(second, later, earlier), index=wall.index).astype("datetime64[ns]")
    skipped: Any = wall[utc.isna() & wall.notna()]
    for night, rows in skipped.groupby(skipped.dt.date):
        numbers = ", ".join(map(str, rows.index[:SHOWN])) + (", ..." if len(rows) > SHOWN else "")
        were = "row was" if len(rows) == 1 else "rows were"
        notes.append(
            f"{len(rows)} {were} dropped of the hour that the clocks of {zone} skip on {night}: "
            f"row {numbers}."
        )
    if said is not None:
        faults += _untrue(utc, said, zone)
    return Instants(utc, zone, tuple(notes))


def _sorted_by_stamp(walls: np.ndarray) -> bool:
    """Return whether rows of both hours lie between each other, by what the clock showed."""
    steps = np.diff(walls).astype(int)
    return bool((steps == 0).any() and (steps > 0).any() and not (steps < 0).any())


def _unsorted(rows: pd.Index, walls: np.ndarray, zone: tzinfo) -> str:
    """Say why rows of an hour that is told twice cannot be told apart, and how to write them."""
    times = [f"{stamp:%H:%M}" for stamp in pd.DatetimeIndex(np.unique(walls))]
    order = ", ".join([*times, times[0]])
    return (
        f"rows {rows[0]} to {rows[-1]}: the hour that the clocks of {zone} repeat on "
        f"{pd.Timestamp(walls[0]):%Y-%m-%d} is sorted by what the clock showed, so that nothing "
        "tells which row is of the first hour and which of the second: write one hour after the "
        f"other, {order}, ..., or give each stamp its offset, or stamps in UTC"
    )


def _in_order(walls: np.ndarray, begins: bool, sudden: bool) -> tuple[np.ndarray, str]:
    """Return which rows of a night are of the second hour, and how that was found."""
    steps = np.diff(walls).astype(int)
    back = np.flatnonzero(steps < 0)
    if sudden and not back.size:
        back = np.flatnonzero(steps == 0)
    second = np.zeros(len(walls), bool)
    if back.size:
        second[back[0] + 1 :] = True
        return second, "taken in order, the first before the change and the second after it"
    second[:] = begins
    if not sudden:
        return second, "the rows are in order, and taken as before the change"
    if begins:
        return second, "the file begins in it, and is taken to begin after the change"
    return second, "the file has it once; taken as before the change, the one after it is missing"


def _untrue(utc: pd.Series, said: pd.Series, zone: tzinfo) -> list[str]:
    """Return the rows whose abbreviation is not that of the zone at the time."""
    given: Any = utc[said.ne("") & utc.notna()]
    if given.empty:
        return []
    true = given.dt.tz_localize("UTC").dt.tz_convert(zone).map(lambda instant: instant.tzname())
    wrong = given[true != said[given.index]]
    return some(
        [
            f"row {row}: it says {said[row]} where the clocks of {zone} have {true[row]}: "
            "is the zone another?"
            for row in wrong.index[:SHOWN]
        ],
        len(wrong),
    )
