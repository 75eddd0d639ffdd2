"""Notebooks as they are on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def read_notebook(path: Path) -> Any:
    """Return a notebook, with cells and outputs as attributes."""
    import nbformat  # takes seconds, which collecting tests need not

    return nbformat.read(path, as_version=4)
