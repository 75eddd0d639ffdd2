"""The terms of the objective (1), of one schedule beside others."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from carbonsched.plots.style import (
    COLOURS,
    INK,
    PAPER,
    around,
    legend,
    literal,
    panels,
    patch,
    styled,
)
from carbonsched.schedule import Schedule

# name of the term -> colour, hatch
TERMS = {
    "training": (COLOURS["blue"], ""),
    "inference": (COLOURS["sky"], "\\\\\\"),
    "export": (COLOURS["green"], "..."),
    "import": (COLOURS["grey"], "///"),
    "generation": (COLOURS["red"], "++"),
    "battery": (COLOURS["orange"], "xxx"),
    "startup": (COLOURS["pink"], "---"),
    "stored": (COLOURS["yellow"], "oo"),
}


@styled
def stacked_benefit(schedules: dict[str, Schedule]) -> Figure:
    """Draw the terms of the objective (1) of several schedules: income right, costs left, USD.

    One bar a schedule, the first on top; the diamond is the objective. The currency is that of the
    first, where its instance states another.
    """
    labels = {literal(name.replace("_", " "), 20): s.benefit for name, s in schedules.items()}
    currency = next((s.currency for s in schedules.values()), "USD")
    terms = pd.DataFrame(labels).T.fillna(0.0) / 1e3
    styles = TERMS | {name: (PAPER, "**") for name in terms if name not in TERMS}  # added families
    styles = {name: style for name, style in styles.items() if name in terms}
    terms = terms.reindex(columns=list(styles)).fillna(0.0)
    figure, (axis,) = panels(height=0.42 * max(len(terms), 2), margin=1.5)
    places = np.arange(len(terms))
    for sign in (1, -1):
        base = np.zeros(len(terms))
        for name, (colour, hatch) in styles.items():
            width = np.where(np.sign(terms[name]) == sign, terms[name], 0.0)
            axis.barh(
                places,
                width,
                0.68,
                base,
                color=colour,
                hatch=hatch,
                edgecolor=around(colour),
                linewidth=0.4,
            )
            base = base + width
    (total,) = axis.plot(
        terms.sum(axis=1), places, "D", color=INK, markeredgecolor=PAPER, label="objective"
    )
    axis.axvline(0, color=INK, linewidth=0.8)
    axis.set_yticks(places, list(terms.index))
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.invert_yaxis()
    axis.set_xlabel(f"thousand {currency} over the horizon")
    marker = Line2D([], [], linestyle="", marker="D", color=INK, label=total.get_label())
    legend(figure, [*(patch(name, *style) for name, style in styles.items()), marker])
    return figure
