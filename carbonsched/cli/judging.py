"""Commands that look at a schedule with its instance: plan, verify, certify, compare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

import carbonsched as cs
from carbonsched.cli.given import clocks_of, families_of, load
from carbonsched.cli.options import (
    FamilyOption,
    InstancePath,
    JsonOption,
    OverwriteOption,
    SchedulePath,
    ZoneOption,
)
from carbonsched.cli.outputs import CERTIFICATE, require_free
from carbonsched.cli.terminal import explained, plain, show_rows


def plan(
    instance: InstancePath,
    schedule: SchedulePath,
    family: FamilyOption = None,
    zone: ZoneOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a schedule comes to, which job runs where and when, and why another does not.

    It is verified first. Exits with 1 if the schedule breaks an equation of the model.

    Example: carbonsched plan my-fleet day.nc
    """
    with explained():
        own = families_of(family)
        given, found = load(instance, own), cs.Schedule.load(schedule, own)
        clocks = clocks_of(given, zone)
        frame, report = cs.plan(given, found), cs.verify(given, found)
    from carbonsched.cli import answer
    from carbonsched.output.valued import valued

    here = valued(given, found)

    if as_json:
        document = answer.document(given, here.schedule, frame)
        stated = {"objective": found.objective, "emissions": found.emissions}
        document |= {"status_words": here.standing, "verified": report.ok, "values": here.note}
        document |= {"stated": stated if here.changed else None}
        typer.echo(json.dumps(document, indent=2))
        if not report.ok:
            typer.echo(
                plain(f"{schedule} is no schedule of {instance} that holds: {report}"), err=True
            )
        raise typer.Exit(0 if report.ok else 1)
    rows = answer.answer(here.schedule, frame, given)
    rows |= {"status": here.standing, "values": here.note}
    rows["verified"] = "every equation holds" if report.ok else "NO: see `carbonsched verify`"
    show_rows(rows, f"{given.data.attrs.get('title', instance)}: {found.method}")
    answer.show_plan(frame, "", most=None, clocks=clocks)
    answer.show_energy(given, here.schedule)
    show_rows(answer.terms(here.schedule), "benefit by term")
    raise typer.Exit(0 if report.ok else 1)


def verify(
    instance: InstancePath,
    schedule: SchedulePath,
    tolerance: Annotated[float, typer.Option(min=0, help="Relative to the size of a row.")] = 1e-5,
    family: FamilyOption = None,
) -> None:
    """Check a schedule against every equation of the model, independently of any solver.

    Exits with 1 and names each broken equation, its worst label and by how much. A schedule of the
    method no_carbon is not held to a budget. A family that is given judges whether or not the
    schedule names it; those that the schedule names and that are not given are named as not judged.
    """
    with explained():
        own = families_of(family)
        judged = cs.Schedule.load(schedule, own)
        report = cs.verify(load(instance, own), judged, tolerance, families=own)
        from carbonsched.output.words import standing_by_file

        typer.echo(str(report))
        typer.echo(plain(f"how good: {standing_by_file(judged)}; `carbonsched certify` proves"))
        raise typer.Exit(0 if report.ok else 1)


def certify(
    instance: InstancePath,
    schedule: SchedulePath,
    out: Annotated[
        Path, typer.Option(dir_okay=False, help="JSON file for the certificate.")
    ] = Path("certificate.json"),
    overwrite: OverwriteOption = False,
    family: FamilyOption = None,
) -> None:
    """Prove how good a schedule is, in exact arithmetic, and write the proof to a file.

    The proved gap is that of the root: of prices alone, before any branching; a solver that
    branched may report a smaller one.

    Whoever has INSTANCE can check the file without linopy or a solver: python -m carbonsched.check
    CERTIFICATE INSTANCE. Exits with 1 if the schedule misses a limit by however little.

    Example: carbonsched certify my-fleet day.nc
    """
    with explained():
        read = [instance, schedule]
        require_free({out: CERTIFICATE}, read, overwrite=overwrite)
        own = families_of(family)
        given = load(instance, own)
        certificate = cs.certify(given, cs.Schedule.load(schedule, own))
        require_free({out: CERTIFICATE}, read, overwrite=overwrite)
        certificate.save(out)
    from carbonsched.currency import currency_of

    typer.echo(certificate.report(currency_of(given.data)))
    typer.echo(f"written    {out}")
    raise typer.Exit(0 if certificate.feasible else 1)


def check(
    certificate: Annotated[
        Path, typer.Argument(metavar="CERTIFICATE", help="JSON file that `certify` wrote.")
    ],
    instance: Annotated[
        Path, typer.Argument(metavar="INSTANCE", help="Folder or NetCDF file that it is of.")
    ],
) -> None:
    """Check a certificate anew, in exact arithmetic: as python -m carbonsched.check does.

    That way needs neither linopy nor a solver installed. Exits with 1 if what is stated is not so.

    Example: carbonsched check certificate.json my-fleet
    """
    from carbonsched.proof.check import main

    raise typer.Exit(main(["--", str(certificate), str(instance)]))


def compare(
    instance: InstancePath,
    before: Annotated[Path, typer.Argument(metavar="BEFORE", help="NetCDF file of a schedule.")],
    after: Annotated[Path, typer.Argument(metavar="AFTER", help="NetCDF file of a schedule.")],
    instance_after: Annotated[
        Path | None,
        typer.Option(metavar="INSTANCE", help="What AFTER is a schedule of, if it is another one."),
    ] = None,
    family: FamilyOption = None,
    zone: ZoneOption = None,
    hours: Annotated[bool, typer.Option(help="Show every period that changes.")] = False,
) -> None:
    """Compare two schedules: by term of the benefit, job, site and hour.

    Example: carbonsched compare my-fleet day.nc other.nc
    """
    with explained():
        own = families_of(family)
        given = load(instance, own)
        later = given if instance_after is None else load(instance_after, own)
        clocks = clocks_of(later, zone)
        first, second = (cs.Schedule.load(path, own) for path in (before, after))
        change = cs.compare(given, first, second, later)
    from carbonsched.cli.changes import show_changes

    last = instance if instance_after is None else instance_after
    files = {"before": (before, instance), "after": (after, last)}
    show_changes(change, files, clocks, every_hour=hours)
