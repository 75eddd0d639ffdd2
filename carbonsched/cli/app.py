"""The command line: solve, plan, diagnose, verify, certify, table, generate, info; init, build.

What a command needs is imported when it runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import carbonsched as cs
from carbonsched.cli import importing, project
from carbonsched.cli.given import families_of, load, options_of, stated
from carbonsched.cli.outputs import (
    CERTIFICATE,
    INSTANCE_FILE,
    INSTANCE_FOLDER,
    SCHEDULE,
    SUMMARY,
    TABLE,
    kind_of,
    require_free,
)
from carbonsched.cli.terminal import console, explained, plain, show

if TYPE_CHECKING:
    from carbonsched.core.family import Family

app = typer.Typer(
    help="Schedule AI data centers and their energy together. An INSTANCE is a folder of CSV "
    "tables with a datapackage.json, a NetCDF file, or a project file; start from "
    "`carbonsched init my-fleet`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Method = StrEnum("Method", list(cs.METHODS))
METHODS = ", ".join(cs.METHODS)
JobForm = StrEnum("JobForm", list(cs.FORMULATIONS))
Engine = StrEnum("Engine", ["auto", "milp", "column-generation"])  # as carbonsched.front.ENGINES
GapOf = StrEnum("GapOf", ["decided", "objective"])  # as carbonsched.solver.settings.GAPS
JOINT, START, AUTO, DECIDED = Method("joint"), JobForm("start"), Engine("auto"), GapOf("decided")

InstancePath = Annotated[
    Path, typer.Argument(metavar="INSTANCE", help="Folder, NetCDF file, or project file.")
]
MethodOption = Annotated[
    Method, typer.Option(metavar="METHOD", help=f"A method of Table I: {METHODS}.")
]
SchedulePath = Annotated[
    Path, typer.Argument(metavar="SCHEDULE", help="NetCDF file that `solve` wrote.")
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace what an earlier run wrote there.")
]
FormOption = Annotated[JobForm, typer.Option(help="How jobs are formulated; same optimum.")]
GapOption = Annotated[float, typer.Option(min=0, help="Relative gap at which to stop.")]
GapOfOption = Annotated[
    GapOf,
    typer.Option(help="What the gap is relative to: what can be decided, or all of (1)."),
]
LimitOption = Annotated[float, typer.Option(min=0, help="Time limit in seconds.")]
SolverOption = Annotated[str, typer.Option(help="Any installed solver that linopy supports.")]
FamilyOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME|MODULE|MODULE:NAME",
        help="A family beside the paper's: one that an installed package offers by NAME, or the "
        "object `family`, or NAME, of a module, installed or in the current folder. May be "
        "repeated.",
    ),
]
OwnOption = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="An option under the solver's own name. Repeatable."),
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"carbonsched {cs.__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Hold the options that need no command."""


@app.command()
def solve(
    instance: InstancePath,
    out: Annotated[
        Path, typer.Option(dir_okay=False, help="NetCDF file for the schedule, ending in .nc.")
    ] = Path("schedule.nc"),
    overwrite: OverwriteOption = False,
    method: MethodOption = JOINT,
    formulation: FormOption = START,
    gap: GapOption = 0.01,
    gap_of: GapOfOption = DECIDED,
    time_limit: LimitOption = 120.0,
    engine: Annotated[Engine, typer.Option(help="How to solve.")] = AUTO,
    solver: SolverOption = "highs",
    verbose: Annotated[bool, typer.Option(help="Show the solver's log.")] = False,
    family: FamilyOption = None,
    option: OwnOption = None,
) -> None:
    """Solve INSTANCE, verify the schedule, say what it comes to, and which job runs where and when.

    The schedule is written to NetCDF, with a summary and the plan beside it as JSON; both or none.

    Example: carbonsched solve data/default --out day.nc
    """
    with explained():
        if out.suffix != ".nc":
            raise ValueError(f"{out}: the schedule is a NetCDF file, name it with .nc at the end")
        from carbonsched.io.netcdf import require_hdf5

        require_hdf5("writing the schedule")
        beside = out.with_suffix(".json")
        outputs = {out: SCHEDULE, beside: SUMMARY}
        require_free(outputs, [instance], overwrite=overwrite)
        own = families_of(family)
        given = load(instance, own)
        schedule = cs.solve(
            given,
            method.value,
            formulation.value,
            families=stated(own),
            gap=gap,
            gap_of=str(gap_of),
            time_limit=time_limit,
            engine=str(engine),
            solver=solver,
            verbose=verbose,
            explain=True,
            options=options_of(option),
        )
        from carbonsched.cli import answer
        from carbonsched.io import replacing_all

        frame = cs.plan(given, schedule)
        document = json.dumps(answer.document(given, schedule, frame), indent=2)
        require_free(outputs, [instance], overwrite=overwrite)
        with replacing_all(out, beside) as (array_file, text_file):
            schedule.save(array_file)
            text_file.write_text(document + "\n", encoding="utf-8")
    rows = answer.answer(schedule, frame, given)
    rows |= {"solver time": f"{schedule.runtime:.2f} s", "written": f"{out}, {beside}"}
    show(rows, f"{given.data.attrs.get('title', instance)}: {method.value}")
    show(answer.terms(schedule), "benefit by term")
    answer.show_plan(frame, f"all in {beside}, and by `carbonsched plan {instance} {out}`")


