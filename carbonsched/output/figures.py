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
    """Return a figure of `carbonsched.plots` by its name, as PNG or SVG.

    Raises
    ------
    ValueError
        There is no such figure, or it is one of a schedule and there is none.
    MissingExtraError
        matplotlib is not installed.
    """
    with extra("plot", "drawing figures"):
        import matplotlib.pyplot as plt
    from carbonsched.plots import draw

    made_by = (
        {"Software": "carbonsched"} if form == "png" else {"Creator": "carbonsched", "Date": None}
    )
    with plt.ioff():  # nothing opens a window, and no notebook shows it twice
        drawn = draw(kind, instance, schedule, zone)
        content = io.BytesIO()
        try:
            with plt.rc_context({"svg.hashsalt": "carbonsched"}):  # the same figure, the same bytes
                drawn.savefig(content, format=form, metadata=made_by)
        finally:
            plt.close(drawn)
    return content.getvalue()


def embedded(kind: str, instance: Instance, schedule: Schedule, zone: tzinfo | None = None) -> str:
    """Return a figure as a `data:` address, which a page holds within itself."""
    many = instance.data.sizes["site"] * instance.data.sizes["time"] > _MANY
    form, media = ("png", "image/png") if many else ("svg", "image/svg+xml")
    content = figure(kind, instance, schedule, form, zone)
    return f"data:{media};base64,{base64.b64encode(content).decode()}"
