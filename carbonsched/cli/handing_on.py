"""Commands that hand a schedule on: plot, export, report."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import carbonsched as cs
from carbonsched.cli.given import clocks_of, families_of, load
from carbonsched.cli.options import (
    FamilyOption,
    InstancePath,
    OverwriteOption,
    SchedulePath,
    ZoneOption,
)
from carbonsched.cli.outputs import EXPORTS, FIGURES, REPORT, require_free
from carbonsched.cli.terminal import GivenError, explained, plain

Figure = StrEnum("Figure", ["dispatch", "gantt", "budget", "prices", "flows"])  # plots.KINDS
Tidy = StrEnum("Tidy", ["flows", "jobs", "sites", "inference", "money"])  # output.tables.TABLES
DISPATCH, FLOWS = Figure("dispatch"), Tidy("flows")


def plot(
    instance: InstancePath,
    schedule: Annotated[
        Path | None, typer.Argument(metavar="[SCHEDULE]", help="All but prices need one.")
    ] = None,
    kind: Annotated[Figure, typer.Option(help="What to draw.")] = DISPATCH,
    out: Annotated[
        Path, typer.Option(dir_okay=False, help="File to write, ending in .png or .svg.")
    ] = Path("figure.png"),
    overwrite: OverwriteOption = False,
    family: FamilyOption = None,
    zone: ZoneOption = None,
) -> None:
    """Draw a figure of INSTANCE and a schedule, and print what there is to see in words.

    Example: carbonsched plot my-fleet day.nc --kind gantt --out day.svg
    """
    with explained():
        _require_ending(out, FIGURES)
        if schedule is None and kind != "prices":
            raise GivenError(f"the figure {kind} is one of a schedule: give it too")
        read = [instance] if schedule is None else [instance, schedule]
        outputs = {out: FIGURES[out.suffix.lower()]}
        require_free(outputs, read, overwrite=overwrite)
        own = families_of(family)
        given = load(instance, own)
        clocks = clocks_of(given, zone)
        of = None if schedule is None else cs.Schedule.load(schedule, own)
        from carbonsched.errors import extra

        with extra("plot", "drawing figures"):
            import matplotlib
        matplotlib.use("agg")  # a file, no window
        from carbonsched.io import replacing
        from carbonsched.output.figures import figure
        from carbonsched.output.zones import common
        from carbonsched.plots import alt

        if of is not None:
            cs.plan(given, of)  # which says where it is no schedule of this instance
        clock = common(clocks, given.data.site.values)
        content = figure(str(kind), given, of, out.suffix.lower()[1:], clock)
        require_free(outputs, read, overwrite=overwrite)
        with replacing(out) as temporary:
            temporary.write_bytes(content)
        typer.echo(plain(alt(str(kind), given, of, clock)))
    typer.echo(f"written to {out}")


def export(
    instance: InstancePath,
    schedule: SchedulePath,
    out: Annotated[
        Path,
        typer.Option(
            dir_okay=False,
            help="File to write; its end says the format: .csv, .xlsx, .parquet, .ics (calendar of "
            "the jobs), .json (load targets by site and interval).",
        ),
    ],
    table: Annotated[Tidy, typer.Option(help="Which table, of CSV and Parquet.")] = FLOWS,
    overwrite: OverwriteOption = False,
    family: FamilyOption = None,
) -> None:
    """Write a schedule in a format of others: tables, a workbook, a calendar, load targets.

    Instants are in UTC.

    Example: carbonsched export my-fleet day.nc --out day.xlsx
    """
    with explained():
        _require_ending(out, EXPORTS)
        outputs, read = {out: EXPORTS[out.suffix.lower()]}, [instance, schedule]
        require_free(outputs, read, overwrite=overwrite)
        own = families_of(family)
        given, found = load(instance, own), cs.Schedule.load(schedule, own)
        require_free(outputs, read, overwrite=overwrite)
        cs.export(given, found, out, str(table))
    typer.echo(f"written to {out}")


def report(
    instance: InstancePath,
    schedule: SchedulePath,
    out: Annotated[
        Path, typer.Option(dir_okay=False, help="File to write, ending in .html.")
    ] = Path("report.html"),
    certificate: Annotated[
        Path | None, typer.Option(help="JSON file that `certify` wrote: it is checked anew.")
    ] = None,
    overwrite: OverwriteOption = False,
    family: FamilyOption = None,
    zone: ZoneOption = None,
) -> None:
    """Write a page of HTML on a schedule: plan, figures, assumptions, sources, what is proved.

    It needs no network and prints well. Exits with 1 if the schedule breaks an equation, or the
    certificate does not hold; the report says so.

    Example: carbonsched report my-fleet day.nc --certificate certificate.json --out day.html
    """
    with explained():
        _require_ending(out, {".html": REPORT})
        read = [instance, schedule] if certificate is None else [instance, schedule, certificate]
        require_free({out: REPORT}, read, overwrite=overwrite)
        own = families_of(family)
        given, found = load(instance, own), cs.Schedule.load(schedule, own)
        clocks_of(given, zone)
        proof = None if certificate is None else cs.Certificate.load(certificate)
        from carbonsched.errors import extra

        with extra("plot", "drawing figures"):
            import matplotlib
        matplotlib.use("agg")
        require_free({out: REPORT}, read, overwrite=overwrite)
        cs.report(given, found, out, proof, zone)
        verdict = cs.verify(given, found)
        if proof is not None:
            proof.check(given)
    typer.echo(f"written to {out}")
    missed = proof is not None and not proof.feasible
    if not verdict.ok:
        told = f"{schedule} is no schedule of {instance} that holds, as the report says: {verdict}"
        typer.echo(plain(told), err=True)
    if missed:
        told = f"{certificate} proves the bound, but of a schedule that misses a limit"
        typer.echo(plain(told), err=True)
    raise typer.Exit(1 if missed or not verdict.ok else 0)


def _require_ending(out: Path, known: Mapping[str, object]) -> None:
    if out.suffix.lower() not in known:
        raise GivenError(f"{out}: name it with one of {', '.join(known)} at the end")
