"""Time zones by name: one acceptance, whoever reads or tells local time."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?")


def zone_of(name: object) -> tzinfo:
    """Return a time zone: a place of the IANA database, "UTC", or an offset.

    Raises
    ------
    ValueError
        There is none of the name; or it is an abbreviation, which leaves open whether the clocks
        change.

    Examples
    --------
    >>> zone_of("Europe/Berlin"), zone_of("+02:00")
    (zoneinfo.ZoneInfo(key='Europe/Berlin'), datetime.timezone(datetime.timedelta(seconds=7200)))
    >>> zone_of("UTC"), zone_of("Singapore")
    (datetime.timezone.utc, zoneinfo.ZoneInfo(key='Singapore'))
    """
    text = str(name).strip()
    if text.upper() in ("UTC", "Z", "GMT"):
        return UTC
    if match := _OFFSET.fullmatch(text.removeprefix("UTC")):
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
        if offset <= timedelta(hours=15):
            return UTC if not offset else timezone(-offset if sign == "-" else offset)
    if text and (text.upper() != text or "/" in text):  # CET, EST5EDT: which clock is that?
        try:
            return ZoneInfo(text)
        except (LookupError, ValueError, OSError):
            pass
    told = "write UTC or one like Europe/Berlin, or an offset like +01:00"
    raise ValueError(f"{name!r:.80}: no known time zone, {told}")


def name_of(zone: tzinfo) -> str:
    """Return how a zone is written.

    Examples
    --------
    >>> name_of(zone_of("Europe/Berlin")), name_of(zone_of("utc")), name_of(zone_of("-0500"))
    ('Europe/Berlin', 'UTC', '-05:00')
    """
    return str(zone).removeprefix("UTC") or "UTC"
