"""Figures on a page: drawings whose colours follow the page's light and dark."""

from __future__ import annotations

import io
import re
from typing import Any
from xml.etree import ElementTree

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from carbonsched.plots.small import SVG, XLINK, shrink
from carbonsched.plots.style import COLOURS, STYLE, house

_NAMES = {colour: name for name, colour in COLOURS.items()}
_HEX = re.compile("|".join(_NAMES), re.IGNORECASE)
# what a page has no use for: a rule for every element would be one for the whole page
_NOT_DRAWN = (f"{SVG}metadata", f"{SVG}style")


def page_svg(figure: Figure) -> str:
    """Return a figure as SVG whose colours are CSS variables, `--figure-ink` and so on.

    A page that sets them decides how the figure looks, in light and in dark; elsewhere it looks as
    drawn. The ground is transparent, letters are letters, and the same figure gives the same text.
    """
    written = io.BytesIO()
    with house():
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    root = ElementTree.fromstring(written.getvalue())
    root.set("stroke-linejoin", "round")
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag in _NOT_DRAWN]:
            parent.remove(child)
        for name in ("style", "fill", "stroke"):
            if name in parent.attrib:
                parent.set(name, _HEX.sub(_variable, parent.get(name, "")))
    shrink(root)
    ElementTree.register_namespace("", SVG.strip("{}"))
    ElementTree.register_namespace("xlink", XLINK.strip("{}"))
    return ElementTree.tostring(root, encoding="unicode")


def _variable(found: re.Match[str]) -> str:
    colour = found.group().lower()
    return f"var(--figure-{_NAMES[colour]}, {colour})"


def book() -> None:
    """Let this notebook draw in the book's style, every figure one drawing as `page_svg` writes it.

    Raises
    ------
    RuntimeError
        This is no notebook.
    """
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    if shell is None:
        raise RuntimeError("plots.book() is for a notebook: here is none")
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    shell.run_line_magic("matplotlib", "inline")
    plt.rcParams.update(STYLE)
    set_matplotlib_formats("svg")
    shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, page_svg)
