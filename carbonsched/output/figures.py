"""Figures as bytes: for a file, or within a page."""

from __future__ import annotations

import base64
import io
from datetime import tzinfo

from carbonsched.core.instance import Instance
from carbonsched.errors import extra
from carbonsched.schedule import Schedule

FORMATS = ("png", "svg")
_MANY = 5000  # sites by periods, from which on a drawing of pixels is smaller than one of shapes


def figure(
    kind: str,
    instance: Instance,
    schedule: Schedule | None = None,
    form: str = "svg",
    zone: tzinfo | None = None,
) -> bytes:
    """Return a figure of `carbonsched.plots` by its name, as PNG or SVG, on a white ground.

    Raises
    ------
    ValueError
        There is no such figure, or it is one of a schedule and there is none.
    MissingExtraError
        matplotlib is not installed.
    """
    with extra("plot", "drawing figures"):
        import matplotlib.pyplot as plt
    from carbonsched.plots import DPI, draw
    from carbonsched.plots.style import house

    made_by = (
        {"Software": "carbonsched"} if form == "png" else {"Creator": "carbonsched", "Date": None}
    )
    with plt.ioff():  # nothing opens a window, and no notebook shows it twice
        drawn = draw(kind, instance, schedule, zone)
        content = io.BytesIO()
        try:
            # letters are shapes: who opens the file may not have their font
            with house(), plt.rc_context({"svg.fonttype": "path"}):
                drawn.savefig(content, format=form, metadata=made_by, dpi=2 * DPI)
        finally:
            plt.close(drawn)
    return content.getvalue()


def on_page(
    kind: str, instance: Instance, schedule: Schedule, zone: tzinfo | None = None
) -> dict[str, str]:
    """Return a figure for a page that sets `plots.COLOURS`: its `drawing`, SVG to stand within it.

    Where there are many periods it is the `source` of an image instead, a `data:` address.
    """
    if instance.data.sizes["site"] * instance.data.sizes["time"] > _MANY:
        content = figure(kind, instance, schedule, "png", zone)
        return {"source": f"data:image/png;base64,{base64.b64encode(content).decode()}"}
    with extra("plot", "drawing figures"):
        import matplotlib.pyplot as plt
    from carbonsched.plots import draw, page_svg

    with plt.ioff():
        drawn = draw(kind, instance, schedule, zone)
        try:
            return {"drawing": page_svg(drawn)}
        finally:
            plt.close(drawn)
