"""The dispatch: where each site's power comes from, and where it goes."""

from __future__ import annotations

from datetime import tzinfo

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from carbonsched.core.instance import Instance
from carbonsched.plots.style import (
    COLOURS,
    EDGE,
    INK,
    LONGEST_TITLE,
    legend,
    literal,
    outlined,
    panels,
    patch,
    styled,
)
from carbonsched.plots.timeline import columns_of, edges_of, set_times_below
from carbonsched.schedule import Schedule

# name of the decision -> label, colour, hatch
SUPPLY = {
    "generate": ("on-site generation", COLOURS["green"], ""),
    "grid_import": ("import", COLOURS["grey"], "///"),
    "discharge": ("battery discharge", COLOURS["yellow"], "..."),
}
USE = {
    "charge": ("battery charge", COLOURS["orange"], "..."),
    "grid_export": ("export", COLOURS["sky"], "\\\\\\"),
}


@styled
def dispatch(
    instance: Instance, schedule: Schedule, columns: int | None = None, zone: tzinfo | None = None
) -> Figure:
    """Draw each site's power balance (4): supply stacked up, charging and export down.

    The line is what the facility draws; supply above it is charged or exported. Axes in MW and
    dates, or hours after the first period; one panel a site, all on one scale, in
    two columns or, where there are more than 96 periods, in one.
    """
    sites = instance.data.site.values
    columns = columns_of(instance, columns)
    height = 1.75 if columns > 1 else max(1.35, 2.3 / len(sites))
    figure, axes = panels(len(sites), columns, height, margin=1.2, sharex=True, sharey=True)
    for axis, site in zip(axes, sites, strict=True):
        _balance(axis, instance, schedule, site)
        axis.set_title(literal(site, LONGEST_TITLE // columns))
    for axis in axes[::columns]:
        axis.set_ylabel("power [MW]")
    set_times_below(axes, columns, instance, zone)
    handles = [patch(*style) for style in (SUPPLY | USE).values()]
    line = Line2D(
        [], [], color=INK, linewidth=0.8, path_effects=outlined(0.8), label="facility demand"
    )
    legend(figure, [*handles, line])
    return figure


def _balance(axis: Axes, instance: Instance, schedule: Schedule, site: str) -> None:
    decisions = schedule.data.sel(site=site)
    edges = edges_of(instance)
    for flows, sign in ((SUPPLY, 1), (USE, -1)):
        base = np.zeros(len(edges))
        for name, (_, colour, hatch) in flows.items():
            flow = sign * decisions[name].values
            top = base + np.append(flow, flow[-1])
            axis.fill_between(
                edges, base, top, step="post", facecolor=colour, hatch=hatch, edgecolor=EDGE,
                linewidth=0.2,
            )  # fmt: skip
            base = top
    demand = decisions.facility_power.values
    axis.stairs(demand, edges, color=INK, linewidth=0.8, path_effects=outlined(0.8))
    axis.axhline(0, color=INK, linewidth=0.6)
    axis.margins(y=0.06)
