"""The command line: solve, diagnose, verify, certify, table, generate, info."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

import carbonsched as cs
from carbonsched.cli.terminal import console, explained, show
from carbonsched.core.schema import DIMENSIONS, PARAMETERS
from carbonsched.front import ENGINES, as_judged
from carbonsched.io import replacing

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
Engine = StrEnum("Engine", list(ENGINES))

InstancePath = Annotated[Path, typer.Argument(metavar="INSTANCE", help="Folder or NetCDF file.")]
MethodOption = Annotated[
    Method, typer.Option(metavar="METHOD", help=f"A method of Table I: {METHODS}.")
]
FormOption = Annotated[JobForm, typer.Option(help="How jobs are formulated; same optimum.")]
GapOption = Annotated[float, typer.Option(min=0, help="Relative gap at which to stop.")]
LimitOption = Annotated[float, typer.Option(min=0, help="Time limit in seconds.")]
SolverOption = Annotated[str, typer.Option(help="Any installed solver that linopy supports.")]


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
    method: MethodOption = Method.joint,
    formulation: FormOption = JobForm.start,
    gap: GapOption = 0.01,
    time_limit: LimitOption = 120.0,
    engine: Annotated[Engine, typer.Option(help="How to solve.")] = Engine.auto,
    solver: SolverOption = "highs",
    verbose: Annotated[bool, typer.Option(help="Show the solver's log.")] = False,
) -> None:
    """Solve INSTANCE, verify the schedule, write it to NetCDF with a summary beside it as JSON.

    Example: carbonsched solve data/default --out day.nc
    """
    with explained():
        if out.suffix != ".nc":
            raise ValueError(f"{out}: the schedule is a NetCDF file, name it with .nc at the end")
        given = cs.load(instance)
        schedule = cs.solve(
            given,
            method.value,
            formulation.value,
            gap=gap,
            time_limit=time_limit,
            engine=engine.value,
            solver=solver,
            verbose=verbose,
            explain=True,
        )
        schedule.save(out)
        summary = schedule.summary()
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
def diagnose(instance: InstancePath, method: MethodOption = Method.joint) -> None:
    """Say why INSTANCE has no schedule, and the least change in each unit that restores one.

    Exits with 1 if there is none, and with 0 if there is a schedule.
    """
    with explained():
        found = cs.diagnose(cs.load(instance), method.value)
        typer.echo(str(found))
        raise typer.Exit(0 if found.feasible else 1)


@app.command()
def verify(
    instance: InstancePath,
    schedule: Annotated[
        Path, typer.Argument(metavar="SCHEDULE", help="NetCDF file that `solve` wrote.")
    ],
    tolerance: Annotated[float, typer.Option(min=0, help="Relative to the size of a row.")] = 1e-5,
) -> None:
    """Check a schedule against every equation of the model, independently of any solver.

    Exits with 1 and names each broken equation, its worst label and by how much. A schedule of the
    method no_carbon is not held to a budget.
    """
    with explained():
        given, made = cs.load(instance), cs.Schedule.load(schedule)
        report = cs.verify(as_judged(given, made.formulation), made, tolerance)
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
) -> None:
    """Prove how good a schedule is, in exact arithmetic, and write the proof to a file.

    Whoever has INSTANCE can check the file without linopy or a solver: python -m carbonsched.check
    CERTIFICATE INSTANCE. Exits with 1 if the schedule misses a limit by however little.

    Example: carbonsched certify data/default day.nc
    """
    with explained():
        certificate = cs.certify(cs.load(instance), cs.Schedule.load(schedule))
        certificate.save(out)
    typer.echo(certificate.report())
    typer.echo(f"written    {out}")
    raise typer.Exit(0 if certificate.feasible else 1)


@app.command()
def table(
    instance: InstancePath,
    formulation: FormOption = JobForm.start,
    gap: GapOption = 0.01,
    time_limit: LimitOption = 120.0,
    solver: SolverOption = "highs",
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="CSV file for the table.")
    ] = None,
) -> None:
    """Solve INSTANCE by the six methods of Table I and show them side by side.

    A method without a schedule has a row that says so.

    Example: carbonsched table data/default
    """
    with explained():
        options = {"gap": gap, "time_limit": time_limit, "solver": solver}
        frame = cs.table(cs.load(instance), formulation=formulation.value, **options)
        if out is not None:
            with replacing(out) as temporary:
                frame.to_csv(temporary)
    grid = Table("method", title=str(instance), title_justify="left")
    for heading in ("objective [USD]", "emissions [tCO2e]", "time [s]", "gap", "status"):
        grid.add_column(heading, justify="right")
    formats = {"objective": ",.0f", "emissions": ",.1f", "runtime": ".2f", "gap": ".2%"}
    for method, row in frame.iterrows():
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
def info(instance: InstancePath) -> None:
    """Check INSTANCE and describe it: sizes, ranges and units, licences and sources."""
    with explained():
        data = cs.load(instance).data
    about = {key: str(value) for key, value in data.attrs.items()}
    sizes = {
        dim: f"{data.sizes[dim]}: {data.indexes[dim][0]} .. {data.indexes[dim][-1]}"
        for dim in DIMENSIONS
        if data.sizes[dim]
    }
    show(about | sizes, str(instance))
    grid = Table("variable", "dimensions", "unit", "smallest", "largest")
    for name, quantity in PARAMETERS.items():
        values = data[name].values.ravel()
        least, most = (values.min(), values.max()) if values.size else ("-", "-")
        dims = ", ".join(quantity.dims)
        cells = (
            f"{v:g}" if quantity.kind == "float" and v != "-" else str(v) for v in (least, most)
        )
        grid.add_row(name, dims, quantity.unit, *cells)
    console().print(grid)


if __name__ == "__main__":
    app()
