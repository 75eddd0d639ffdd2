"""Figures on a page: drawings whose colours follow the page's light and dark."""

from __future__ import annotations

import io
import re
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from carbonsched.plots.style import COLOURS, STYLE

_NAMES = {colour: name for name, colour in COLOURS.items()}
_HEX = re.compile("|".join(_NAMES), re.IGNORECASE)
# what a page has no use for: a rule for every element would be one for the whole page
_PREAMBLE = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<style.*?</style>", re.DOTALL
)


def page_svg(figure: Figure) -> str:
    """Return a figure as SVG whose colours are CSS variables, `--figure-ink` and so on.

    A page that sets them decides how the figure looks, in light and in dark; elsewhere it looks as
    drawn. The ground is transparent, letters are letters, and the same figure gives the same text.
    """
    text = io.StringIO()
    with plt.rc_context(STYLE):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    drawn = _PREAMBLE.sub("", text.getvalue()).strip()
    drawn = drawn.replace("<svg ", '<svg stroke-linejoin="round" ', 1)
    return _HEX.sub(lambda found: _variable(found.group().lower()), drawn)


def _variable(colour: str) -> str:
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
