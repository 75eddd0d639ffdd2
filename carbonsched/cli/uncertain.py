"""Commands for what is not known yet: a plan for many futures."""

from __future__ import annotations

import json
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import carbonsched as cs
from carbonsched.cli.given import families_of, load, stated
from carbonsched.cli.options import (
    DECIDED,
    JOINT,
    START,
    FamilyOption,
    FormOption,
    GapOfOption,
    GapOption,
    JsonOption,
    LimitOption,
    MethodOption,
    OverwriteOption,
)
from carbonsched.cli.outputs import SCENARIO_PLAN, SCENARIOS, kind_of, require_free, require_netcdf
from carbonsched.cli.terminal import (
    GivenError,
    console,
    explained,
    nothing_printed,
    plain,
    show_rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carbonsched.core.family import Family
    from carbonsched.stochastic.outlook import Outlook
    from carbonsched.stochastic.scenarios import Scenarios
    from carbonsched.stochastic.schedule import ScenarioSchedule

Model = StrEnum("Model", ["noisy", "bootstrap", "perfect"])  # as carbonsched.stochastic.draw.MODELS
Way = StrEnum("Way", ["milp", "decomposed"])
NOISY, MILP = Model("noisy"), Way("milp")
MOST_ROWS = 20  # of scenarios in the terminal


def stochastic(
    instance: Annotated[
        Path,
        typer.Argument(
            metavar="INSTANCE",
            help="Folder, NetCDF file, or project file, to draw scenarios of; or a NetCDF file of "
            "scenarios, taken as they are.",
        ),
    ],
    out: Annotated[
        Path, typer.Option(dir_okay=False, help="NetCDF file for the plan, ending in .nc.")
    ] = Path("plan.nc"),
    overwrite: OverwriteOption = False,
    count: Annotated[int, typer.Option(min=1, help="How many scenarios to draw.")] = 20,
    model: Annotated[
        Model, typer.Option(help="How to: errors of a forecast, or days of a history.")
    ] = NOISY,
    history: Annotated[
        Path | None, typer.Option(help="An INSTANCE of the periods before; for bootstrap.")
    ] = None,
    lead: Annotated[
        float, typer.Option(min=0, help="Hours ahead of the first period of the forecast.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
    risk: Annotated[
        float, typer.Option(min=0, max=1, help="Weight of the mean of the worst futures.")
    ] = 0.0,
    tail: Annotated[
        float, typer.Option(help="Probability of those worst futures, above 0 and up to 1.")
    ] = 0.1,
    budget: Annotated[
        str,
        typer.Option(
            metavar="each|expected|SHARE",
            help="Whether the carbon budget holds in each scenario, in expectation, or in "
            "scenarios of that probability.",
        ),
    ] = "each",
    method: MethodOption = JOINT,
    formulation: FormOption = START,
    gap: GapOption = 0.01,
    gap_of: GapOfOption = DECIDED,
    time_limit: LimitOption = 120.0,
    engine: Annotated[Way, typer.Option(help="All scenarios as one model, or one by one.")] = MILP,
    workers: Annotated[int, typer.Option(min=1, help="Processes, of decomposed.")] = 1,
    family: FamilyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide the job starts of INSTANCE once for many futures, and everything else in each.

    Every scenario's schedule is verified against its own data. The plan is written to NetCDF.

    Example: carbonsched stochastic my-fleet --count 20 --risk 0.5 --tail 0.1 --out plan.nc
    """
    with explained():
        require_netcdf(out, "the plan")
        read = [instance] if history is None else [instance, history]
        require_free({out: SCENARIO_PLAN}, read, overwrite=overwrite)
        share = _outlook(risk, tail, budget).budget
        own = families_of(family)
        if kind_of(instance) is SCENARIOS:
            futures = cs.Scenarios.load(instance, own)
        else:
            before = None if history is None else load(history, own)
            futures = cs.scenarios(
                load(instance, own), count, str(model), seed, history=before, lead=lead
            )
        with nothing_printed() if as_json else nullcontext():
            plan = cs.solve(
                futures, method.value, formulation.value, families=stated(own), gap=gap,
                gap_of=str(gap_of), time_limit=time_limit, engine=str(engine), workers=workers,
                explain=True, risk=risk, tail=tail, budget=share,
            )  # fmt: skip
        require_free({out: SCENARIO_PLAN}, read, overwrite=overwrite)
        plan.save(out)
    if as_json:
        typer.echo(json.dumps(plan.summary(), indent=2))
        return
    title = f"{futures.instance.data.attrs.get('title', instance)}: {method.value}"
    show_plan_of(plan, title, {"written": str(out)})


def _outlook(risk: float, tail: float, budget: str) -> Outlook:
    """Return what a command line says of risk and budget.

    Raises
    ------
    GivenError
        It makes no sense.
    """
    from carbonsched.stochastic.outlook import Outlook

    try:
        share: str | float = float(budget)
    except ValueError:
        share = budget
    try:
        return Outlook(risk, tail, share)
    except ValueError as error:
        raise GivenError(str(error)) from error


def show_scenarios(futures: Scenarios, path: Path) -> None:
    """Say what a file of scenarios holds."""
    rows = {
        "what": "scenarios of an instance",
        "instance": str(futures.instance.data.attrs.get("title", "")),
        "scenarios": f"{futures.size}: {futures.labels[0]} .. {futures.labels[-1]}",
        "what differs": ", ".join(map(str, futures.data)) or "nothing",
    }
    show_rows(rows, str(path))


def show_plan_file(path: Path, families: Iterable[Family]) -> None:
    """Say what the file of a plan says; whether it holds is known with its scenarios only."""
    plan = cs.ScenarioSchedule.load(path, families)
    show_plan_of(plan, f"{path}: {plan.method}", {"what": "a plan over scenarios, by its own word"})


def show_plan_of(plan: ScenarioSchedule, title: str, more: dict[str, Any]) -> None:
    """Print what a plan comes to, which jobs run where and when, and how scenarios differ."""
    from carbonsched.cli import answer
    from carbonsched.judge.plan import runs
    from carbonsched.output.words import amount, standing

    tail, money = plan.outlook.tail, plan.currency
    frame = runs(next(iter(plan.schedules.values())).data)
    limited = bool((plan.budgets < float("inf")).any())
    rows = {
        "expected benefit": f"{amount(plan.expected)} {money}",
        f"mean of the worst {tail:.0%}": f"{amount(plan.cvar)} {money}",
        "expected emissions": f"{amount(plan.emissions, 3)} tCO2e",
        f"mean of the dirtiest {tail:.0%}": f"{amount(plan.emissions_cvar, 3)} tCO2e",
        "within the budget": f"{plan.within_budget:.0%} of the futures" if limited else "no budget",
        "status": standing(plan.status, plan.distance, plan.gap, plan.solver, money),
        "jobs": f"{int(frame.accepted.sum())} of {len(frame)} run, in every future alike",
        "scenarios": f"{len(plan.schedules)}, risk {plan.outlook.risk:g}",
        "time": f"{plan.runtime:.2f} s",
    }
    show_rows(rows | more, title)
    answer.show_plan(frame, "all in the file, by `carbonsched.ScenarioSchedule.load`")
    from rich.table import Table

    grid = Table("scenario", title="future by future", title_justify="left")
    for head in ("probability", f"benefit [{money}]", "emissions [tCO2e]"):
        grid.add_column(head, justify="right")
    shown = sorted(plan.schedules, key=lambda label: plan.schedules[label].objective)[:MOST_ROWS]
    for label in shown:
        one = plan.schedules[label]
        chance = float(plan.probability.sel(scenario=label))
        grid.add_row(plain(label), f"{chance:.3f}", amount(one.objective), amount(one.emissions, 3))
    console().print(grid)
    if left := len(plan.schedules) - len(shown):
        typer.echo(f"the {len(shown)} worst of {len(plan.schedules)}; {left} more in the file")
