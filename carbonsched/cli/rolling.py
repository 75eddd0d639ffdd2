"""The command that operates: a horizon rolled at once, or one step a call."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

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
    LimitOption,
    MethodOption,
    OverwriteOption,
    OwnOption,
    ZoneOption,
)
from carbonsched.cli.outputs import SCHEDULE, SUMMARY, require_free, require_netcdf
from carbonsched.cli.terminal import GivenError, explained, plain, show_rows

Breach = StrEnum("Breach", ["raise", "report"])


def roll(
    instance: InstancePath,
    out: Annotated[
        Path, typer.Option(dir_okay=False, help="NetCDF file for the schedule, ending in .nc.")
    ] = Path("rolled.nc"),
    overwrite: OverwriteOption = False,
    window: Annotated[int, typer.Option(min=1, help="Periods that are looked at.")] = 24,
    step: Annotated[int, typer.Option(min=1, help="Periods committed before the next plan.")] = 6,
    forecast: Annotated[
        str, typer.Option(help="What is believed: perfect, persistence, noisy, ...")
    ] = "perfect",
    history: Annotated[
        Path | None, typer.Option(help="An instance of what happened before, for the forecast.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of a forecast that draws.")] = 0,
    notice: Annotated[
        int | None, typer.Option(min=0, help="Periods before its release that a job is known.")
    ] = None,
    outlook: Annotated[
        int, typer.Option(min=0, help="Periods between prices of what is to come; 0: none.")
    ] = 24,
    policy: Annotated[
        str | None, typer.Option(help="A rule that starts jobs in place of the optimiser.")
    ] = None,
    change_cost: Annotated[
        float, typer.Option(min=0, help="Money that planning a job otherwise must bring.")
    ] = 0.0,
    on_breach: Annotated[
        Breach | None,
        typer.Option(help="Where not all is served, or not within the budget; at once: raise."),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Keeps each step; a run that was ended goes on."),
    ] = None,
    next_one: Annotated[
        bool,
        typer.Option("--next", help="Only the next step: settle what has passed, plan, and end."),
    ] = False,
    now: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL",
            help="With --next: first period that has not passed; by default by the clock.",
        ),
    ] = None,
    method: MethodOption = JOINT,
    formulation: FormOption = START,
    gap: GapOption = 0.01,
    gap_of: GapOfOption = DECIDED,
    time_limit: LimitOption = 120.0,
    engine: Annotated[Engine, typer.Option(help="How to solve.")] = AUTO,
    family: FamilyOption = None,
    option: OwnOption = None,
    zone: ZoneOption = None,
) -> None:
    """Operate INSTANCE step by step: plan by a forecast, commit, settle by what happened.

    The schedule of what was committed is written to NetCDF, with a summary beside it as JSON.

    Example: carbonsched roll my-fleet --window 24 --step 6 --forecast noisy --out rolled.nc

    With --next one step a call, for cron: INSTANCE holds what has been observed up to --now and
    what is believed after it, --folder where the run stands. Each call settles, plans, and says
    when the next is due.

    Example: carbonsched roll my-fleet --folder state --next
    """
    with explained():
        require_netcdf(out, "the schedule")
        own = families_of(family)
        how: dict[str, Any] = {
            "families": stated(own), "window": window, "step": step, "notice": notice,
            "outlook": outlook or None, "change_cost": change_cost, "gap": gap,
            "gap_of": str(gap_of), "time_limit": time_limit, "engine": str(engine),
            "options": options_of(option),
        }  # fmt: skip
        chosen = (method.value, formulation.value)
        if next_one:
            _next(instance, folder, now, chosen, how, on_breach, own)
            return
        if now is not None:
            raise GivenError("--now says where a run stands that is called with --next")
        beside = out.with_suffix(".json")
        outputs = {out: SCHEDULE, beside: SUMMARY}
        read = [instance, *([history] if history is not None else [])]
        require_free(outputs, read, overwrite=overwrite)
        given = load(instance, own)
        clocks = clocks_of(given, zone)
        schedule = cs.roll(
            given,
            *chosen,
            forecast=forecast,
            history=None if history is None else load(history, own),
            seed=seed,
            policy=policy,
            on_breach=str(on_breach or "raise"),
            folder=folder,
            **how,
        )
        from carbonsched.cli import answer
        from carbonsched.io import replacing_all
        from carbonsched.judge.plan import runs
        from carbonsched.operate.record import told

        frame = runs(schedule.data)
        document = json.dumps(schedule.summary(), indent=2, default=str)
        require_free(outputs, read, overwrite=overwrite)
        with replacing_all(out, beside) as (array_file, text_file):
            schedule.save(array_file)
            text_file.write_text(document + "\n", encoding="utf-8")
    rows = answer.answer(schedule, frame, None)
    if schedule.steps is not None:
        rows |= told(schedule.steps, schedule.currency)
    rows |= {"solver time": f"{schedule.runtime:.2f} s", "written": f"{out}, {beside}"}
    show_rows(rows, f"{given.data.attrs.get('title', instance)}: {method.value}, {forecast}")
    answer.show_plan(frame, f"all by `carbonsched plan {instance} {out}`", clocks=clocks)
    show_rows(answer.terms(schedule), "benefit by term")


def _next(
    instance: Path,
    folder: Path | None,
    now: str | None,
    chosen: tuple[str, str],
    how: dict[str, Any],
    on_breach: Breach | None,
    own: Any,
) -> None:
    """Make the next step of a run, and write its plan beside where it stands."""
    if folder is None:
        raise GivenError("--next needs --folder, which holds where the run stands")
    given = load(instance, own)
    at = _instant(given, now)
    done = cs.next_step(given, folder, *chosen, now=at, on_breach=str(on_breach or "report"), **how)
    typer.echo(plain(str(done)))
    from carbonsched.io import replacing

    if done.schedule is not None:
        with replacing(folder / "rolled.nc") as file:
            done.schedule.save(file)
        typer.echo(plain(f"written: {folder / 'rolled.nc'}"))
    elif done.plan is not None:
        from carbonsched.judge.plan import runs

        with replacing(folder / "plan.csv") as file:
            runs(done.plan).to_csv(file, index=False)
        typer.echo(plain(f"jobs of the plan: {folder / 'plan.csv'}"))


def _instant(given: cs.Instance, now: str | None) -> Any:
    """Return the label or instant that is now."""
    import pandas as pd

    stamped = given.data.indexes["time"].dtype.kind == "M"
    if now is None:
        if not stamped:
            raise GivenError("--now LABEL is needed: the periods have numbers, and no clock")
        return pd.Timestamp.now("UTC")
    try:
        return pd.Timestamp(now) if stamped else int(now)
    except ValueError as error:
        raise GivenError(f"--now {now}: no label of a period") from error
