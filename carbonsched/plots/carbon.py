"""The carbon budget: how it is used up."""

from __future__ import annotations

import math
from datetime import tzinfo

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure

from carbonsched.core.instance import Instance
from carbonsched.plots.style import COLOURS, EDGE, INK, legend, panels, patch, site_styles, styled
from carbonsched.plots.timeline import edges_of, set_times
from carbonsched.schedule import Schedule


def emitted(instance: Instance, schedule: Schedule) -> np.ndarray:
    """Return what imports and generation emit, tCO2e over (site, time): the sum of (16)."""
    given, decided = instance.data, schedule.data
    by_import = given.carbon_intensity * decided.grid_import
    by_generation = given.generation_carbon * decided.generate
    return (given.step_hours * (by_import + by_generation)).transpose("site", "time").values


@styled
def budget(instance: Instance, schedule: Schedule, zone: tzinfo | None = None) -> Figure:
    """Draw the emissions so far, stacked by site, below the carbon budget of the horizon (16).

    Axes in tCO2e and dates, or hours after the first period. What added families emit has no site
    and is not drawn.
    """
    edges = edges_of(instance)
    figure, (axis,) = panels(height=3.4)
    base = np.zeros(len(edges))
    styles = site_styles(instance)
    for own, (colour, hatch) in zip(emitted(instance, schedule), styles.values(), strict=True):
        top = base + np.append(0.0, own.cumsum())
        axis.fill_between(
            edges, base, top, facecolor=colour, hatch=hatch, edgecolor=EDGE, linewidth=0.4
        )
        base = top
    axis.plot(edges, base, color=INK, linewidth=1.2)
    handles: list[Artist] = [patch(site, *style) for site, style in styles.items()]
    most = instance.data.carbon_budget.item()
    if math.isfinite(most):
        held = "" if schedule.method.carbon == "budget" else ", not held to"
        handles.append(
            axis.axhline(
                most, color=COLOURS["red"], linestyle="--", linewidth=1.8,
                label=f"carbon budget{held}",
            )
        )  # fmt: skip
    axis.set_ylabel("emitted so far [tCO2e]")
    axis.set_ylim(bottom=0)
    set_times(axis, instance, zone)
    legend(figure, handles)
    return figure
