"""The one progress bar: shown on a terminal, hidden elsewhere, unless asked otherwise."""

from __future__ import annotations

from typing import Any

from tqdm.auto import tqdm


def progress_bar(show: bool | None, **options: Any) -> tqdm:
    """Return a bar that leaves no trace; `show=None` shows it on a terminal only."""
    return tqdm(disable=None if show is None else not show, leave=False, **options)
