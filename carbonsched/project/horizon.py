"""The periods of a project, and instants as people write them: local, or with Z or an offset."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import tzinfo
from typing import Any

import pandas as pd

from carbonsched.io.zones import name_of, zone_of
from carbonsched.project.model import Horizon

MOST_PERIODS = 1_000_000
_WRITTEN = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]+\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?\s*(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE
)


def instant(text: str, zone: tzinfo | None) -> pd.Timestamp:
    """Return an instant in UTC, without a zone.

    Parameters
    ----------
    text : str
        In ISO 8601; a day alone is its midnight.
    zone : tzinfo, optional
        Whose time it is where it says none.

    Raises
    ------
    ValueError
        It is none, has no zone, or is a time that a zone skips or tells twice.

    Examples
    --------
    >>> instant("2025-06-02 08:00", zone_of("Europe/Berlin"))
    Timestamp('2025-06-02 06:00:00')
    """
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        raise ValueError(f"{text!r:.80}: write an instant such as 2025-06-02 08:00")
    try:
        stamp: Any = pd.Timestamp(text.strip().upper())
    except ValueError as error:
        raise ValueError(f"{text!r:.80}: there is no such time") from error
    if stamp.tzinfo is not None:
        return stamp.tz_convert("UTC").tz_localize(None)
    if zone is None:
        raise ValueError(f"{text!r:.80}: say its zone, here with Z or an offset, or as `zone`")
    moments = _moments(stamp, zone)
    if len(moments) != 1:
        told = "skips" if not moments else "tells twice"
        raise ValueError(
            f"{text!r:.80}: a time that {name_of(zone)} {told}: write it with its offset"
        )
    return moments[0]


def _moments(stamp: pd.Timestamp, zone: tzinfo) -> list[pd.Timestamp]:
    """Return when a clock of a zone shows a time: never, once or twice."""
    offsets = {stamp.to_pydatetime().replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
    found = sorted(stamp - offset for offset in offsets if offset is not None)
    return [m for m in found if m.tz_localize("UTC").tz_convert(zone).tz_localize(None) == stamp]


def periods(horizon: Horizon) -> tuple[pd.DatetimeIndex, list[tuple[str, str]]]:
    """Return the begins of the periods in UTC, and faults by key."""
    faults: list[tuple[str, str]] = []
    zone = zone_of(horizon.zone) if horizon.zone else None
    step: Any = pd.Timedelta(seconds=round(horizon.step * 3600, 6))
    if step < pd.Timedelta(seconds=1) or step % pd.Timedelta(seconds=1):
        faults.append(("step", f"{horizon.step} h: write whole seconds"))
    ends = list(_instants(horizon, zone, faults))
    if faults:
        return pd.DatetimeIndex([]), faults
    if horizon.periods is not None:
        count = float(horizon.periods)
    else:
        key = "end" if horizon.end else "days"
        length: Any = ends[1] - ends[0] if horizon.end else pd.Timedelta(days=horizon.days or 0)
        count = length / step
        if count < 1 or abs(count - round(count)) > 1e-9:
            faults.append((key, f"the horizon is {length}, no whole number of steps of {step}"))
    if count > MOST_PERIODS:
        faults.append(("step", f"{count:,.0f} periods, at most {MOST_PERIODS:,}"))
    if faults:
        return pd.DatetimeIndex([]), faults
    return pd.date_range(ends[0], periods=round(count), freq=step), []


def _instants(
    horizon: Horizon, zone: tzinfo | None, faults: list[tuple[str, str]]
) -> Iterator[pd.Timestamp]:
    for key, text in (("start", horizon.start), ("end", horizon.end)):
        if text is not None:
            try:
                yield instant(text, zone)
            except ValueError as error:
                faults.append((key, str(error)))
