"""Where inference is served: from the home of each service to the sites, in MW."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from carbonsched.core.instance import Instance
from carbonsched.plots.style import DPI, literal
from carbonsched.schedule import Schedule

_LETTER = 0.095  # inches, of a name beside an axis


def served(instance: Instance, schedule: Schedule) -> xr.DataArray:
    """Return the mean IT power of inference by where it arises and is served, MW (home, site)."""
    data = instance.data
    power = (schedule.data.route * data.power_per_unit).mean("time")
    power = power.transpose("service", "site").values
    sites = data.site.values
    arises = data.home.values[None] == sites[:, None]  # (home, service)
    return xr.DataArray(arises.astype(float) @ power, {"home": sites, "site": sites})


def flows(instance: Instance, schedule: Schedule) -> Figure:
    """Draw a matrix of the inference that is served: from home, rows, to site, columns.

    Each cell says the mean IT power over the horizon, MW; the darker, the more. What stands on the
    diagonal is served at home.
    """
    power = served(instance, schedule).values
    sites = [literal(site) for site in instance.data.site.values]
    size, names = 0.75 * max(len(sites), 2), _LETTER * max(map(len, sites))
    room = (size + 2.6 + names, size + 1.4 + names / 2)  # below, names stand aslant
    figure, axis = plt.subplots(figsize=room, layout="constrained", dpi=DPI)
    most = float(power.max()) or 1.0
    image = axis.imshow(power, cmap="Blues", vmin=0, vmax=most)  # nothing is white
    axis.set_xticks(np.arange(1, len(sites)) - 0.5, minor=True)
    axis.set_yticks(np.arange(1, len(sites)) - 0.5, minor=True)
    axis.grid(which="minor", color="#999999", linewidth=0.5)
    axis.tick_params(which="minor", length=0)
    for row, column in np.argwhere(power > 0):
        dark = power[row, column] > 0.55 * most
        axis.text(
            column, row, f"{power[row, column]:.3g}", ha="center", va="center", fontsize=8,
            color="white" if dark else "black",
        )  # fmt: skip
    axis.set_xticks(range(len(sites)), sites, rotation=30, ha="right")
    axis.set_yticks(range(len(sites)), sites)
    axis.set_xlabel("served at")
    axis.set_ylabel("arises at")
    figure.colorbar(image, label="mean IT power\nof inference [MW]", shrink=0.8)
    return figure
