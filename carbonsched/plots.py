"""Figures: colour-blind safe (Okabe and Ito's colours), told apart in greyscale by hatching."""

from __future__ import annotations

import numpy as np
import pandas as pd

from carbonsched.core.instance import Instance
from carbonsched.core.reach import window_positions
from carbonsched.errors import extra
from carbonsched.schedule import Schedule

with extra("plot", "drawing figures"):
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

DPI = 160  # sharp on the page without doubling what is committed

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
_SITE_STYLE = (
    ("#0072B2", ""),
    ("#E69F00", "///"),
    ("#009E73", "..."),
    ("#CC79A7", "xxx"),
    ("#56B4E9", "\\\\\\"),
    ("#D55E00", "++"),
)


def hours_of(instance: Instance) -> np.ndarray:
    """Return the start of each period, in hours after the first."""
    return np.arange(instance.data.sizes["time"]) * instance.data.step_hours.item()


def dispatch(instance: Instance, schedule: Schedule, columns: int = 3) -> Figure:
    """Draw each site's power balance (4): supply stacked up, charging and export down.

    The line is what the facility draws; supply above it is charged or exported. Axes in MW and
    hours after the first period; one panel a site, all on one scale.
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
    for axis in axes[-1]:
        axis.set_xlabel("hours after the first period")
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="black", linewidth=0.3, label=label)
        for label, colour, hatch in (SUPPLY | USE).values()
    ]
    line = Line2D([], [], color="black", label="facility demand")
    figure.legend(handles=[*handles, line], loc="outside lower center", ncols=3, frameon=False)
    return figure


def _balance(axis: Axes, instance: Instance, schedule: Schedule, site: str) -> None:
    decisions = schedule.data.sel(site=site)
    edges = np.append(hours_of(instance), instance.data.sizes["time"] * instance.data.step_hours)
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
    axis.set_title(site)
    axis.set_xlim(0, edges[-1])
    axis.margins(y=0.06)
    axis.spines[["top", "right"]].set_visible(False)


def site_styles(instance: Instance) -> dict[str, tuple[str, str]]:
    """Return a colour and a hatch for each site, the same in every figure."""
    sites = instance.data.site.values
    return {site: _SITE_STYLE[k % len(_SITE_STYLE)] for k, site in enumerate(sites)}


def gantt(instance: Instance, schedule: Schedule) -> Figure:
    """Draw when and where each job runs, within its window from release to deadline.

    The thin bar is the window, the thick one the run, marked by site; a job without a thick bar
    is declined. Jobs stand in order of release; power is written beside each label.
    """
    given, decisions = instance.data, schedule.data
    hours, width = hours_of(instance), given.step_hours.item()
    styles = site_styles(instance)
    first, last = window_positions(given)
    order = np.argsort(first, kind="stable")[::-1]
    figure, axis = plt.subplots(
        figsize=(8, 0.9 + 0.26 * max(len(order), 4)), layout="constrained", dpi=DPI
    )
    for row, job in enumerate(order):
        if first[job] <= last[job]:  # within the horizon
            window = hours[last[job]] + width - hours[first[job]]
            axis.barh(row, window, 0.16, hours[first[job]], color="#cccccc")
        for site, begin in np.argwhere(decisions.start.isel(job=job).values > 0.5):
            colour, hatch = styles[given.site.values[site]]
            run = given.duration.values[job] * width
            axis.barh(
                row, run, 0.66, hours[begin], color=colour, hatch=hatch, edgecolor="black",
                linewidth=0.5,
            )  # fmt: skip
    labels = [
        f"{j} ({p:.3g} MW)" for j, p in zip(given.job.values, given.power.values, strict=True)
    ]
    axis.set_yticks(range(len(order)), [labels[k] for k in order], fontsize=8)
    axis.set_xlim(0, hours[-1] + width)
    axis.set_ylim(-0.7, len(order) - 0.3)
    axis.set_xlabel("hours after the first period")
    axis.spines[["top", "right"]].set_visible(False)
    handles = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="black", label=site)
        for site, (colour, hatch) in styles.items()
    ]
    window = Patch(color="#cccccc", label="window")
    figure.legend(handles=[*handles, window], loc="outside upper center", ncols=7, frameon=False)
    return figure


def stacked_benefit(schedules: dict[str, Schedule]) -> Figure:
    """Draw the terms of the objective (1) of several schedules: income up, costs down, USD."""
    labels = {name.replace("_", "\n"): s.benefit for name, s in schedules.items()}
    terms = pd.DataFrame(labels).T.fillna(0.0) / 1e3
    styles = {
        "training": ("#0072B2", ""),
        "inference": ("#56B4E9", ""),
        "export": ("#009E73", "..."),
        "import": ("#999999", "///"),
        "generation": ("#D55E00", "\\\\\\"),
        "battery": ("#E69F00", "xxx"),
        "startup": ("#CC79A7", "+++"),
        "stored": ("#F0E442", "ooo"),
    }
    styles |= {name: ("#999999", "**") for name in terms if name not in styles}  # added families
    styles = {name: style for name, style in styles.items() if name in terms}
    terms = terms.reindex(columns=list(styles)).fillna(0.0)
    figure, axis = plt.subplots(figsize=(8, 3.6), layout="constrained", dpi=DPI)
    for sign in (1, -1):
        base = np.zeros(len(terms))
        for name, (colour, hatch) in styles.items():
            height = np.where(np.sign(terms[name]) == sign, terms[name], 0.0)
            axis.bar(
                terms.index, height, 0.6, base, color=colour, hatch=hatch, edgecolor="black",
                linewidth=0.4, label=name if sign == 1 else None,
            )  # fmt: skip
            base = base + height
    axis.plot(terms.index, terms.sum(axis=1), "D", color="black", label="objective")
    axis.axhline(0, color="black", linewidth=0.8)
    axis.set_ylabel("thousand USD over the horizon")
    axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", frameon=False)
    return figure