@app.command()
def plan(instance: InstancePath, schedule: SchedulePath, family: FamilyOption = None) -> None:
    """Say what a schedule comes to, which job runs where and when, and why another does not.

    It is verified first. Exits with 1 if the schedule breaks an equation of the model.

    Example: carbonsched plan data/default day.nc
    """
    with explained():
        own = families_of(family)
        given, found = load(instance, own), cs.Schedule.load(schedule, own)
        frame, report = cs.plan(given, found), cs.verify(given, found)
    from carbonsched.cli import answer

    rows = answer.answer(found, frame, given)
    rows["status"] = answer.standing_by_file(found)
    rows["verified"] = "every equation holds" if report.ok else "NO: see `carbonsched verify`"
    show(rows, f"{given.data.attrs.get('title', instance)}: {found.method}")
    show(answer.terms(found), "benefit by term")
    answer.show_plan(frame, "", most=None)
    raise typer.Exit(0 if report.ok else 1)


@app.command()
def diagnose(
    instance: InstancePath, method: MethodOption = JOINT, family: FamilyOption = None
) -> None:
    """Say why INSTANCE has no schedule, and the least change in each unit that restores one.

    What a family of your own forbids takes no part in it. Exits with 1 if there is none, and with 0
    if there is a schedule.
    """
    with explained():
        own = families_of(family)
        diagnosis = cs.diagnose(load(instance, own), method.value, families=stated(own))
        typer.echo(str(diagnosis))
        raise typer.Exit(0 if diagnosis.feasible else 1)


@app.command()
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
        typer.echo(str(report))
        raise typer.Exit(0 if report.ok else 1)


