"""When each row of a table of a series begins, as its profile says: any form, one result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import numpy as np
import pandas as pd

from carbonsched.io.zones import name_of, zone_of
from carbonsched.sources import clock
from carbonsched.sources.profile import Time
from carbonsched.sources.steps import lengths_of_ends, usual_step
from carbonsched.sources.text import SHOWN, Table, some


@dataclass(frozen=True)
class Begins:
    """When rows begin.

    Attributes
    ----------
    rows : numpy.ndarray of int
        Positions in the table; those of a profile without a year come once for each year.
    utc : numpy.ndarray of datetime64[ns]
        In UTC; NaT where a row is to be dropped.
    zone : tzinfo
        The clock of the file, to tell local times by.
    notes : tuple of str
        Each rule that was applied.
    step : pandas.Timedelta, optional
        How long each is, if the profile says it.
    """

    rows: np.ndarray
    utc: np.ndarray
    zone: tzinfo
    notes: tuple[str, ...]
    step: pd.Timedelta | None = None


def begins(
    table: Table,
    time: Time,
    faults: list[str],
    *,
    zone: str | None = None,
    interval: str | None = None,
    years: Sequence[int] = (),
) -> Begins:
    """Return when each row begins; what is wrong is added to `faults`, by row and column."""
    frame: Any = table.frame
    needed = [time.column, time.date, time.month, time.day, time.period or time.hour]
    missing = [names for names in needed if names and table.named(names) is None]
    if missing:
        faults += [
            f"column {' or '.join(map(repr, names))} is missing, which tells the time"
            for names in missing
        ]
        return Begins(np.arange(0), np.array([], "datetime64[ns]"), UTC, ())
    column = table.named(time.column)
    known = _zone(table, time, column, zone, faults)

    def cells(names: tuple[str, ...]) -> Any:
        return frame[table.named(names)]

    if years and not time.month:
        faults.append("year: the file tells the years of its own rows, so none can be given")
    if time.month:
        return _yearless(cells, time, known, years, faults)
    if time.date:
        time = time.model_copy(
            update={name: () for name in ("part", "flag") if not table.named(getattr(time, name))}
        )
        found = _counted(cells, time, known, faults)
    elif time.epoch:
        texts = frame[str(column)]
        counts: Any = pd.to_numeric(texts, errors="coerce")
        least, most = (datetime(year, 1, 1, tzinfo=UTC).timestamp() for year in clock.YEARS)
        scale = 1000 if time.epoch == "ms" else 1
        counts = counts.where(counts.between(least * scale, most * scale))
        bad = texts[counts.isna()]
        faults += some(
            [
                f"row {row}, column {column!r}: {cell!r} is no count since 1970"
                for row, cell in bad.head(SHOWN).items()
            ],
            len(bad),
        )
        utc = pd.to_datetime(counts, unit=time.epoch).astype("datetime64[ns]")
        found = _ended(clock.Instants(utc, known or UTC), time, interval)
    else:
        found = _stamped(frame, str(column), time, known, interval, faults)
    utc = found.utc.to_numpy().astype("datetime64[ns]")
    return Begins(np.arange(len(utc)), utc, found.zone, found.notes, _length(time))


def _length(time: Time) -> Any:
    """Return how long an interval is, if the profile says it; an hour of a date is one."""
    if time.date and time.hour and not time.part:
        return pd.Timedelta("1h")
    return pd.Timedelta(time.step) if time.step else None


def _zone(
    table: Table, time: Time, column: str | None, given: str | None, faults: list[str]
) -> tzinfo | None:
    """Return the clock of a file: as given, as the file says, or as its profile does."""
    stated = time.zone
    if isinstance(stated, dict):
        plain = {" ".join(name.split()).casefold(): one for name, one in stated.items()}
        stated = plain.get(" ".join((column or "").split()).casefold())
    if given is None and time.offset is not None:
        try:
            return timezone(timedelta(seconds=float(table.about[time.offset])))
        except (KeyError, ValueError):
            faults.append(f"the file does not say its {time.offset!r} above the table")
            return UTC
    name = given or (None if stated == "stamps" else stated)
    try:
        return zone_of(name) if name else None
    except ValueError as error:
        faults.append(str(error))
        return UTC


def _stamped(
    frame: Any,
    column: str,
    time: Time,
    zone: tzinfo | None,
    interval: str | None,
    faults: list[str],
) -> clock.Instants:
    texts = frame[column]
    if time.range_mark:
        # What follows the end, such as a zone's abbreviation, may stand there only.
        halves = texts.str.split(time.range_mark, n=1, regex=False)
        texts = halves.str[0].rename(column)
    if zone is not None and time.standard:
        zone = clock.standard_time(zone, 2001)
    found = clock.instants(texts, faults, formats=time.format, zone=zone)
    ended = _ended(found, time, interval)
    if ended is found or not hasattr(found.zone, "key"):
        return ended
    # An hour that ends at "02:00" may be told by the clock at its end, or as one after its start.
    wall, offsets, said = clock.stamps(texts, [], time.format)
    if offsets.notna().any():
        return ended
    again = clock.to_utc(wall - _step(wall, time), found.zone, [], said=said)
    return again if _lost(again.utc) < _lost(ended.utc) else ended


def _lost(utc: pd.Series) -> int:
    return int(utc.isna().sum() + utc.dropna().duplicated().sum())


def _ended(found: clock.Instants, time: Time, interval: str | None) -> clock.Instants:
    """Return instants at which intervals begin, of those at which they end."""
    if time.inside:
        told = f"A stamp stands for the {_span(pd.Timedelta(time.inside))} in which it lies."
        return clock.Instants(found.utc.dt.floor(time.inside), found.zone, (*found.notes, told))
    if (interval or time.interval) == "start":
        return found
    sizes = pd.Series(_steps(found.utc, time), found.utc.index)
    spans = " and ".join(_span(pd.Timedelta(size)) for size in np.unique(sizes)[::-1])
    told = f"The stamps are ends of intervals of {spans}: each was moved to its start."
    return clock.Instants(found.utc - sizes, found.zone, (*found.notes, told))


def _step(stamps: pd.Series, time: Time) -> Any:
    return pd.Timedelta(time.step) if time.step else usual_step(stamps.to_numpy())


def _steps(stamps: pd.Series, time: Time) -> np.ndarray:
    """Return how long each interval is that ends at a stamp."""
    if time.step:
        sizes = np.full(len(stamps), pd.Timedelta(time.step).value)
    else:
        sizes = lengths_of_ends(stamps.to_numpy())
    return sizes.astype("timedelta64[ns]")


def _span(step: Any) -> str:
    from carbonsched.io.horizon import span

    return span(step.total_seconds() / 3600)


def _hours(count: int) -> Any:
    return pd.Timedelta(hours=count)


def _whole(cells: Any, most: int, faults: list[str], least: int = 1) -> Any:
    """Return a column of whole numbers; an hour may be "01:00"."""
    texts = cells.str.removesuffix(":00").str.removesuffix(".0")
    counts: Any = pd.to_numeric(texts, errors="coerce")
    good = counts.between(least, most) & (counts == counts.round())
    bad = cells[~good]
    faults += some(
        [
            f"row {row}, column {cells.name!r}: {cell!r} is no whole number from {least} to {most}"
            for row, cell in bad.head(SHOWN).items()
        ],
        len(bad),
    )
    return counts.where(good, least).astype(int)


def _counted(cells: Any, time: Time, zone: tzinfo | None, faults: list[str]) -> clock.Instants:
    """Return the instants of a date with an hour that ends, or with a period counted through it."""
    dates, _, _ = clock.stamps(cells(time.date), faults, time.format)
    if zone is None:
        faults.append("the dates have no time zone: give one, such as Europe/London")
        return clock.Instants(dates, UTC)
    step: Any = _length(time) or pd.Timedelta("1h")
    if time.period:
        count = _whole(cells(time.period), int(_hours(25) / step), faults)
        day = clock.to_utc(dates.dt.normalize(), zone, [])
        after = clock.to_utc(dates.dt.normalize() + pd.Timedelta(days=1), zone, [])
        most = (after.utc - day.utc) // step
        wrong = count[count > most]
        faults += some(
            [
                f"row {row}: there is no period {one} on a day of {most[row]}"
                for row, one in wrong.head(SHOWN).items()
            ],
            len(wrong),
        )
        told = f"Periods of {_span(step)} were counted from midnight in {name_of(zone)}."
        return clock.Instants(day.utc + (count - 1) * step, zone, (told,))
    wall = dates.dt.normalize() + pd.to_timedelta(
        _whole(cells(time.hour), 24, faults) - 1, unit="h"
    )
    if time.part:
        most = int(_hours(1) / step)
        wall = wall + (_whole(cells(time.part), most, faults) - 1) * step
    again = None
    if time.flag:
        again = cells(time.flag).str.casefold() == (time.again or "").casefold()
    found = clock.to_utc(wall, zone, faults, again=again)
    told = "An hour of a date is the one that ends then: hour 1 begins at midnight."
    return clock.Instants(found.utc, zone, (*found.notes, told))


def _yearless(
    cells: Any, time: Time, zone: tzinfo | None, years: Sequence[int], faults: list[str]
) -> Begins:
    """Return the rows of a profile without a year once for each year, with its 29 February."""
    month = _whole(cells(time.month), 12, faults).to_numpy()
    day = _whole(cells(time.day), 31, faults).to_numpy()
    hour = _whole(cells(time.hour), 23, faults, 0).to_numpy()
    if zone is None:
        faults.append("the hours have no time zone: give one, such as America/Denver")
    if not years:
        faults.append("the hours have no year: say for which year they are to stand")
    if faults:
        return Begins(np.arange(0), np.array([], "datetime64[ns]"), zone or UTC, ())
    rows, stamps, notes = [], [], list[str]()
    leap_day = (month == 2) & (day == 29)
    for year in years:
        leap = pd.Timestamp(year, 1, 1).is_leap_year
        kept = np.flatnonzero(leap | ~leap_day)
        days = day[kept]
        if leap and not leap_day.any():
            eve = np.flatnonzero((month == 2) & (day == 28))
            at = np.searchsorted(kept, eve[-1]) + 1 if eve.size else 0
            days = np.insert(days, at, np.full(len(eve), 29))
            kept = np.insert(kept, at, eve)
            notes.append(f"29 February {year}: 28 February once more, since the file has none.")
        elif not leap and leap_day.any():
            notes.append(f"29 February was dropped: {year} has none.")
        parts = {"year": np.full(len(kept), year), "month": month[kept], "day": days}
        stamps.append(pd.to_datetime(pd.DataFrame(parts | {"hour": hour[kept]}), errors="coerce"))
        rows.append(kept)
    place = np.concatenate(rows)
    wall: Any = pd.concat(stamps, ignore_index=True)
    impossible = np.unique(place[wall.isna().to_numpy()])
    index = cells(time.month).index
    faults += some(
        [f"row {index[k]}: there is no day {day[k]} in month {month[k]}" for k in impossible],
        len(impossible),
    )
    clocked = clock.standard_time(zone or UTC, years[0]) if time.standard else (zone or UTC)
    found = clock.to_utc(wall, clocked, faults)
    named = ", ".join(map(str, years))
    told = [f"The file has no year: it stands for {named} in {name_of(clocked)}."]
    return Begins(
        place,
        found.utc.to_numpy().astype("datetime64[ns]"),
        zone or UTC,
        (*told, *notes, *found.notes),
    )
