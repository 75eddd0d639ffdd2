"""The summary of a schedule: JSON beside its file, read again with limits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer

from carbonsched.cli.terminal import console, plain, show_rows
from carbonsched.errors import InstanceError
from carbonsched.io.files import UnreadableError, read_text

MOST_BYTES = 2**26
_SHOWN = ("currency", "objective", "status_words", "emissions", "carbon_budget", "horizon")
_PLAN = ("site", "start", "end", "power", "reward", "reason")


def read_summary(path: Path) -> dict[str, Any]:
    """Return what stands in a summary.

    Raises
    ------
    InstanceError
        It is no JSON object, or damaged.
    """
    try:
        said = json.loads(read_text(path, MOST_BYTES))
    except (UnreadableError, ValueError, RecursionError) as error:
        raise InstanceError([f"not a readable summary ({error})"], str(path)) from error
    plan = said.get("plan", []) if isinstance(said, dict) else None
    if not isinstance(plan, list) or not all(isinstance(row, dict) for row in plan):
        raise InstanceError(["no summary of a schedule, or a damaged one"], str(path))
    return said


def show_summary(said: dict[str, Any], path: Path) -> None:
    """Print what a summary says, and its plan, as it stands there."""
    from rich.table import Table

    rows = {"what": "the summary of a schedule; what it says:"}
    rows |= {name: _cell(said[name]) for name in _SHOWN if said.get(name) is not None}
    show_rows(rows, str(path))
    benefit = said.get("benefit")
    grid = Table("job", *_PLAN)
    for row in said.get("plan", []):
        grid.add_row(*(plain(_cell(row.get(name))) for name in ("job", *_PLAN)))
    if grid.row_count:
        console().print(grid)
    if isinstance(benefit, dict):
        show_rows({str(name): _cell(value) for name, value in benefit.items()}, "benefit by term")
    schedule = path.with_suffix(".nc")
    typer.echo(plain(f"whether it holds: `carbonsched verify INSTANCE {schedule}`"))


def _cell(value: Any) -> str:
    from carbonsched.output.words import amount

    if value is None:
        return "-"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return amount(float(value))
    return str(value)
