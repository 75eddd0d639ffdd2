"""How figures look: colours, hatches, letters, and names of others as the plain text they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.patheffects import AbstractPathEffect, withStroke

from carbonsched.core.instance import Instance

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

P = ParamSpec("P")

# By name, as a page knows them (`--figure-ink`): Okabe and Ito's colours, and those of the ground.
# Lines are ink, quiet, blue, green, pink or red, which stand out on paper; the others are fills.
COLOURS = {
    "ink": "#1b1f24",  # lines and letters
    "quiet": "#57606a",  # ticks, what stands behind
    "rule": "#c9d1d9",  # grid, windows
    "paper": "#fefefe",  # the page's ground
    "edge": "#14171a",  # around and across fills, which are brighter than it on any page
    "blue": "#0072b2",
    "orange": "#e69f00",
    "green": "#009e73",
    "pink": "#cc79a7",
    "sky": "#56b4e9",
    "red": "#d55e00",
    "yellow": "#f0e442",
    "grey": "#999999",
}
# What a dark page sets: the colours of the ground turned round, blue and sky apart on it.
DARK = COLOURS | {
    "ink": "#e6edf3",
    "quiet": "#adb5bd",
    "rule": "#444c56",
    "paper": "#121212",
    "blue": "#3b8fd6",
    "sky": "#8ccdf5",
}
INK, QUIET, RULE, PAPER, EDGE = (COLOURS[n] for n in ("ink", "quiet", "rule", "paper", "edge"))
DPI = 160  # sharp on the page without doubling what is written
WIDTH = 5.4  # inches: letters of 10 points are read on a phone, and not too large on a desk
STYLE: dict[RcKeyType, Any] = {
    "figure.dpi": DPI,
    "figure.figsize": (WIDTH, 3.2),
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.size": 10,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.labelsize": 10,
    "figure.labelsize": 10,
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
    "patch.edgecolor": EDGE,  # and of hatches
    "axes.prop_cycle": cycler(color=[COLOURS[c] for c in ("blue", "red", "green", "pink")]),
    "svg.fonttype": "none",  # letters stay letters
    "svg.hashsalt": "carbonsched",  # the same figure, the same bytes
}
_SITE_COLOURS = ("blue", "orange", "green", "pink", "sky", "red")
_SITE_HATCHES = ("", "///", "...", "xxx", "\\\\\\", "++")
LONGEST = 20  # letters of a name
LONGEST_TITLE = 44  # letters of a title across the whole figure
LETTER = 0.09  # inches, of a name on average


def house() -> AbstractContextManager[None]:
    """Draw and save in this style, whatever the reader's own settings are."""
    return plt.style.context(["default", {str(name): value for name, value in STYLE.items()}])


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Let a function draw in this style."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with house():
            return draw(*args, **kwargs)

    return drawn


def panels(
    count: int = 1, columns: int = 1, height: float = 3.2, margin: float = 0.0, **options: Any
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
    margin : float
        Above or below the rows, inches, as for a legend.
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
        rows, columns, figsize=(WIDTH, height * rows + margin), squeeze=False,
        layout="constrained", **options,
    )  # fmt: skip
    for axis in axes.flat[count:]:
        axis.remove()
    return figure, axes.flat[:count]


def site_styles(instance: Instance) -> dict[str, tuple[str, str]]:
    """Return a colour and a hatch for each site, the same in every figure."""
    many = len(_SITE_COLOURS)  # from then on the same colours with other hatches
    return {
        site: (COLOURS[_SITE_COLOURS[k % many]], _SITE_HATCHES[(k + k // many) % many])
        for k, site in enumerate(instance.data.site.values)
    }


def literal(name: object, longest: int = LONGEST) -> str:
    r"""Return a name as matplotlib draws it letter by letter, cut where it has no room.

    A dollar begins no formula. What is cut is the middle: names often differ in their end.

    Examples
    --------
    >>> literal("a$b$")
    'a\\$b\\$'
    >>> literal("datacenter-frankfurt-2", 12)
    'datace…urt-2'
    """
    text = str(name)
    if len(text) > longest:
        text = f"{text[: longest // 2]}…{text[len(text) - (longest - 1) // 2 :]}"
    return text.replace("$", r"\$")


def legend(figure: Figure, handles: Iterable[Artist], where: str = "upper center") -> None:
    """Put a legend outside the axes of a figure, and none where there is nothing to name.

    It has as many columns as the longest name leaves room for.
    """
    if handles := list(handles):
        longest = max(len(str(handle.get_label())) for handle in handles)
        columns = int(figure.get_figwidth() / (0.5 + LETTER * longest))
        figure.legend(
            handles=handles, loc=f"outside {where}", ncols=min(max(columns, 1), len(handles))
        )  # type: ignore[call-overload]


def around(colour: str) -> str:
    """Return the colour of a fill's outline and hatch: what is seen on it on any page."""
    return INK if colour == PAPER else EDGE


def patch(label: object, colour: str, hatch: str) -> Patch:
    """Return the piece of a legend that shows a colour and its hatch."""
    return Patch(
        facecolor=colour, hatch=hatch, edgecolor=around(colour), linewidth=0.4, label=literal(label)
    )


def outlined(width: float) -> list[AbstractPathEffect]:
    """Return what keeps a line of this width visible where it crosses fills, on a dark page too."""
    return [withStroke(linewidth=width + 0.8, foreground=EDGE)]
