"""The command line: solve, diagnose, verify, certify, table, generate, info.

What a command needs is imported when it runs.
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import carbonsched as cs
from carbonsched.cli.given import families_of, options_of, stated
from carbonsched.cli.terminal import console, explained, show

app = typer.Typer(
    help="Schedule AI data centers and their energy together. An INSTANCE is a folder of CSV "
    "tables with a datapackage.json, or a NetCDF file; start from `carbonsched generate`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Method = StrEnum("Method", list(cs.METHODS))
METHODS = ", ".join(cs.METHODS)
JobForm = StrEnum("JobForm", list(cs.FORMULATIONS))
Engine = StrEnum("Engine", ["auto", "milp", "column-generation"])  # as carbonsched.front.ENGINES
JOINT, START, AUTO = Method("joint"), JobForm("start"), Engine("auto")

InstancePath = Annotated[Path, typer.Argument(metavar="INSTANCE", help="Folder or NetCDF file.")]
MethodOption = Annotated[
    Method, typer.Option(metavar="METHOD", help=f"A method of Table I: {METHODS}.")
]
FormOption = Annotated[JobForm, typer.Option(help="How jobs are formulated; same optimum.")]
GapOption = Annotated[float, typer.Option(min=0, help="Relative gap at which to stop.")]
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
    method: MethodOption = JOINT,
    formulation: FormOption = START,
    gap: GapOption = 0.01,
    time_limit: LimitOption = 120.0,
    engine: Annotated[Engine, typer.Option(help="How to solve.")] = AUTO,
    solver: SolverOption = "highs",
    verbose: Annotated[bool, typer.Option(help="Show the solver's log.")] = False,
    family: FamilyOption = None,
    option: OwnOption = None,
) -> None:
    """Solve INSTANCE, verify the schedule, write it to NetCDF with a summary beside it as JSON.

    Example: carbonsched solve data/default --out day.nc
    """
    with explained():
        if out.suffix != ".nc":
            raise ValueError(f"{out}: the schedule is a NetCDF file, name it with .nc at the end")
        from carbonsched.io.netcdf import require_hdf5

        require_hdf5("writing the schedule")
        own = families_of(family)
        given = cs.load(instance, own)
        schedule = cs.solve(
            given,
            method.value,
            formulation.value,
            families=stated(own),
            gap=gap,
            time_limit=time_limit,
            engine=str(engine),
            solver=solver,
            verbose=verbose,
            explain=True,
            options=options_of(option),
        )
        schedule.save(out)
        summary = schedule.summary()
        from carbonsched.io import replacing

        with replacing(out.with_suffix(".json")) as temporary:
            temporary.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    terms = {f"  {name}": f"{value:,.0f} USD" for name, value in schedule.benefit.items()}
    rows = {
        "objective": f"{schedule.objective:,.0f} USD",
        **terms,
        "emissions": f"{schedule.emissions:,.1f} tCO2e",
        "status": schedule.status,
        "gap": f"{schedule.gap:.3%}" if summary["gap"] is not None else "the solver gave no bound",
        "solver time": f"{schedule.runtime:.2f} s",
        "written": f"{out}, {out.with_suffix('.json')}",
    }
    show(rows, f"{given.data.attrs.get('title', instance)}: {method.value}")


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
        diagnosis = cs.diagnose(cs.load(instance, own), method.value, families=stated(own))
        typer.echo(str(diagnosis))
        raise typer.Exit(0 if diagnosis.feasible else 1)


@app.command()
def verify(
    instance: InstancePath,
    schedule: Annotated[
        Path, typer.Argument(metavar="SCHEDULE", help="NetCDF file that `solve` wrote.")
    ],
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
        report = cs.verify(cs.load(instance, own), judged, tolerance, families=own)
        typer.echo(str(report))
        raise typer.Exit(0 if report.ok else 1)


@app.command()
def certify(
    instance: InstancePath,
    schedule: Annotated[
        Path, typer.Argument(metavar="SCHEDULE", help="NetCDF file that `solve` wrote.")
    ],
    out: Annotated[
        Path, typer.Option(dir_okay=False, help="JSON file for the certificate.")
    ] = Path("certificate.json"),
    family: FamilyOption = None,
) -> None:
    """Prove how good a schedule is, in exact arithmetic, and write the proof to a file.

    Whoever has INSTANCE can check the file without linopy or a solver: python -m carbonsched.check
    CERTIFICATE INSTANCE. Exits with 1 if the schedule misses a limit by however little.

    Example: carbonsched certify data/default day.nc
    """
    with explained():
        own = families_of(family)
        certificate = cs.certify(cs.load(instance, own), cs.Schedule.load(schedule, own))
        certificate.save(out)
    typer.echo(certificate.report())
    typer.echo(f"written    {out}")
    raise typer.Exit(0 if certificate.feasible else 1)


@app.command()
def table(
    instance: InstancePath,
    formulation: FormOption = START,
    gap: GapOption = 0.01,
    time_limit: LimitOption = 120.0,
    solver: SolverOption = "highs",
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="CSV file for the table.")
    ] = None,
    family: FamilyOption = None,
    option: OwnOption = None,
) -> None:
    """Solve INSTANCE by the six methods of Table I and show them side by side.

    A method without a schedule has a row that says so.

    Example: carbonsched table data/default
    """
    with explained():
        own = families_of(family)
        frame = cs.table(
            cs.load(instance, own),
            formulation=formulation.value,
            families=stated(own),
            gap=gap,
            time_limit=time_limit,
            solver=solver,
            options=options_of(option),
        )
        if out is not None:
            from carbonsched.io import replacing

            with replacing(out) as temporary:
                frame.to_csv(temporary)
    from rich.table import Table

    grid = Table("method", title=str(instance), title_justify="left")
    for heading in ("objective [USD]", "emissions [tCO2e]", "time [s]", "gap", "status"):
        grid.add_column(heading, justify="right")
    formats = {"objective": ",.0f", "emissions": ",.1f", "runtime": ".2f", "gap": ".2%"}
    for method, row in frame.to_dict("index").items():
        cells = [format(row[c], f) if row[c] == row[c] else "-" for c, f in formats.items()]
        grid.add_row(str(method), *cells, row["status"])
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
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
) -> None:
    """Write a random instance to edit or to solve; what is there is not replaced unless told.

    Example: carbonsched generate my-fleet --sites 5 --jobs 12
    """
    with explained():
        taken = any(out.iterdir()) if out.is_dir() else out.exists()
        if taken and not overwrite:
            raise FileExistsError(f"{out} exists: give another name, or --overwrite")
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
def info(instance: InstancePath, family: FamilyOption = None) -> None:
    """Check INSTANCE and describe it: sizes, ranges and units, licences and sources."""
    with explained():
        given = cs.load(instance, families_of(family))
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
