"""The one progress bar: shown on a terminal, hidden elsewhere, unless asked otherwise."""

from __future__ import annotations

import warnings
from typing import Any

from tqdm import TqdmWarning

with warnings.catch_warnings(action="ignore", category=TqdmWarning):
    from tqdm.auto import tqdm  # warns in a notebook without widgets, where the plain bar will do


def progress_bar(show: bool | None, **options: Any) -> tqdm:
    """Return a bar that leaves no trace; `show=None` shows it on a terminal only."""
    return tqdm(disable=None if show is None else not show, leave=False, **options)
