"""Commands that make an instance: generate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import carbonsched as cs
from carbonsched.cli.options import OverwriteOption
from carbonsched.cli.outputs import INSTANCE_FILE, INSTANCE_FOLDER, require_free
from carbonsched.cli.terminal import explained


def generate(
    out: Annotated[Path, typer.Argument(help="Folder to write, or a file ending in .nc.")],
    sites: Annotated[int, typer.Option(min=1)] = 3,
    periods: Annotated[int, typer.Option(min=1)] = 24,
    jobs: Annotated[int, typer.Option(min=0)] = 6,
    services: Annotated[int, typer.Option(min=0)] = 3,
    seed: Annotated[int, typer.Option(min=0, help="The same seed, the same instance.")] = 0,
    utilisation: Annotated[
        float, typer.Option(min=0, max=1, help="Peak inference load over capacity.")
    ] = 0.6,
    budget_share: Annotated[
        float, typer.Option(min=0, help="Carbon budget over the most that could be emitted.")
    ] = 1.0,
    feasible: Annotated[bool, typer.Option(help="Feasible by construction.")] = True,
    step_hours: Annotated[float, typer.Option(help="Length of a period, in hours.")] = 1.0,
    start: Annotated[
        str | None,
        typer.Option(
            metavar="INSTANT",
            help="When the first period begins, as 2025-03-30 or 2025-03-30T00:00+01:00, UTC if no "
            "offset is given; without it periods are numbered.",
        ),
    ] = None,
    overwrite: OverwriteOption = False,
) -> None:
    """Write a random instance to edit or to solve; what is there is not replaced unless told.

    Example: carbonsched generate my-fleet --sites 5 --jobs 12 --start 2025-03-30
    """
    with explained():
        kind = INSTANCE_FILE if out.suffix == ".nc" else INSTANCE_FOLDER
        require_free({out: kind}, overwrite=overwrite)
        made = cs.generate(
            sites,
            periods,
            jobs,
            services,
            seed,
            utilisation=utilisation,
            budget_share=budget_share,
            feasible=feasible,
            step_hours=step_hours,
            start=start,
        )
        made.save(out)
    typer.echo(f"{made} written to {out}")
