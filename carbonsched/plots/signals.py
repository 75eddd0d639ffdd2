"""What a schedule reacts to: prices of energy and carbon intensity at each site."""

from __future__ import annotations

from datetime import tzinfo
from typing import Literal

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from carbonsched.core.instance import Instance
from carbonsched.currency import currency_of
from carbonsched.plots.style import COLOURS, LONGEST_TITLE, legend, literal, panels, styled
from carbonsched.plots.timeline import columns_of, edges_of, set_times_below

Dashes = Literal["-", "--", ":"]
# name of the parameter -> label, colour, dashes
SIGNALS: dict[str, tuple[str, str, Dashes]] = {
    "import_price": ("import price", COLOURS["blue"], "-"),
    "export_price": ("export price", COLOURS["pink"], "--"),
    "carbon_intensity": ("carbon intensity [tCO2e/MWh] (right)", COLOURS["red"], ":"),
}


@styled
def prices(instance: Instance, columns: int | None = None, zone: tzinfo | None = None) -> Figure:
    """Draw what energy costs, earns and emits at each site, one panel a site, all on one scale.

    Panels stand in two columns or, where there are more than 96 periods, in one.
    Prices by the left axis, carbon intensity by the right one in tCO2e/MWh.
    """
    data, edges = instance.data, edges_of(instance)
    sites = data.site.values
    columns = columns_of(instance, columns)
    height = 1.65 if columns > 1 else max(1.25, 2.3 / len(sites))
    figure, axes = panels(len(sites), columns, height, margin=0.9, sharex=True, sharey=True)
    dirtiest = 1.08 * float(data.carbon_intensity.max()) or 1.0
    for place, (left, site) in enumerate(zip(axes, sites, strict=True)):
        right = left.twinx()
        right.set_ylim(0, dirtiest)
        right.spines["right"].set_visible(True)
        for name, (_, colour, dashes) in SIGNALS.items():
            axis = right if name == "carbon_intensity" else left
            values = data[name].sel(site=site).values
            axis.stairs(values, edges, baseline=None, color=colour, linestyle=dashes, linewidth=1.4)
        outer = place % columns == columns - 1 or place == len(sites) - 1
        right.tick_params(labelright=outer)
        left.set_title(literal(site, LONGEST_TITLE // columns))
    for axis in axes[::columns]:
        axis.set_ylabel(f"{currency_of(data)}/MWh")
    set_times_below(axes, columns, instance, zone)
    handles = [
        Line2D([], [], color=colour, linestyle=dashes, linewidth=1.4, label=label)
        for label, colour, dashes in SIGNALS.values()
    ]
    legend(figure, handles)
    return figure
