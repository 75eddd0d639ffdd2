"""Where inference is served, on a map: sites by their coordinates, arrows as wide as their power.

The instance carries coordinates as an attribute; nothing of the model knows them.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import ArrowStyle, FancyArrowPatch

from carbonsched.core.instance import Instance
from carbonsched.errors import InstanceError
from carbonsched.plots.routes import served
from carbonsched.plots.style import COLOURS, legend, literal, panels, styled
from carbonsched.schedule import Schedule

ATTRIBUTE = "site_places"  # of an instance: JSON, by site its latitude and longitude in degrees
_WIDEST = 6.0  # points, of the arrow of the most power
_ARROW: dict[str, Any] = {
    "connectionstyle": "arc3,rad=0.18", "mutation_scale": 1, "linewidth": 0,
    "color": COLOURS["blue"], "alpha": 0.65, "shrinkA": 5, "shrinkB": 6,
}  # fmt: skip
_LEAST = 5e-4  # MW: less is no flow
_LABELLED = 12  # arrows that each have room for their power


def places_of(data: xr.Dataset) -> dict[str, tuple[float, float]] | None:
    """Return latitude and longitude of every site, or None where not all have them.

    Raises
    ------
    InstanceError
        What is stated is no such thing.

    Examples
    --------
    >>> import carbonsched as cs
    >>> data = cs.generate(sites=1, periods=4, jobs=1, services=1).data
    >>> places_of(data), places_of(data.assign_attrs(site_places='{"site-1": [52.5, 13.4]}'))
    (None, {'site-1': (52.5, 13.4)})
    """
    stated = data.attrs.get(ATTRIBUTE)
    if stated is None:
        return None
    try:
        said: Any = json.loads(str(stated))
        places = {str(site): (float(at[0]), float(at[1])) for site, at in said.items()}
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        places = {}
    good = all(abs(lat) <= 90 and abs(lon) <= 180 for lat, lon in places.values())
    if not places or not good:
        told = "expected a JSON object of latitude and longitude for each site"
        raise InstanceError([f"{ATTRIBUTE}: {told}"])
    sites = list(map(str, data.site.values))
    return {site: places[site] for site in sites} if set(sites) <= set(places) else None


@styled
def flow_map(instance: Instance, schedule: Schedule) -> Figure:
    """Draw the inference that is served, from home to site, on a map without coasts.

    Arrows are as wide as their mean IT power over the horizon, MW; a dot is as large as what its
    site serves for itself.

    Raises
    ------
    ValueError
        A site has no coordinates.
    """
    places = places_of(instance.data)
    if places is None:
        raise ValueError(f"a map needs coordinates of every site: {ATTRIBUTE} of the instance")
    power = served(instance, schedule).values
    sites, at = list(places), _flat(np.array(list(places.values()), float))
    figure, (axis,) = panels(height=4.6)
    _ground(axis, at)
    most = float(power.max()) or 1.0
    pairs = [(int(a), int(b)) for a, b in np.argwhere(power > _LEAST) if a != b]
    for a, b in pairs:
        ends = [(float(x), float(y)) for x, y in (at[a], at[b])]
        wide = max(_WIDEST * power[a, b] / most, 0.4)
        form = ArrowStyle("simple", head_length=9, head_width=wide + 5, tail_width=wide)
        label = f"{sites[a]} {sites[b]}"
        axis.add_patch(FancyArrowPatch(*ends, label=label, arrowstyle=form, **_ARROW))
        if len(pairs) <= _LABELLED:
            (x0, y0), (x1, y1) = at[a], at[b]
            beside = (0.5 * (x0 + x1) + 0.11 * (y1 - y0), 0.5 * (y0 + y1) - 0.11 * (x1 - x0))
            axis.text(*beside, f"{power[a, b]:.3g}", ha="center", va="center")
    own = power.diagonal()
    axis.scatter(at[:, 0], at[:, 1], s=20 + 160 * own / most, color=COLOURS["green"], zorder=3)
    for site, (x, y), home in zip(sites, at, own, strict=True):
        text = literal(site) + (f"\n{home:.3g} MW of its own" if home > _LEAST else "")
        axis.annotate(text, (x, y), (7, 7), textcoords="offset points")
    widths = [_WIDEST, _WIDEST / 4] if pairs else []
    handles = [
        Line2D([], [], color=COLOURS["blue"], alpha=0.65, linewidth=width,
               label=f"{most * width / _WIDEST:.3g} MW")
        for width in widths
    ]  # fmt: skip
    legend(figure, handles, "lower center")
    return figure


def _flat(places: np.ndarray) -> np.ndarray:
    """Return longitudes and latitudes; sites on both sides of the date line stay together."""
    lat, lon = places[:, 0], places[:, 1].copy()
    if np.ptp(lon) > np.ptp(lon % 360):
        lon %= 360
    return np.column_stack([lon, lat])


def _ground(axis: Any, at: np.ndarray) -> None:
    """Draw parallels and meridians around the sites, one degree as long as the other there."""
    middle = math.radians(float(np.clip(at[:, 1].mean(), -80, 80)))
    axis.set_aspect(1 / math.cos(middle))
    room = np.maximum(0.25 * np.ptp(at, axis=0), 2.0)
    (west, south), (east, north) = at.min(axis=0) - room, at.max(axis=0) + room
    axis.set_xlim(west, east)
    axis.set_ylim(max(south, -90), min(north, 90))
    axis.grid(linewidth=0.5)
    axis.xaxis.set_major_formatter(lambda lon, _: _degrees((lon + 180) % 360 - 180, "EW"))
    axis.yaxis.set_major_formatter(lambda lat, _: _degrees(lat, "NS"))


def _degrees(value: float, sides: str) -> str:
    side = "" if not value else sides[int(value < 0)]
    return f"{abs(round(float(value), 6)):g}°{side}"
