"""What a schedule comes to, in words and numbers with units: the answer first, then the plan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

import pandas as pd
import typer

from carbonsched.cli.grid import print_grid
from carbonsched.cli.terminal import plain
from carbonsched.currency import in_currency
from carbonsched.io.horizon import horizon, horizon_of
from carbonsched.output.energy import energy, with_total
from carbonsched.output.words import amount, in_words, standing_by_file, standing_of
from carbonsched.output.zones import in_local_time

if TYPE_CHECKING:
    from carbonsched.core.instance import Instance
    from carbonsched.schedule import Schedule

FORMAT = "carbonsched summary 1"
MOST_ROWS = 20  # of a list in the terminal
UNITS = {
    **dict.fromkeys(("objective", "benefit", "bound", "turnover", "distance"), "USD"),
    **dict.fromkeys(("emissions", "carbon_budget"), "tCO2e"),
    **dict.fromkeys(("runtime", "build_time"), "s"),
    **dict.fromkeys(("gap", "gap_of_objective"), "1"),
}


def answer(schedule: Schedule, frame: pd.DataFrame, given: Instance | None) -> dict[str, str]:
    """Return what a schedule comes to, by name.

    Parameters
    ----------
    schedule : Schedule
    frame : pandas.DataFrame
        Its plan, or where its jobs run.
    given : Instance, optional
        What it is a schedule of, where that is known.
    """
    running, jobs = int(frame.accepted.sum()), len(frame)
    declined = f", {jobs - running} declined" if running < jobs else ""
    times = schedule.data.indexes["time"]
    return {
        "objective": f"{amount(schedule.objective)} {schedule.currency}",
        "jobs": f"{running} of {jobs} run{declined}" if jobs else "none to run",
        "emissions": _emissions(schedule, given),
        "status": standing_of(schedule) if given is not None else standing_by_file(schedule),
        "horizon": horizon(given) if given is not None else horizon_of(times),
    }


def _emissions(schedule: Schedule, given: Instance | None) -> str:
    """Return the emissions against the budget, as far as it is known and held to."""
    emitted, unit = amount(schedule.emissions, 3), "tCO2e"
    if given is None:
        return f"{emitted} {unit}"
    budget = given.data.carbon_budget.item()
    if math.isinf(budget):
        return f"{emitted} {unit}, no budget"
    if schedule.method.carbon == "none":
        return f"{emitted} {unit}, not held to the budget of {amount(budget, 3)}"
    share = f", {schedule.emissions / budget:z.1%}" if budget else ""
    return f"{emitted} of {amount(budget, 3)} {unit}{share}"


def held(former: Schedule, given: Instance, schedule: Schedule) -> str:
    """Return how far a schedule is from a former one, where both say something."""
    from carbonsched.solver.near import changes

    apart = changes(former, given, schedule)
    jobs, changed = int(apart["jobs"]), int(apart["changed"])
    said = f"{jobs - changed} of {jobs} jobs as they were, " if jobs else ""
    return f"{said}{amount(apart['energy'])} MWh of flows differ"


def terms(schedule: Schedule) -> dict[str, str]:
    """Return what the objective is made of, by name."""
    return {
        name: f"{amount(value)} {schedule.currency}" for name, value in schedule.benefit.items()
    }


def show_energy(given: Instance, schedule: Schedule) -> None:
    """Print energy, carbon and its cost by site, and of all."""
    frame = energy(given, schedule)
    added = schedule.emissions - float(frame.emissions.sum())
    if len(frame) > 1:
        frame = with_total(frame, "all sites")
    shown = [name for name in frame if name != "it"]  # the facility draws it, with cooling
    show_frame(frame, "site", shown, "energy and carbon by site", None, "")
    if abs(added) > 1e-6 * abs(schedule.emissions):
        typer.echo(f"and {amount(added, 3)} tCO2e by added families, at no site")


def show_plan(
    frame: pd.DataFrame,
    elsewhere: str,
    most: int | None = MOST_ROWS,
    clocks: Mapping[str, tzinfo] | None = None,
) -> None:
    """Print which jobs run where and when, and which are declined and why.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `carbonsched.plan` or `carbonsched.judge.plan.runs` returns it.
    elsewhere : str
        Where the rest of a list is that is cut.
    most : int, optional
        Rows of each list; by default as many as a terminal has lines, None for all.
    clocks : mapping of str to tzinfo, optional
        By whose the instants of a site are told; UTC of a site without.
    """
    running = frame.loc[frame.accepted].sort_values(by="start", kind="stable")
    running = in_local_time(running, clocks or {})
    declined = frame.loc[~frame.accepted]
    columns = [name for name in ("site", "start", "end", "power") if name in frame]
    if "reason" in frame and running.reason.any():
        columns.append("reason")
    if len(running):
        show_frame(running, "job", columns, f"plan: {_jobs(running)} run", most, elsewhere)
    if len(declined):
        columns = [name for name in ("power", "reward", "reason") if name in frame]
        title = f"{_jobs(declined)} declined"
        if "reason" in frame:
            kinds = declined.reason.str.partition(":")[0].value_counts()
            title += f": {', '.join(f'{count} {kind}' for kind, count in kinds.items())}"
        show_frame(declined, "job", columns, title, most, elsewhere)
        if "reason" in frame:
            told = "why: with the other jobs, inference and batteries as they are in this plan"
            typer.echo(told)


def _jobs(frame: pd.DataFrame) -> str:
    return f"{len(frame)} job{'s' if len(frame) != 1 else ''}"


def show_frame(
    frame: pd.DataFrame,
    label: str,
    columns: list[str],
    title: str,
    most: int | None,
    elsewhere: str,
) -> None:
    """Print some columns of the first rows, with their units, and how many more there are."""
    typer.echo(plain(title))
    units = frame.attrs["units"]
    shown = frame.head(most if most is not None else len(frame))
    heads = [(label, ""), *((name, units.get(name, "")) for name in columns)]
    cells = [[str(at) for at in shown.index]]
    for name in columns:
        cells.append([in_words(value, units.get(name, "")) for value in shown[name]])
    numeric = [False, *(pd.api.types.is_float_dtype(frame[name]) for name in columns)]
    print_grid(heads, cells, numeric)
    if most is not None and len(frame) > most:
        typer.echo(plain(f"... and {len(frame) - most} more: {elsewhere}"))


def document(given: Instance, schedule: Schedule, frame: pd.DataFrame) -> dict[str, Any]:
    """Return the summary of a schedule, with its plan, as plain values."""
    budget = given.data.carbon_budget.item()
    by_site = energy(given, schedule)
    units = {name: in_currency(unit, schedule.currency) for name, unit in UNITS.items()}
    summary = {name: _plain_value(value) for name, value in schedule.summary().items()}
    summary["benefit"] = {name: value + 0.0 for name, value in schedule.benefit.items()}
    return {
        "format": FORMAT,
        "currency": schedule.currency,
        **summary,
        "status_words": standing_of(schedule),
        "carbon_budget": budget if math.isfinite(budget) else None,
        "horizon": horizon(given),
        "jobs": {"run": int(frame.accepted.sum()), "given": len(frame)},
        "units": units | by_site.attrs["units"] | frame.attrs["units"],
        "sites": [{"site": str(site), **row} for site, row in by_site.to_dict("index").items()],
        "plan": [
            {"job": str(job), **{name: _plain_value(row[name]) for name in frame}}
            for job, row in frame.iterrows()
        ],
    }


def _plain_value(value: Any) -> Any:
    """Return a cell as JSON has it: nothing where it is missing, an instant in ISO 8601."""
    if isinstance(value, dict | list | tuple):
        return value
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, float):
        return value + 0.0  # no negative zero
    if isinstance(value, pd.Timestamp):
        return f"{value.isoformat()}Z"
    return value.item() if hasattr(value, "item") else value
