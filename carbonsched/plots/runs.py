"""The Gantt chart: when and where each job runs."""

from __future__ import annotations

from datetime import tzinfo

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from carbonsched.core.instance import Instance
from carbonsched.core.reach import window_positions
from carbonsched.plots.style import (
    EDGE,
    QUIET,
    RULE,
    legend,
    literal,
    panels,
    patch,
    site_styles,
    styled,
)
from carbonsched.plots.timeline import edges_of, set_times, width_of
from carbonsched.schedule import Schedule


@styled
def gantt(instance: Instance, schedule: Schedule, zone: tzinfo | None = None) -> Figure:
    """Draw when and where each job runs, within its window from release to deadline.

    The thin bar is the window, the thick one the run, marked by site; a job without a thick bar
    is declined. Jobs stand in order of release; power is written beside each label.
    """
    given, decisions = instance.data, schedule.data
    begins, width = edges_of(instance), width_of(instance)
    styles = site_styles(instance)
    first, last = window_positions(given)
    order = np.argsort(first, kind="stable")[::-1]
    figure, (axis,) = panels(height=0.21 * max(len(order), 4), margin=1.1)
    starts = decisions.start.transpose("job", "site", "time").values > 0.5
    for row, job in enumerate(order):
        if first[job] <= last[job]:  # within the horizon
            window = begins[last[job]] + width - begins[first[job]]
            axis.barh(
                row, window, 0.2, begins[first[job]], color=RULE, edgecolor=QUIET, linewidth=0.4
            )
        for site, begin in np.argwhere(starts[job]):
            colour, hatch = styles[given.site.values[site]]
            run = given.duration.values[job] * width
            axis.barh(
                row, run, 0.66, begins[begin], color=colour, hatch=hatch, edgecolor=EDGE,
                linewidth=0.5,
            )  # fmt: skip
    labels = [
        f"{literal(j, 16)} ({p:.3g} MW)"
        for j, p in zip(given.job.values, given.power.values, strict=True)
    ]
    axis.set_yticks(range(len(order)), [labels[k] for k in order])
    set_times(axis, instance, zone, ticks=5)
    axis.set_ylim(-0.7, len(order) - 0.3)
    axis.set_ylabel("job")
    window = Patch(facecolor=RULE, edgecolor=QUIET, linewidth=0.4, label="window")
    legend(figure, [*(patch(site, *style) for site, style in styles.items()), window])
    return figure
