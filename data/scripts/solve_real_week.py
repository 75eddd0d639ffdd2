"""Solve `data/real-week` by the six methods and keep the schedules in `data/results/real-week`.

    python data/scripts/solve_real_week.py

The book's chapter reads the schedules, verifies each, and solves one afresh to compare. Methods
already there are left alone, so that a run that was stopped goes on where it ended; `--anew`
solves all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import carbonsched as cs

GAP, TIME_LIMIT = 0.002, 600.0  # relative; seconds a method


def main(
    instance: Annotated[Path, typer.Option(help="Folder of the week.")] = Path("data/real-week"),
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("data/results/real-week"),
    anew: Annotated[bool, typer.Option(help="Solve what is already there too.")] = False,
) -> None:
    """Solve the week by every method of Table I."""
    week = cs.load(instance)
    for method in cs.METHODS:
        target = out / f"{method}.nc"
        if anew or not target.exists():
            schedule = cs.solve(week, method, gap=GAP, time_limit=TIME_LIMIT)
            schedule.save(target)
            typer.echo(schedule)


if __name__ == "__main__":
    typer.run(main)
