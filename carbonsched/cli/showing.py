"""Commands that say what a file holds: show, and info by which it was called before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import carbonsched as cs
from carbonsched.cli.given import clocks_of, families_of, load
from carbonsched.cli.options import FamilyOption, ZoneOption
from carbonsched.cli.outputs import (
    CERTIFICATE,
    SCENARIO_PLAN,
    SCENARIOS,
    SCHEDULE,
    SUMMARY,
    kind_of,
)
from carbonsched.cli.terminal import GivenError, console, explained, plain, show_rows

if TYPE_CHECKING:
    from carbonsched.core.family import Family
    from carbonsched.core.instance import Instance

FilePath = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="An INSTANCE (folder or NetCDF file), a schedule, its summary, a certificate, "
        "scenarios, or a plan over them.",
    ),
]


def show(file: FilePath, family: FamilyOption = None, zone: ZoneOption = None) -> None:
    """Check FILE and say what it holds: an INSTANCE, a schedule, its summary or a certificate.

    Of an instance: horizon, sizes, ranges and units, licences and sources. Of a schedule what it
    says of itself: which jobs run where and when, what it earns and emits.

    Example: carbonsched show my-fleet
    """
    with explained():
        own = families_of(family)
        by_kind: dict[Any, Callable[[], None]] = {
            SCHEDULE: lambda: _schedule(file, own, zone),
            CERTIFICATE: lambda: _certificate(file),
            SUMMARY: lambda: _summary(file),
            SCENARIO_PLAN: lambda: _plan_over_scenarios(file, own),
            SCENARIOS: lambda: _scenarios(file, own),
        }
        describe = by_kind.get(kind_of(file))
        if describe is not None:
            describe()
        else:
            _instance(load(file, own), str(file), zone)


def info(file: FilePath, family: FamilyOption = None, zone: ZoneOption = None) -> None:
    """Check FILE and say what it holds: another name of `show`."""
    show(file, family, zone)


def _instance(given: Instance, name: str, zone: str | None) -> None:
    from rich.table import Table

    from carbonsched.core.schema import DIMENSIONS
    from carbonsched.currency import currency_of, in_currency
    from carbonsched.io.horizon import horizon
    from carbonsched.output import notes
    from carbonsched.output.zones import ATTRIBUTE

    data = given.data
    clocks = clocks_of(given, zone)
    hidden = (ATTRIBUTE, notes.ATTRIBUTE, "site_places")  # told below as people read them
    about = {key: str(value) for key, value in data.attrs.items() if key not in hidden}
    sizes = {
        dim: f"{data.sizes[dim]}: {data.indexes[dim][0]} .. {data.indexes[dim][-1]}"
        for dim in DIMENSIONS
        if data.sizes[dim]
    }
    zones = {"zones": ", ".join(f"{site} {own}" for site, own in clocks.items())} if clocks else {}
    show_rows(about | sizes | {"horizon": horizon(given)} | zones, name)
    grid = Table()
    for head in ("variable", "dimensions", "unit", "smallest", "largest"):
        # Two names that are cut alike would be one name.
        grid.add_column(head, overflow="fold", no_wrap=head == "variable")
    for variable, quantity in given.quantities.items():
        values = data[variable].values.ravel()
        least, most = (values.min(), values.max()) if values.size else ("-", "-")
        dims = ", ".join(map(str, data[variable].dims))
        cells = (
            f"{v + 0.0:g}" if quantity.kind == "float" and v != "-" else _label(v)
            for v in (least, most)
        )
        grid.add_row(variable, dims, in_currency(quantity.unit, currency_of(data)), *cells)
    console().print(grid)
    if told := notes.notes_of(data):
        typer.echo("how the numbers were made:")
        for note in told:
            typer.echo(plain(f"  - {note}"))


def _label(value: Any) -> str:
    from carbonsched.output.zones import told

    instant = getattr(getattr(value, "dtype", None), "kind", "") == "M"
    import pandas as pd

    return told(pd.Timestamp(value)) if instant else str(value)


def _schedule(path: Path, families: Iterable[Family], zone: str | None) -> None:
    """Say what the file of a schedule says; whether it holds is known with its instance only."""
    from carbonsched.cli import answer
    from carbonsched.io.zones import zone_of
    from carbonsched.judge.plan import runs

    schedule = cs.Schedule.load(path, families)
    frame = runs(schedule.data)
    try:
        clocks = dict.fromkeys(schedule.data.site.values, zone_of(zone)) if zone else None
    except ValueError as error:
        raise GivenError(str(error)) from error
    rows = {"what": "a schedule; what it says of itself:", **answer.answer(schedule, frame, None)}
    if schedule.steps is not None:
        from carbonsched.operate.record import told

        rows |= told(schedule.steps, schedule.currency)
    rows["solver"] = f"{schedule.solver}, {schedule.runtime:.2f} s"
    show_rows(rows, f"{path}: {schedule.method}")
    more = f"`carbonsched plan INSTANCE {path}`"
    answer.show_plan(frame, f"all by {more}", clocks=clocks)
    show_rows(answer.terms(schedule), "benefit by term")
    typer.echo(
        plain(f"whether it holds, energy and carbon by site, and why a job is declined: {more}")
    )


def _plan_over_scenarios(path: Path, families: Iterable[Family]) -> None:
    from carbonsched.cli.uncertain import show_plan_file

    show_plan_file(path, families)


def _scenarios(path: Path, families: Iterable[Family]) -> None:
    from carbonsched.cli.uncertain import show_scenarios

    show_scenarios(cs.Scenarios.load(path, families), path)


def _certificate(path: Path) -> None:
    """Say what a certificate states; whether it is so is known with its instance only."""
    from carbonsched.output.words import amount
    from carbonsched.proof.rational import as_float

    stated = cs.Certificate.load(path)
    missed = f"misses {len(stated.missed)}" if stated.missed else "keeps all"
    rows = {
        "what": "a certificate; what it states, unchecked:",
        "title": stated.title,
        "method": stated.method,
        "the schedule earns": f"{amount(as_float(stated.objective))} of its instance's currency",
        "none earns more than": amount(as_float(stated.bound), up=True),
        "root gap": f"{stated.gap:.4%}",
        "emissions": f"{amount(as_float(stated.emissions), 3)} tCO2e",
        "limits": missed,
        "instance": stated.instance[:12],
    }
    show_rows(rows, str(path))
    typer.echo(plain(f"whether it is so: `python -m carbonsched.check {path} INSTANCE`"))


def _summary(path: Path) -> None:
    """Say what the summary of a schedule says."""
    from carbonsched.cli.summary import read_summary, show_summary

    show_summary(read_summary(path), path)
