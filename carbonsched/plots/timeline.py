"""The time axis: dates where the instance has timestamps, else hours after the first period."""

from __future__ import annotations

import math
from datetime import UTC, tzinfo
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, MultipleLocator

from carbonsched.core.instance import Instance

# Of years, months, days, hours, minutes and seconds: what a tick says, and one on a whole of these.
_TICKS = ["%Y", "%b %Y", "%b %d", "%H:%M", "%H:%M", "%S.%f"]
_HOURS = (1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168)  # that ticks are apart where there are no dates
_MANY = 96  # periods, which have no room in half a page
_SEASON = 90  # days, up to which whole days are counted
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
    length = edges[-1] - edges[0]
    if not is_dated(instance):
        step = next((step for step in _HOURS if length <= step * ticks), None)
        axis.xaxis.set_major_locator(MultipleLocator(step) if step else MaxNLocator(ticks))
        axis.set_xlabel("hours after the first period")
        return
    days = math.ceil(length / ticks)
    locator = (
        dates.DayLocator(interval=days, tz=zone)
        if 2 < length <= _SEASON
        else dates.AutoDateLocator(tz=zone, minticks=3, maxticks=ticks)
    )
    formatter = dates.ConciseDateFormatter(
        locator, tz=zone, formats=_TICKS, zero_formats=_WHOLE, show_offset=False
    )
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(formatter)
    first, clock = dates.num2date(edges[0], tz=zone), clock_of(instance, zone)
    axis.set_xlabel(f"from {first:%Y-%m-%d}{chr(10) if len(clock) > 5 else ' '}({clock})")


def columns_of(instance: Instance, columns: int | None) -> int:
    """Return how many panels of sites stand side by side: one where there are many periods."""
    if columns is None:
        columns = 1 if instance.data.sizes["time"] > _MANY else 2
    return min(columns, instance.data.sizes["site"])


def set_times_below(
    axes: np.ndarray, columns: int, instance: Instance, zone: tzinfo | None = None
) -> None:
    """Give the lowest panel of each column its times, and all panels one label below."""
    for axis in axes[-columns:]:
        axis.tick_params(labelbottom=True)
        set_times(axis, instance, zone, ticks=4 if columns > 1 else 7)
    if columns > 1:
        axes[0].figure.supxlabel(axes[-1].get_xlabel().replace("\n", " "))
        for axis in axes:
            axis.set_xlabel("")
