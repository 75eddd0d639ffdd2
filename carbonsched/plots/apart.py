"""Words that stand apart: each label takes the place where it covers least of what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

_ROUNDS = 3  # a label makes way for those that came after it
Place = Callable[[Any], None]  # moves a label to one of its places


def set_apart(
    axis: Axes, labels: Iterable[tuple[Any, Sequence[Place]]], taken: Iterable[Any] = ()
) -> None:
    """Move labels, one after the other, each to the first of its places that covers least.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
        What they stand within, its limits and size as they will be.
    labels : iterable of (text, places)
        The more important first. A place is a function that moves the text there.
    taken : iterable of artists or matplotlib.transforms.Bbox
        What else is not to be covered.
    """
    labels = list(labels)
    for text, _ in labels:
        text.set_in_layout(False)  # they go by the panel, not the panel by them
    cast(Figure, axis.figure).draw_without_rendering()
    within = axis.get_window_extent()
    fixed = [box if isinstance(box, Bbox) else box.get_window_extent() for box in taken]
    boxes: dict[int, Bbox] = {}

    def covers(text: Any, place: Place) -> float:
        place(text)
        box = boxes[id(text)] = text.get_window_extent()
        others = (other for key, other in boxes.items() if key != id(text))
        outside = _area(box, box) - _area(box, within)
        words, marks = (sum(_area(box, other) for other in them) for them in (others, fixed))
        return words + 4 * marks + 2 * outside

    for _ in range(_ROUNDS):
        for text, places in labels:
            covers(text, min(places, key=lambda place, text=text: covers(text, place)))


def _area(one: Bbox, other: Bbox) -> float:
    both = Bbox.intersection(one, other)
    return 0.0 if both is None else both.width * both.height
