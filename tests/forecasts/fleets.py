"""Fleets by hand whose hours can be told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
from by_hand import plain

import carbonsched as cs

START = "2023-02-06"  # a Monday


def fleet(periods: int, first: int = 0, sites: int = 2, dated: bool = True, **values: object):
    """Return a fleet of two services, by the hour; `first` counts its first hour from `START`."""
    data = plain(sites, periods, 0, 2, **values)
    hours = np.arange(first, first + periods)
    times = pd.Timestamp(START) + pd.to_timedelta(hours, "h") if dated else hours
    return cs.Instance(data.assign_coords(time=times))


def counted(periods: int, first: int = 0, dated: bool = True) -> cs.Instance:
    """Return a fleet in which every value is its hour from `START`, and 1000 a site or service."""
    hour = np.arange(first, first + periods) + 1000.0 * np.arange(1, 3)[:, None]
    return fleet(
        periods,
        first,
        dated=dated,
        import_price=hour / 100,
        export_price=-hour / 100,
        carbon_intensity=hour / 1e4,
        cooling=1 + hour / 1e5,
        generation_available=hour / 100,
        demand=2 * hour,
    )
