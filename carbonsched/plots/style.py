"""How figures look: colours, hatches, and names of others as the plain text that they are."""

from __future__ import annotations

from collections.abc import Iterable

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from carbonsched.core.instance import Instance

DPI = 160  # sharp on the page without doubling what is committed
_SITE_STYLE = (
    ("#0072B2", ""),
    ("#E69F00", "///"),
    ("#009E73", "..."),
    ("#CC79A7", "xxx"),
    ("#56B4E9", "\\\\\\"),
    ("#D55E00", "++"),
)
LONGEST = 32  # letters of a name


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
    return Patch(
        facecolor=colour, hatch=hatch, edgecolor="black", linewidth=0.3, label=literal(label)
    )
