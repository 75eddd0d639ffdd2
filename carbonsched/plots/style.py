"""How figures look: colours, hatches, letters, and names of others as the plain text they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from carbonsched.core.instance import Instance

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

P = ParamSpec("P")

# By name, as a page knows them (`--figure-ink`): Okabe and Ito's colours, and those of the ground.
COLOURS = {
    "ink": "#1b1f24",  # lines and letters
    "quiet": "#57606a",  # ticks, what stands behind
    "rule": "#c9d1d9",  # grid, windows
    "paper": "#fefefe",  # the page's ground
    "blue": "#0072b2",
    "orange": "#e69f00",
    "green": "#009e73",
    "pink": "#cc79a7",
    "sky": "#56b4e9",
    "red": "#d55e00",
    "yellow": "#f0e442",
    "grey": "#999999",
}
INK, QUIET, RULE, PAPER = (COLOURS[name] for name in ("ink", "quiet", "rule", "paper"))
DPI = 160  # sharp on the page without doubling what is written
WIDTH = 5.4  # inches: letters of 10 points are read on a phone, and not too large on a desk
STYLE: dict[RcKeyType, Any] = {
    "figure.dpi": DPI,
    "figure.figsize": (WIDTH, 3.2),
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.labelsize": 10,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.facecolor": "none",
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": RULE,
    "hatch.linewidth": 0.6,
    "hatch.color": INK,
    "axes.prop_cycle": cycler(color=[COLOURS[c] for c in ("blue", "red", "green", "pink")]),
    "svg.fonttype": "none",  # letters stay letters
    "svg.hashsalt": "carbonsched",  # the same figure, the same bytes
}
_SITE_STYLE = (
    (COLOURS["blue"], ""),
    (COLOURS["orange"], "///"),
    (COLOURS["green"], "..."),
    (COLOURS["pink"], "xxx"),
    (COLOURS["sky"], "\\\\\\"),
    (COLOURS["red"], "++"),
)
LONGEST = 32  # letters of a name


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Let a function draw in this style, whatever the reader's own settings are."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with plt.rc_context(STYLE):
            return draw(*args, **kwargs)

    return drawn


def panels(
    count: int = 1, columns: int = 1, height: float = 3.2, **options: Any
) -> tuple[Figure, np.ndarray]:
    """Return a figure as wide as the page's column and its panels, those without use taken away.

    Parameters
    ----------
    count : int
        How many panels are drawn.
    columns : int
        How many stand side by side: two have room on a phone.
    height : float
        Of each row of panels, inches.
    **options
        To `matplotlib.pyplot.subplots`, as ``sharex=True``.

    Examples
    --------
    >>> figure, axes = panels(3, columns=2, height=2.0)
    >>> len(axes), [float(inches) for inches in figure.get_size_inches()]
    (3, [5.4, 4.0])
    """
    rows = -(-count // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(WIDTH, height * rows), squeeze=False, layout="constrained",
        **options,
    )  # fmt: skip
    for axis in axes.flat[count:]:
        axis.set_axis_off()
    return figure, axes.flat[:count]


def site_styles(instance: Instance) -> dict[str, tuple[str, str]]:
    """Return a colour and a hatch for each site, the same in every figure."""
    sites = instance.data.site.values
    return {site: _SITE_STYLE[k % len(_SITE_STYLE)] for k, site in enumerate(sites)}


def literal(name: object) -> str:
    r"""Return a name as matplotlib draws it letter by letter, cut where it has no room.

    A dollar begins no formula.

    Examples
    --------
    >>> literal("a$b$")
    'a\\$b\\$'
    """
    text = str(name)
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return text.replace("$", r"\$")


def legend(figure: Figure, handles: Iterable[object], where: str, columns: int) -> None:
    """Put a legend outside the axes of a figure, and none where there is nothing to name."""
    if handles := list(handles):
        columns = min(columns, len(handles))
        figure.legend(handles=handles, loc=f"outside {where}", ncols=columns, frameon=False)  # type: ignore[call-overload]


def patch(label: object, colour: str, hatch: str) -> Patch:
    """Return the piece of a legend that shows a colour and its hatch."""
    return Patch(facecolor=colour, hatch=hatch, edgecolor=INK, linewidth=0.3, label=literal(label))
