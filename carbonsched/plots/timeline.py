"""The time axis: dates where the instance has timestamps, else hours after the first period."""

from __future__ import annotations

from datetime import UTC, tzinfo
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import dates
from matplotlib.axes import Axes

from carbonsched.core.instance import Instance

# Of years, months, days, hours, minutes and seconds: what a tick says, and one on a whole of these.
_TICKS = ["%Y", "%b %Y", "%b %d", "%H:%M", "%H:%M", "%S.%f"]
_WHOLE = ["", "%Y", "%b %d", "%b %d", "%H:%M", "%H:%M"]


def hours_of(instance: Instance) -> np.ndarray:
    """Return the start of each period, in hours after the first."""
    return np.arange(instance.data.sizes["time"]) * instance.data.step_hours.item()


def is_dated(instance: Instance) -> bool:
    """Return whether the periods are instants, not numbers."""
    return instance.data.indexes["time"].dtype.kind == "M"


def edges_of(instance: Instance) -> np.ndarray:
    """Return where on the axis each period begins, and where the last one ends.

    Days since 1970 of instants, as matplotlib counts them; hours after the first of numbers.
    """
    hours = np.append(hours_of(instance), instance.data.sizes["time"] * width_of(instance, 1.0))
    if not is_dated(instance):
        return hours
    first: Any = instance.data.indexes["time"][0]
    return dates.date2num(first.to_datetime64()) + hours / 24


def width_of(instance: Instance, unit: float | None = None) -> float:
    """Return the length of a period on the axis, in days or hours; in hours over a unit given."""
    unit = (24.0 if is_dated(instance) else 1.0) if unit is None else unit
    return instance.data.step_hours.item() / unit


def instant(instance: Instance, period: int, zone: tzinfo | None = None) -> str:
    """Return when a period begins, by the clocks of a zone or in UTC, or its number."""
    at = instance.data.indexes["time"][period]
    if not isinstance(at, pd.Timestamp):
        return str(at)
    said = f"{at:%Y-%m-%d %H:%M}"
    if zone in (None, UTC):
        return said
    return at.tz_localize("UTC").tz_convert(zone).isoformat(" ", "minutes")


def clock_of(instance: Instance, zone: tzinfo | None = None) -> str:
    """Return whose clocks instants are told by, or nothing where periods are numbered."""
    return f"{zone if zone is not None else 'UTC'}" if is_dated(instance) else ""


def set_times(axis: Axes, instance: Instance, zone: tzinfo | None = None, ticks: int = 7) -> None:
    """Let a figure's lower axis run over the horizon, and say what it counts.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    instance : Instance
    zone : tzinfo, optional
        Whose clocks the dates are told by; by default UTC.
    ticks : int
        The most dates that have room.
    """
    edges = edges_of(instance)
    axis.set_xlim(edges[0], edges[-1])
    if not is_dated(instance):
        axis.set_xlabel("hours after the first period")
        return
    locator = dates.AutoDateLocator(tz=zone, minticks=3, maxticks=ticks)
    formatter = dates.ConciseDateFormatter(
        locator, tz=zone, formats=_TICKS, zero_formats=_WHOLE, show_offset=False
    )
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(formatter)
    first = dates.num2date(edges[0], tz=zone)
    axis.set_xlabel(f"from {first:%Y-%m-%d} ({clock_of(instance, zone)})")
