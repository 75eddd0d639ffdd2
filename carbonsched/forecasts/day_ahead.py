"""Where the price is a day-ahead auction, it is known; all else is another forecast's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.instance import Instance
from carbonsched.forecasts.answers import Forecast, checked
from carbonsched.forecasts.persistence import persistence
from carbonsched.forecasts.seen import Seen

_PRICES = ("import_price", "export_price")


class Auction(NamedTuple):
    """When the prices of the next local day are published: a local time, every day."""

    published: time
    zone: ZoneInfo

    def known_until(self, issued: datetime) -> datetime:
        """Return the end, in UTC, of the last local day whose prices are known at an instant.

        Examples
        --------
        >>> auction = Auction(time(12, 45), ZoneInfo("Europe/Berlin"))
        >>> for hour in (11, 12):
        ...     print(auction.known_until(datetime(2023, 2, 6, hour)))
        2023-02-06 23:00:00
        2023-02-07 23:00:00
        """
        local = issued.replace(tzinfo=UTC).astimezone(self.zone)
        after = local.date() + timedelta(days=2 if local.time() >= self.published else 1)
        return datetime.combine(after, time(), self.zone).astimezone(UTC).replace(tzinfo=None)


def day_ahead(
    truth: Instance, otherwise: Forecast | None = None, history: Instance | None = None
) -> Forecast:
    """Return the forecast that knows the prices which an auction has set.

    Parameters
    ----------
    truth : Instance
        Over timestamps, with an attribute `day_ahead` that says at which sites the price is that
        of a day-ahead auction and when it is published, in local time:
        ``"de-fra 12:45 Europe/Berlin; ..."``. From then on, import and export prices of that site
        are known to the end of the next local day.
    otherwise : callable, optional
        The forecast of all else, and of these prices after what is known; by default
        `persistence` by a day. One of your own is checked.
    history : Instance, optional
        Of persistence.

    Raises
    ------
    ValueError
        The instance says of no site when prices are published, has no timestamps, or what it says
        cannot be read.
    """
    seen = Seen(truth, history)
    auctions = auctions_of(truth)
    usual = persistence(truth, history=history)
    rest = usual if otherwise is None else checked(otherwise, truth)
    places = {site: k for k, site in enumerate(truth.data.site.values.tolist())}

    def forecast(issued: Any, horizon: pd.Index) -> xr.Dataset:
        first, _ = seen.window(issued, horizon)
        told = rest(issued, horizon)
        instant: Any = pd.Timestamp(issued)
        prices = {name: told[name].values.copy() for name in _PRICES if name in told}
        for site, auction in auctions.items():
            known = int(np.sum(horizon < auction.known_until(instant)))
            count = max(min(known, seen.periods - first), 0)
            at = seen.before + first
            for name, values in prices.items():
                values[places[site], :count] = seen.values[name][places[site], at : at + count]
        return told.assign({name: told[name].copy(data=prices[name]) for name in prices})

    return forecast


def auctions_of(instance: Instance) -> dict[str, Auction]:
    """Return the auctions that an instance's attribute `day_ahead` names, by site.

    Raises
    ------
    ValueError
        There are none, or something cannot be read; all faults at once.

    Examples
    --------
    >>> import carbonsched as cs
    >>> data = cs.example("real-week").data
    >>> auctions_of(cs.Instance(data.assign_attrs(day_ahead="de-fra 12:45 UTC")))
    {'de-fra': Auction(published=datetime.time(12, 45), zone=zoneinfo.ZoneInfo(key='UTC'))}
    """
    data = instance.data
    if data.indexes["time"].dtype.kind != "M":
        raise ValueError("a day-ahead forecast needs timestamps; the periods are numbered")
    stated = [part.split() for part in str(data.attrs.get("day_ahead", "")).split(";")]
    stated = [part for part in stated if part]
    told = "expected a site, a local time and its zone, as in 'de-fra 12:45 Europe/Berlin'"
    if not stated:
        raise ValueError(f"the instance has no attribute day_ahead: {told}")
    if faults := [fault for part in stated for fault in _faults(part, data)]:
        raise ValueError(f"day_ahead: {'; '.join(faults)}; {told}")
    return {site: Auction(time.fromisoformat(at), ZoneInfo(zone)) for site, at, zone in stated}


def _faults(part: list[str], data: xr.Dataset) -> Iterator[str]:
    """Say what cannot be read of one site's entry."""
    if len(part) != 3:
        yield f"{' '.join(part)!r:.80}"
        return
    site, at, zone = part
    if site not in data.indexes["site"]:
        yield f"no site {site!r:.40}"
    try:
        if time.fromisoformat(at).tzinfo is not None:
            yield f"{at!r:.40} has an offset of its own"
    except ValueError:
        yield f"{at!r:.40} is no time"
    try:
        ZoneInfo(zone)
    except (LookupError, ValueError, OSError):
        yield f"{zone!r:.40} is no time zone"
