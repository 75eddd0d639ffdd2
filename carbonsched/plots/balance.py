"""The dispatch: where each site's power comes from, and where it goes."""

from __future__ import annotations

from datetime import tzinfo

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from carbonsched.core.instance import Instance
from carbonsched.plots.style import DPI, legend, literal, patch
from carbonsched.plots.timeline import edges_of, set_times
from carbonsched.schedule import Schedule

# name of the decision -> label, colour, hatch
SUPPLY = {
    "generate": ("on-site generation", "#009E73", ""),
    "grid_import": ("import", "#999999", "///"),
    "discharge": ("battery discharge", "#F0E442", "..."),
}
USE = {
    "charge": ("battery charge", "#E69F00", "..."),
    "grid_export": ("export", "#56B4E9", "\\\\\\"),
}


def dispatch(
    instance: Instance, schedule: Schedule, columns: int = 3, zone: tzinfo | None = None
) -> Figure:
    """Draw each site's power balance (4): supply stacked up, charging and export down.

    The line is what the facility draws; supply above it is charged or exported. Axes in MW and
    dates, or hours after the first period; one panel a site, all on one scale.
    """
    sites = instance.data.site.values
    columns = min(columns, len(sites))
    rows = -(-len(sites) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(10, 2.5 * rows + 0.6), sharex=True, sharey=True,
        squeeze=False, layout="constrained", dpi=DPI,
    )  # fmt: skip
    for axis, site in zip(axes.flat, sites, strict=False):
        _balance(axis, instance, schedule, site)
    for axis in axes.flat[len(sites) :]:
        axis.set_axis_off()
    for axis in axes[:, 0]:
        axis.set_ylabel("power [MW]")
    for axis in axes.flat[max(len(sites) - columns, 0) : len(sites)]:  # the lowest of each column
        axis.tick_params(labelbottom=True)
        set_times(axis, instance, zone, ticks=5)
    handles = [patch(*style) for style in (SUPPLY | USE).values()]
    line = Line2D([], [], color="black", label="facility demand")
    legend(figure, [*handles, line], "lower center", 3)
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
                edges, base, top, step="post", facecolor=colour, hatch=hatch, edgecolor="#333333",
                linewidth=0,
            )  # fmt: skip
            base = top
    axis.stairs(decisions.facility_power.values, edges, color="black", linewidth=1.2)
    axis.axhline(0, color="black", linewidth=0.6)
    axis.set_title(literal(site))
    axis.margins(y=0.06)
    axis.spines[["top", "right"]].set_visible(False)
