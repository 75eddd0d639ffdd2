"""Local time: whose clocks the instants of each site are told by."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, tzinfo
from typing import Any
from unicodedata import normalize

import pandas as pd
import xarray as xr

from carbonsched.errors import InstanceError
from carbonsched.io.zones import zone_of

ATTRIBUTE = "site_zones"  # of an instance: JSON, an object of a zone's name for each site


def zones_of(data: xr.Dataset) -> dict[str, tzinfo]:
    """Return the zone of each site that has one, by the attribute `site_zones` of an instance.

    Raises
    ------
    InstanceError
        Lists what is no zone, or no site.

    Examples
    --------
    >>> import carbonsched as cs
    >>> data = cs.generate(sites=2, periods=4, jobs=1, services=1).data
    >>> zones_of(data.assign_attrs(site_zones='{"site-1": "Europe/Berlin"}'))
    {'site-1': zoneinfo.ZoneInfo(key='Europe/Berlin')}
    """
    stated = data.attrs.get(ATTRIBUTE)
    if stated is None:
        return {}
    try:
        named = json.loads(str(stated))
    except (ValueError, RecursionError):
        named = None
    if not isinstance(named, dict):
        raise InstanceError([f"{ATTRIBUTE}: expected a JSON object of a zone for each site"])
    faults, zones = list[str](), dict[str, tzinfo]()
    for given, name in named.items():
        site = normalize("NFC", given)
        if site not in data.indexes["site"]:
            faults.append(f"{ATTRIBUTE}: {site!r:.80} is no site")
        try:
            zones[site] = zone_of(name)
        except ValueError as error:
            faults.append(f"{ATTRIBUTE}, {site}: {error}")
    if faults:
        raise InstanceError(faults)
    return zones


def common(zones: Mapping[str, tzinfo], sites: Iterable[str]) -> tzinfo | None:
    """Return the zone that all sites have, or None, which is UTC.

    Examples
    --------
    >>> berlin = zone_of("Europe/Berlin")
    >>> common({"a": berlin, "b": berlin}, "ab"), common({"a": berlin}, "ab")
    (zoneinfo.ZoneInfo(key='Europe/Berlin'), None)
    """
    clocks = {zones.get(site) for site in sites}
    return clocks.pop() if len(clocks) == 1 else None


def told(at: Any, zone: tzinfo | None = None) -> str:
    """Return an instant in UTC, or a period's number, as people write it; local with its offset.

    Examples
    --------
    >>> told(pd.Timestamp("2025-01-01 08:00")), told(7), told(pd.NaT)
    ('2025-01-01 08:00', '7', '-')
    >>> told(pd.Timestamp("2025-07-01 08:00"), zone_of("Europe/Berlin"))
    '2025-07-01 10:00 +02:00'
    """
    if at is None or at is pd.NaT or at is pd.NA:
        return "-"
    if not isinstance(at, pd.Timestamp):
        return str(at)
    whole = "minutes" if at == at.floor("min") else "auto"
    if zone in (None, UTC):
        return at.isoformat(" ", whole)
    local = at.tz_localize("UTC").tz_convert(zone)
    offset = local.strftime("%z")
    return f"{local.tz_localize(None).isoformat(' ', whole)} {offset[:3]}:{offset[3:5]}"


def in_local_time(frame: pd.DataFrame, zones: Mapping[str, tzinfo]) -> pd.DataFrame:
    """Return a plan with `start` and `end` as text, by the clocks of the site where a job runs.

    The unit of a column says whose clocks; where they show several offsets from UTC, each instant
    says its own.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `carbonsched.plan` returns it.
    zones : mapping of str to tzinfo
        By site; without one it is UTC.
    """
    clocks = [zones.get(site, UTC) if isinstance(site, str) else UTC for site in frame.site]
    names = {str(clock) for clock, site in zip(clocks, frame.site, strict=True) if site is not None}
    mixed = len(names) > 1

    def text(at: Any, clock: tzinfo) -> str:
        return told(at, clock) + " UTC" * (mixed and clock is UTC and isinstance(at, pd.Timestamp))

    columns = {
        name: pd.Series(list(map(text, frame[name], clocks)), frame.index, object)
        for name in ("start", "end")
    }
    if not mixed:
        columns = _without_offset(columns)
    made = frame.assign(**columns)
    heads = {"period": "begin of period", "last period": "end of period"}
    heads["UTC"] = "local time" if mixed else next(iter(names), "UTC")
    given = frame.attrs["units"]
    made.attrs["units"] = given | {name: heads.get(given[name], given[name]) for name in columns}
    return made


def _without_offset(columns: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """Return instants without their offset from UTC, where all have the same one."""
    offsets = {text.rpartition(" ")[2] for column in columns.values() for text in column}
    one = next(iter(offsets)) if len(offsets) == 1 else ""
    same = one.startswith(("+", "-")) and ":" in one
    return {n: c.str.removesuffix(f" {one}") if same else c for n, c in columns.items()}
