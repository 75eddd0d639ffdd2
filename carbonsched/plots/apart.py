"""Words that stand apart: each label takes the place where it covers least of what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

_ROUNDS = 3  # all begin in their first place, and make way for each other in turn
Place = Callable[[Any], None]  # moves a label to one of its places


def set_apart(
    axis: Axes,
    labels: Iterable[tuple[Any, Sequence[Place]]],
    dots: np.ndarray,
    radii: np.ndarray,
) -> None:
    """Move labels, in turn, each to the first of its places that covers least.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        What they stand within, its limits and size as they will be.
    labels : iterable of (text, places)
        A place is a function that moves the text there.
    dots : numpy.ndarray
        Points that are not to be covered, (x, y) in the axes' own numbers.
    radii : numpy.ndarray
        Of each, in pixels, the room around it included.
    """
    labels = list(labels)
    for text, _ in labels:
        text.set_in_layout(False)  # they go by the panel, not the panel by them
    cast(Figure, axis.figure).draw_without_rendering()
    within = axis.get_window_extent()
    points = axis.transData.transform(dots)
    fixed = [Bbox([at - r, at + r]) for at, r in zip(points, radii, strict=True)]
    boxes: dict[int, Bbox] = {}

    def covers(text: Any, place: Place) -> float:
        place(text)
        box = boxes[id(text)] = text.get_window_extent()
        others = (other for key, other in boxes.items() if key != id(text))
        outside = _area(box, box) - _area(box, within)
        words, marks = (sum(_area(box, other) for other in them) for them in (others, fixed))
        return words + 4 * marks + 2 * outside

    for text, places in labels:
        covers(text, places[0])
    for _ in range(_ROUNDS):
        for text, places in labels:
            covers(text, min(places, key=lambda place, text=text: covers(text, place)))


def _area(one: Bbox, other: Bbox) -> float:
    both = Bbox.intersection(one, other)
    return 0.0 if both is None else both.width * both.height
