"""Commands that ask for a schedule: solve, table, diagnose."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

import carbonsched as cs
from carbonsched.cli.given import clocks_of, families_of, load, options_of, stated
from carbonsched.cli.options import (
    AUTO,
    DECIDED,
    JOINT,
    START,
    Engine,
    FamilyOption,
    FormOption,
    GapOfOption,
    GapOption,
    InstancePath,
    JsonOption,
    LimitOption,
    MethodOption,
    OverwriteOption,
    OwnOption,
    SolverOption,
    ZoneOption,
)
from carbonsched.cli.outputs import SCHEDULE, SUMMARY, TABLE, require_free, require_netcdf
from carbonsched.cli.terminal import (
    console,
    explained,
    nothing_printed,
    plain,
    show_rows,
)


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
    near: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="A former schedule to keep unless changing it pays."),
    ] = None,
    change_cost: Annotated[
        float,
        typer.Option(
            min=0,
            help="Money that moving a job must bring, and changing all flows together must bring.",
        ),
    ] = 0.0,
    family: FamilyOption = None,
    option: OwnOption = None,
    zone: ZoneOption = None,
    as_json: JsonOption = False,
) -> None:
    """Solve INSTANCE, verify the schedule, say what it comes to, and which job runs where and when.

    The schedule is written to NetCDF, with a summary and the plan beside it as JSON; both or none.

    Example: carbonsched generate my-fleet, then carbonsched solve my-fleet --out day.nc

    To hold it the day after: carbonsched solve INSTANCE --near day.nc --change-cost 50 --out new.nc
    """
    with explained():
        require_netcdf(out, "the schedule")
        beside = out.with_suffix(".json")
        outputs = {out: SCHEDULE, beside: SUMMARY}
        read = [instance] if near is None else [instance, near]
        require_free(outputs, read, overwrite=overwrite)
        own = families_of(family)
        given = load(instance, own)
        former = None if near is None else cs.Schedule.load(near, own)
        clocks = clocks_of(given, zone)
        with nothing_printed() if as_json else nullcontext():
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
                near=former,
                change_cost=change_cost,
            )
        from carbonsched.cli import answer
        from carbonsched.io import replacing_all

        frame = cs.plan(given, schedule)
        document = json.dumps(answer.document(given, schedule, frame), indent=2)
        require_free(outputs, read, overwrite=overwrite)
        with replacing_all(out, beside) as (array_file, text_file):
            schedule.save(array_file)
            text_file.write_text(document + "\n", encoding="utf-8")
    if as_json:
        typer.echo(document)
        return
    rows = answer.answer(schedule, frame, given)
    if former is not None:
        rows["held"] = answer.held(former, given, schedule)
    rows |= {"solver time": f"{schedule.runtime:.2f} s", "written": f"{out}, {beside}"}
    show_rows(rows, f"{given.data.attrs.get('title', instance)}: {method.value}")
    elsewhere = f"all in {beside}, and by `carbonsched plan {instance} {out}`"
    answer.show_plan(frame, elsewhere, clocks=clocks)
    answer.show_energy(given, schedule)
    show_rows(answer.terms(schedule), "benefit by term")


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

    Example: carbonsched table my-fleet
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

    from carbonsched.output.words import amount, standing

    grid = Table("method", title=plain(str(instance)), title_justify="left")
    currency = units["objective"]
    shown = ("objective", "emissions", "runtime")
    for name in shown:
        grid.add_column(headings[name], justify="right")
    grid.add_column("status")
    for method, row in frame.to_dict("index").items():
        cells = [amount(row[name], 3) if row[name] == row[name] else "-" for name in shown]
        solved = row["objective"] == row["objective"]
        said = standing(row["status"], row["distance"], row["gap"], solver, currency)
        grid.add_row(str(method), *cells, said if solved else row["status"])
    console().print(grid)


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
