"""What is compared row by row, as methods and scenarios are: one number each, or a spread."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from carbonsched.plots.style import (
    COLOURS,
    EDGE,
    INK,
    around,
    legend,
    literal,
    panels,
    patch,
    styled,
)

# colour, hatch of the first, second, ... bar of a row
BARS = (
    (COLOURS["blue"], ""),
    (COLOURS["paper"], "///"),
    (COLOURS["orange"], "..."),
    (COLOURS["green"], "xxx"),
)


@styled
def spread(quantities: Mapping[str, pd.DataFrame]) -> Figure:
    """Draw how quantities spread over many instances: median, middle half, central nine tenths.

    Parameters
    ----------
    quantities : mapping of str to pandas.DataFrame
        By what stands below its panel, with unit: one row an instance, one column a box, the same
        in all. What is missing is left out. Two panels stand side by side.

    Examples
    --------
    >>> loss = pd.DataFrame({"no_battery": [1.0, 2.0, 4.0], "no_routing": [5.0, 9.0, 7.0]})
    >>> figure = spread({"loss against joint [%]": loss})
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['no battery', 'no routing']
    """
    names = list(next(iter(quantities.values())))
    figure, axes = _rows(list(quantities), names, 0.3)
    for axis, values in zip(axes, quantities.values(), strict=True):
        axis.axvline(0, color=INK, linewidth=0.8, linestyle="--")
        axis.boxplot(
            [values[name].dropna() for name in names], positions=range(len(names)), widths=0.6,
            orientation="horizontal", whis=(5, 95), showfliers=False, patch_artist=True,
            manage_ticks=False, boxprops={"facecolor": COLOURS["sky"], "edgecolor": INK},
            # of a box without width the median alone is seen, on a dark page too
            medianprops={
                "color": EDGE, "linewidth": 2,
                "path_effects": [withStroke(linewidth=3.2, foreground=INK)],
            },
            whiskerprops={"color": INK}, capprops={"color": INK},
        )  # fmt: skip
    return figure


@styled
def bars(quantities: Mapping[str, pd.DataFrame | pd.Series], base: str | None = None) -> Figure:
    """Draw quantities of methods or scenarios as bars, up to four beside each other in a row.

    Parameters
    ----------
    quantities : mapping of str to pandas.DataFrame or pandas.Series
        By what stands below its panel, with unit: the index names the rows, the same in all, a
        column is one bar in each row. Two panels stand side by side.
    base : str, optional
        The row whose first bar is carried on as a dashed line.

    Raises
    ------
    ValueError
        A row has more bars than there are looks.

    Examples
    --------
    >>> both = pd.DataFrame({"ours": [2.0, 1.0], "paper": [2.1, 1.0]}, ["joint", "no_routing"])
    >>> figure = bars({"objective [thousand USD]": both})
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['ours', 'paper']
    """
    frames = [q.to_frame("") if isinstance(q, pd.Series) else q for q in quantities.values()]
    names, columns = list(frames[0].index), list(frames[0])
    if len(columns) > len(BARS):
        raise ValueError(f"{len(columns)} bars in a row, {len(BARS)} are told apart")
    height = 0.8 / len(columns)
    figure, axes = _rows(list(quantities), names, 0.14 + 0.14 * len(columns), len(columns) > 1)
    for axis, frame in zip(axes, frames, strict=True):
        for k, (column, (colour, hatch)) in enumerate(zip(columns, BARS, strict=False)):
            axis.barh(
                np.arange(len(names)) + (k - (len(columns) - 1) / 2) * height,
                frame.loc[names, column], height, color=colour, hatch=hatch,
                edgecolor=around(colour), linewidth=0.5,
            )  # fmt: skip
        if base is not None:
            axis.axvline(
                frame.loc[base, columns[0]], color=INK, linewidth=0.9, linestyle="--", zorder=0
            )
        if (frame[columns] < 0).to_numpy().any():
            axis.axvline(0, color=INK, linewidth=0.8)
    if len(columns) > 1:
        legend(figure, [patch(of, *look) for of, look in zip(columns, BARS, strict=False)])
    return figure


def _rows(
    labels: list[str], names: Iterable[str], height: float, legends: bool = False
) -> tuple[Figure, list[Axes]]:
    """Return one panel for each label, with a named row each: the first on top."""
    named = [literal(name.replace("_", " ")) for name in names]
    beside = min(len(labels), 2)
    figure, axes = panels(
        len(labels), beside, height * max(len(named), 2) + 0.75, margin=0.35 * legends, sharey=True
    )
    for axis, label in zip(axes, labels, strict=True):
        axis.set_xlabel(textwrap.fill(label, 24 if beside > 1 else 60))
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
    axes[0].set_yticks(range(len(named)), named)
    axes[0].set_ylim(len(named) - 0.4, -0.6)
    return figure, list(axes)
