"""The terms of the objective (1), of one schedule beside others."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from carbonsched.currency import DEFAULT
from carbonsched.plots.style import DPI, literal
from carbonsched.schedule import Schedule


def stacked_benefit(schedules: dict[str, Schedule]) -> Figure:
    """Draw the terms of the objective (1) of several schedules: income up, costs down, USD.

    The currency is that of the first, where its instance states another.
    """
    labels = {literal(name.replace("_", "\n")): s.benefit for name, s in schedules.items()}
    currency = next((s.currency for s in schedules.values()), DEFAULT)
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
                linewidth=0.4, label=literal(name) if sign == 1 else None,
            )  # fmt: skip
            base = base + height
    axis.plot(terms.index, terms.sum(axis=1), "D", color="black", label="objective")
    axis.axhline(0, color="black", linewidth=0.8)
    axis.set_ylabel(f"thousand {currency} over the horizon")
    axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", frameon=False)
    return figure
