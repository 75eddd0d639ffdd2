"""The figure and the numbers of the front page: a week of real prices, planned in two ways."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

import carbonsched as cs
from carbonsched.plots import style

STORED = Path(__file__).parent / "../data/results/real-week"
BLUE, ORANGE = style.COLOURS["blue"], style.COLOURS["orange"]
PLANS = {"energy_only": "energy after work", "joint": "both together"}
PLACES = {
    "us-ca": "California",
    "us-tx": "Texas",
    "us-ny": "New York",
    "gb-lon": "London",
    "de-fra": "Frankfurt",
    "au-syd": "Sydney",
}


def week() -> tuple[cs.Instance, dict[str, cs.Schedule]]:
    """Return the real week and its stored schedules by method."""
    return cs.example("real-week"), {
        method: cs.Schedule.load(STORED / f"{method}.nc")
        for method in ("joint", "energy_only", "no_carbon")
    }


def draw(
    instance: cs.Instance, schedules: dict[str, cs.Schedule], size=(style.WIDTH, 3.3)
) -> Figure:
    """Draw the power at each site, hour by hour: blue where power is cheap, orange where it is dear."""
    given = instance.data
    typical = float(given.import_price.median())
    days = np.arange(given.sizes["time"] + 1) / 24
    with style.house():
        figure, axes = plt.subplots(
            len(PLACES), 2, figsize=size, sharex=True, sharey=True, layout="constrained"
        )
        figure.get_layout_engine().set(h_pad=0.01, hspace=0.02, w_pad=0.04)
        for column, (method, words) in enumerate(PLANS.items()):
            axes[0, column].set_title(words)
            for axis, site in zip(axes[:, column], PLACES, strict=True):
                power = schedules[method].data.it_power.sel(site=site).values
                cheap = (given.import_price.sel(site=site) <= typical).values
                for colour, hours in ((BLUE, cheap), (ORANGE, ~cheap)):
                    axis.stairs(
                        np.where(hours, power, 0), days, fill=True, color=colour, linewidth=0
                    )
                axis.set(yticks=[], xticks=range(8), xlim=(0, 7), ylim=(0, 102))
                axis.set_xticklabels(["M", "T", "W", "T", "F", "S", "S", ""], ha="left")
                axis.tick_params(length=0)
                axis.spines["left"].set_visible(False)
                axis.spines["bottom"].set_color(style.RULE)
        for axis, place in zip(axes[:, 0], PLACES.values(), strict=True):
            axis.set_ylabel(place, rotation=0, ha="right", va="center")
        handles = [
            style.patch(f"{words} {typical:.0f} USD/MWh", colour, "")
            for words, colour in (("below", BLUE), ("above", ORANGE))
        ]
        style.legend(figure, handles, "lower center")
    return figure


def numbers(instance: cs.Instance, schedules: dict[str, cs.Schedule]) -> list[tuple[str, str, str]]:
    """Return three numbers of the week, each with its unit and what it is."""
    joint, apart, free = (schedules[m] for m in ("joint", "energy_only", "no_carbon"))
    lost = 1 - apart.bound / joint.objective  # the least that the two gaps allow
    paid = [_paid(instance, schedule) for schedule in (joint, apart)]
    tonne = (free.bound - joint.objective) / (free.emissions - joint.emissions)  # the most
    return [
        (f"{lost:.0%}", "of the benefit", "is lost by planning the energy only after the work"),
        (f"{paid[0]:.1f}", "USD/MWh", f"paid for imported power, not {paid[1]:.1f}"),
        (f"≤ {tonne:.0f}", "USD/tCO2e", "is what the carbon budget costs per tonne avoided"),
    ]


def _paid(instance: cs.Instance, schedule: cs.Schedule) -> float:
    bought = schedule.data.grid_import
    return float((bought * instance.data.import_price).sum() / bought.sum())
