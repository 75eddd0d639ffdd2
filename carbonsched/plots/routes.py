"""Where inference is served: from the home of each service to the sites, in MW."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from carbonsched.core.instance import Instance
from carbonsched.plots.style import COLOURS, LETTER, WIDTH, literal, styled
from carbonsched.schedule import Schedule

_CELL = 0.46  # inches, the least that has room for a number
_STRONGEST = 0.55  # of the colour: letters are read on it, on a light page and a dark one


def served(instance: Instance, schedule: Schedule) -> xr.DataArray:
    """Return the mean IT power of inference by where it arises and is served, MW (home, site)."""
    data = instance.data
    power = (schedule.data.route * data.power_per_unit).mean("time")
    power = power.transpose("service", "site").values
    sites = data.site.values
    arises = data.home.values[None] == sites[:, None]  # (home, service)
    return xr.DataArray(arises.astype(float) @ power, {"home": sites, "site": sites})


@styled
def flows(instance: Instance, schedule: Schedule) -> Figure:
    """Draw a matrix of the inference that is served: from home, rows, to site, columns.

    Each cell says the mean IT power over the horizon, MW; the stronger its colour, the more. What
    stands on the diagonal is served at home.
    """
    power = served(instance, schedule).values
    sites = [literal(site, 16) for site in instance.data.site.values]
    many, names = len(sites), LETTER * max(map(len, sites))
    cell = max((WIDTH - names - 0.7) / max(many, 3), _CELL)
    room = (max(WIDTH, cell * many + names + 0.7), min(cell, 0.6) * many + 0.7 + names * 0.75)
    figure, axis = plt.subplots(figsize=room)
    axis.set_xlim(-0.5, many - 0.5)
    axis.set_ylim(many - 0.5, -0.5)
    most = float(power.max()) or 1.0
    for row, column in np.argwhere(power > 0):
        said, strength = f"{power[row, column]:.3g}", _STRONGEST * power[row, column] / most
        axis.add_patch(
            Rectangle(
                (column - 0.5, row - 0.5), 1, 1, color=COLOURS["blue"], alpha=strength, linewidth=0
            )
        )
        axis.text(column, row, said, ha="center", va="center")
    axis.set_xticks(np.arange(many + 1) - 0.5, minor=True)
    axis.set_yticks(np.arange(many + 1) - 0.5, minor=True)
    axis.grid(which="minor", linewidth=0.6)
    axis.tick_params(which="both", length=0)
    aslant = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if names > cell else {}
    axis.set_xticks(range(many), sites, **aslant)
    axis.set_yticks(range(many), sites)
    axis.spines[:].set_visible(False)
    axis.set_title("mean IT power of inference [MW]")
    axis.set_xlabel("served at")
    axis.set_ylabel("arises at")
    return figure
