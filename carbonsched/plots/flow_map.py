"""Where inference is served, on a map: sites by their coordinates, arrows as wide as their power.

The instance carries coordinates as an attribute; nothing of the model knows them.
"""

from __future__ import annotations

import json
import math
from typing import Any
from unicodedata import normalize

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import ArrowStyle, FancyArrowPatch

from carbonsched.core.instance import Instance
from carbonsched.errors import InstanceError
from carbonsched.plots.apart import Place, set_apart
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
_NEAR = 8  # pixels around a dot in which only its own name stands
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
        places = {normalize("NFC", site): (float(at[0]), float(at[1])) for site, at in said.items()}
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
    west_east, south_north, stretch = _extent(at)
    shape = float(stretch * np.ptp(south_north) / np.ptp(west_east))
    figure, (axis,) = panels(height=float(np.clip(0.8 + 4.4 * shape, 2.6, 5.0)))
    _ground(axis, west_east, south_north, stretch)
    most = float(power.max()) or 1.0
    powers, names = [], []
    pairs = [(int(a), int(b)) for a, b in np.argwhere(power > _LEAST) if a != b]
    for a, b in pairs:
        ends = [(float(x), float(y)) for x, y in (at[a], at[b])]
        wide = max(_WIDEST * power[a, b] / most, 0.4)
        form = ArrowStyle("simple", head_length=9, head_width=wide + 5, tail_width=wide)
        label = f"{sites[a]} {sites[b]}"
        axis.add_patch(FancyArrowPatch(*ends, label=label, arrowstyle=form, **_ARROW))
        if len(pairs) <= _LABELLED:
            text = axis.text(0, 0, f"{power[a, b]:.3g}", ha="center", va="center")
            powers.append((text, _along(at[a], at[b])))
    own = power.diagonal()
    areas = 20 + 160 * own / most
    axis.scatter(at[:, 0], at[:, 1], s=areas, color=COLOURS["green"], zorder=3)
    for site, (x, y), home in zip(sites, at, own, strict=True):
        text = literal(site) + (f", {home:.3g} MW" if home > _LEAST else "")
        names.append((axis.annotate(text, (x, y), (0, 0), textcoords="offset points"), _AROUND))
    widths = [_WIDEST, _WIDEST / 4] if pairs else []
    handles = [
        Line2D([], [], color=COLOURS["blue"], alpha=0.65, linewidth=width,
               label=f"{most * width / _WIDEST:.3g} MW")
        for width in widths
    ]  # fmt: skip
    if (own > _LEAST).any():
        dot = {"marker": "o", "linestyle": "", "color": COLOURS["green"], "markersize": 6}
        handles.append(Line2D([], [], **dot, label="served at home"))
    legend(figure, handles, "lower center")
    radii = np.sqrt(areas / math.pi) * figure.dpi / 72 + _NEAR
    set_apart(axis, [*names, *powers], at, radii)
    return figure


def _beside(right: int, up: int) -> Place:
    """Return what moves the name of a site beside its dot."""

    def place(text: Any) -> None:
        text.set_position((7 * right, 7 * up))
        text.set(ha=("center", "left", "right")[right], va=("center", "bottom", "top")[up])

    return place


_AROUND = [_beside(right, up) for up in (1, -1, 0) for right in (1, -1, 0) if right or up]


def _along(a: np.ndarray, b: np.ndarray) -> list[Place]:
    """Return what moves a power beside its arrow: to the middle first, then nearer to an end."""
    (x0, y0), (x1, y1) = a, b

    def at(share: float, side: float) -> Place:
        x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        return lambda text: text.set_position((x + side * (y1 - y0), y - side * (x1 - x0)))

    return [at(share, side) for share in (0.5, 0.35, 0.65) for side in (0.11, 0.05, 0.17)]


def _flat(places: np.ndarray) -> np.ndarray:
    """Return longitudes and latitudes; sites on both sides of the date line stay together."""
    lat, lon = places[:, 0], places[:, 1].copy()
    if np.ptp(lon) > np.ptp(lon % 360):
        lon %= 360
    return np.column_stack([lon, lat])


def _extent(at: np.ndarray) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Return what is shown, west to east and south to north, and a degree's length northwards."""
    middle = math.radians(float(np.clip(at[:, 1].mean(), -80, 80)))
    room = np.maximum(0.25 * np.ptp(at, axis=0), 2.0)
    (west, south), (east, north) = at.min(axis=0) - room, at.max(axis=0) + room
    return (west, east), (max(south, -90.0), min(north, 90.0)), 1 / math.cos(middle)


def _ground(axis: Any, west_east: Any, south_north: Any, stretch: float) -> None:
    """Draw parallels and meridians, one degree as long as the other."""
    axis.set_aspect(stretch)
    axis.set_xlim(*west_east)
    axis.set_ylim(*south_north)
    axis.grid(linewidth=0.5)
    axis.xaxis.set_major_formatter(lambda lon, _: _degrees((lon + 180) % 360 - 180, "EW"))
    axis.yaxis.set_major_formatter(lambda lat, _: _degrees(lat, "NS"))


def _degrees(value: float, sides: str) -> str:
    side = "" if not value else sides[int(value < 0)]
    return f"{abs(round(float(value), 6)):g}°{side}"
