"""What a schedule reacts to: prices of energy and carbon intensity at each site."""

from __future__ import annotations

from datetime import tzinfo
from typing import Literal

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from carbonsched.core.instance import Instance
from carbonsched.currency import currency_of
from carbonsched.plots.style import DPI, legend, literal
from carbonsched.plots.timeline import edges_of, set_times

Dashes = Literal["-", "--", ":"]
# name of the parameter -> label, colour, dashes
SIGNALS: dict[str, tuple[str, str, Dashes]] = {
    "import_price": ("import price", "#0072B2", "-"),
    "export_price": ("export price", "#56B4E9", "--"),
    "carbon_intensity": ("carbon intensity (right)", "#D55E00", ":"),
}


def prices(instance: Instance, columns: int = 3, zone: tzinfo | None = None) -> Figure:
    """Draw what energy costs, earns and emits at each site, one panel a site, all on one scale.

    Prices by the left axis, carbon intensity by the right one in tCO2e/MWh.
    """
    data, edges = instance.data, edges_of(instance)
    sites = data.site.values
    columns = min(columns, len(sites))
    rows = -(-len(sites) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(10, 2.4 * rows + 0.6), sharex=True, sharey=True,
        squeeze=False, layout="constrained", dpi=DPI,
    )  # fmt: skip
    dirtiest = 1.08 * float(data.carbon_intensity.max()) or 1.0
    for place, site in enumerate(sites):
        left = axes.flat[place]
        right = left.twinx()
        right.set_ylim(0, dirtiest)
        for name, (_, colour, dashes) in SIGNALS.items():
            axis = right if name == "carbon_intensity" else left
            values = data[name].sel(site=site).values
            axis.stairs(values, edges, baseline=None, color=colour, linestyle=dashes)
        if place % columns == columns - 1 or place == len(sites) - 1:
            right.set_ylabel("tCO2e/MWh")
        else:
            right.tick_params(labelright=False)
        left.set_title(literal(site))
        left.spines["top"].set_visible(False)
        right.spines["top"].set_visible(False)
    for axis in axes.flat[len(sites) :]:
        axis.set_axis_off()
    for axis in axes[:, 0]:
        axis.set_ylabel(f"{currency_of(data)}/MWh")
    for axis in axes.flat[max(len(sites) - columns, 0) : len(sites)]:  # the lowest of each column
        axis.tick_params(labelbottom=True)
        set_times(axis, instance, zone, ticks=5)
    handles = [
        Line2D([], [], color=colour, linestyle=dashes, label=label)
        for label, colour, dashes in SIGNALS.values()
    ]
    legend(figure, handles, "lower center", 3)
    return figure