@app.command()
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

    Whoever has INSTANCE can check the file without linopy or a solver: python -m carbonsched.check
    CERTIFICATE INSTANCE. Exits with 1 if the schedule misses a limit by however little.

    Example: carbonsched certify data/default day.nc
    """
    with explained():
        read = [instance, schedule]
        require_free({out: CERTIFICATE}, read, overwrite=overwrite)
        own = families_of(family)
        certificate = cs.certify(load(instance, own), cs.Schedule.load(schedule, own))
        require_free({out: CERTIFICATE}, read, overwrite=overwrite)
        certificate.save(out)
    typer.echo(certificate.report())
    typer.echo(f"written    {out}")
    raise typer.Exit(0 if certificate.feasible else 1)


@app.command()
def table(
    instance: InstancePath,
    formulation: FormOption = START,
    gap: GapOption = 0.01,
    gap_of: GapOfOption = DECIDED,
    time_limit: LimitOption = 120.0,
    solver: SolverOption = "highs",
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="CSV file for the table, units in its head.")
    ] = None,
    overwrite: OverwriteOption = False,
    family: FamilyOption = None,
    option: OwnOption = None,
) -> None:
    """Solve INSTANCE by the six methods of Table I and show them side by side.

    A method without a schedule has a row that says so.

    Example: carbonsched table data/default
    """
    with explained():
        outputs = {} if out is None else {out: TABLE}
        require_free(outputs, [instance], overwrite=overwrite)
        own = families_of(family)
        frame = cs.table(
            load(instance, own),
            formulation=formulation.value,
            families=stated(own),
            gap=gap,
            gap_of=str(gap_of),
            time_limit=time_limit,
            solver=solver,
            options=options_of(option),
        )
        units = frame.attrs["units"]
        headings = {name: f"{name} [{unit}]" for name, unit in units.items()}
        if out is not None:
            from carbonsched.io import replacing

            require_free(outputs, [instance], overwrite=overwrite)
            with replacing(out) as temporary:
                frame.rename(columns=headings).to_csv(temporary)
    from rich.table import Table

    from carbonsched.cli.answer import amount, standing

    grid = Table("method", title=plain(str(instance)), title_justify="left")
    shown = ("objective", "emissions", "runtime")
    for name in shown:
        grid.add_column(headings[name], justify="right")
    grid.add_column("status")
    for method, row in frame.to_dict("index").items():
        cells = [amount(row[name], 3) if row[name] == row[name] else "-" for name in shown]
        solved = row["objective"] == row["objective"]
        said = standing(row["status"], row["distance"], row["gap"], solver)
        grid.add_row(str(method), *cells, said if solved else row["status"])
    console().print(grid)


@app.command()
def generate(
    out: Annotated[Path, typer.Argument(help="Folder to write, or a file ending in .nc.")],
    sites: Annotated[int, typer.Option(min=1)] = 3,
    periods: Annotated[int, typer.Option(min=1, help="Hours.")] = 24,
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
    overwrite: OverwriteOption = False,
) -> None:
    """Write a random instance to edit or to solve; what is there is not replaced unless told.

    Example: carbonsched generate my-fleet --sites 5 --jobs 12
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
        )
        made.save(out)
    typer.echo(f"{made} written to {out}")


@app.command()
def info(
    instance: Annotated[
        Path,
        typer.Argument(metavar="INSTANCE", help="Folder or NetCDF file; a schedule's file too."),
    ],
    family: FamilyOption = None,
) -> None:
    """Check INSTANCE and describe it: sizes, ranges and units, licences and sources.

    Of a schedule's file it says what the schedule comes to, and which jobs run where and when.
    """
    with explained():
        own = families_of(family)
        if kind_of(instance) is SCHEDULE:
            _describe_schedule(instance, own)
            return
        given = load(instance, own)
    from rich.table import Table

    from carbonsched.core.schema import DIMENSIONS
    from carbonsched.io.horizon import horizon

    data = given.data
    about = {key: str(value) for key, value in data.attrs.items()}
    sizes = {
        dim: f"{data.sizes[dim]}: {data.indexes[dim][0]} .. {data.indexes[dim][-1]}"
        for dim in DIMENSIONS
        if data.sizes[dim]
    }
    show(about | sizes | {"horizon": horizon(given)}, str(instance))
    grid = Table("variable", "dimensions", "unit", "smallest", "largest")
    for name, quantity in given.quantities.items():
        values = data[name].values.ravel()
        least, most = (values.min(), values.max()) if values.size else ("-", "-")
        dims = ", ".join(map(str, data[name].dims))
        cells = (
            f"{v:g}" if quantity.kind == "float" and v != "-" else str(v) for v in (least, most)
        )
        grid.add_row(name, dims, quantity.unit, *cells)
    console().print(grid)


def _describe_schedule(path: Path, families: Iterable[Family]) -> None:
    """Say what the file of a schedule says; whether it holds is known with its instance only."""
    from carbonsched.cli import answer
    from carbonsched.judge.plan import runs

    schedule = cs.Schedule.load(path, families)
    frame = runs(schedule.data)
    rows = {"what": "a schedule; what it says of itself:", **answer.answer(schedule, frame, None)}
    rows["solver"] = f"{schedule.solver}, {schedule.runtime:.2f} s"
    show(rows, f"{path}: {schedule.method}")
    show(answer.terms(schedule), "benefit by term")
    more = f"`carbonsched plan INSTANCE {path}`"
    answer.show_plan(frame, f"all by {more}")
    typer.echo(plain(f"whether it holds, rewards, and why a job is declined: {more}"))


for command in (project.init, project.build):
    app.command()(command)
app.command("import")(importing.import_series)
