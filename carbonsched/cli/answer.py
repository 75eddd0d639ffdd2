"""What a schedule comes to, in words and numbers with units: the answer first, then the plan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import typer

from carbonsched.cli.terminal import console, plain
from carbonsched.judge.declined import label

if TYPE_CHECKING:
    from carbonsched.core.instance import Instance
    from carbonsched.schedule import Schedule

FORMAT = "carbonsched summary 1"
MOST_ROWS = 20  # of a list in the terminal
CENT = 0.01  # USD
UNITS = {
    **dict.fromkeys(("objective", "benefit", "bound", "turnover", "distance"), "USD"),
    **dict.fromkeys(("emissions", "carbon_budget"), "tCO2e"),
    **dict.fromkeys(("runtime", "build_time"), "s"),
    **dict.fromkeys(("gap", "gap_of_objective"), "1"),
}
ENDED = {
    "time_limit": "out of time",
    "stopped": "no further step known",
    "held": "held near a former plan",
    "optimal": "",
}


def amount(value: float, decimals: int = 2, *, up: bool = False) -> str:
    """Return a number of at least four digits or so many decimals, never a negative zero.

    Parameters
    ----------
    value : float
    decimals : int
        The most.
    up : bool
        Round up, where it is said that nothing is more.

    Examples
    --------
    >>> amount(208133.6), amount(-0.001), amount(7.1), amount(411.02, up=True)
    ('208,134', '0.00', '7.10', '411.1')
    """
    if not value or not math.isfinite(value):
        return f"{value:z,.0f}"
    places = min(decimals, max(0, 3 - math.floor(math.log10(abs(value)))))
    if up:
        value = math.ceil(value * 10**places - 1e-6) / 10**places
    return f"{value:z,.{places}f}"


def standing(status: str, distance: float, gap: float, solver: str = "the solver") -> str:
    """Return in words that hold how good a schedule is.

    Parameters
    ----------
    status : str
        As `Schedule.status` has it.
    distance, gap : float
        From objective to bound, USD and relative; not a number where there is no bound.
    solver : str
        Whose word it is.

    Examples
    --------
    >>> standing("optimal", 411.6, 0.0018)
    'within 0.18 %: at most 412 USD better exists'
    >>> standing("time_limit", math.nan, math.nan)
    'out of time: no bound is known'
    """
    ended = ENDED.get(status, status)
    if not math.isfinite(distance):
        if status == "optimal":
            return f"optimal by the word of {solver}, which gave no bound"
        return f"{ended}: no bound is known"
    if distance < CENT:
        return "optimal: no schedule earns a cent more"
    percent = max(math.ceil(gap * 1e4 - 1e-6) / 100, 0.01) if math.isfinite(gap) else math.inf
    within = f"within {percent:g} %" if percent <= 1000 else ""
    said = ", ".join(part for part in (ended, within) if part)
    most = amount(distance, 0 if distance >= 100 else 2, up=True)
    return f"{said}{': ' if said else ''}at most {most} USD better exists"


def standing_of(schedule: Schedule) -> str:
    """Return in words that hold how good a schedule is."""
    return standing(schedule.status, schedule.distance, schedule.gap, schedule.solver)


def standing_by_file(schedule: Schedule) -> str:
    """Return how good a schedule is by what its file says, which nothing here proves.

    Examples
    --------
    >>> import carbonsched as cs
    >>> schedule = cs.solve(cs.generate(sites=2, periods=4, jobs=1, services=1), gap=0)
    >>> standing_by_file(schedule)
    'optimal: no schedule earns a cent more, by its file'
    """
    if schedule.bound < schedule.objective - max(CENT, 1e-6 * abs(schedule.objective)):
        return "unknown: its file states a bound below what it earns"
    said = standing(schedule.status, schedule.distance, math.nan, schedule.solver)
    return f"{said}, by its file"


def horizon(times: pd.Index, step_hours: float | None) -> str:
    """Return the length of a horizon in hours, and from when to when it is.

    Examples
    --------
    >>> horizon(pd.RangeIndex(24), 0.25)
    '24 periods of 15 min = 6 h, numbered 0 to 23'
    >>> horizon(pd.date_range("2025-01-01", periods=24, freq="h"), 1.0)
    '24 periods of 1 h = 24 h, 2025-01-01 00:00 to 2025-01-02 00:00 UTC'
    """
    stamped, count = times.dtype.kind == "M", len(times)
    if step_hours is None and stamped and count > 1:
        step_hours = (times[1] - times[0]) / pd.Timedelta(hours=1)
    many = f"{count} period{'s' if count != 1 else ''}"
    if step_hours is not None:
        step = f"{step_hours:g} h" if step_hours >= 1 else f"{60 * step_hours:g} min"
        many += f" of {step} = {count * step_hours:g} h"
    if not stamped:
        return f"{many}, numbered {times[0]} to {times[-1]}"
    end = times[-1] + pd.Timedelta(hours=step_hours) if step_hours is not None else times[-1]
    return f"{many}, {label(times[0])} to {label(end.round('s'))} UTC"


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
    step = given.data.step_hours.item() if given is not None else None
    return {
        "objective": f"{amount(schedule.objective)} USD",
        "jobs": f"{running} of {jobs} run{declined}" if jobs else "none to run",
        "emissions": _emissions(schedule, given),
        "status": standing_of(schedule),
        "horizon": horizon(schedule.data.indexes["time"], step),
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
    return {name: f"{amount(value)} USD" for name, value in schedule.benefit.items()}


def show_plan(frame: pd.DataFrame, elsewhere: str, most: int | None = MOST_ROWS) -> None:
    """Print which jobs run where and when, and which are declined and why.

    Parameters
    ----------
    frame : pandas.DataFrame
        As `carbonsched.plan` or `carbonsched.judge.plan.runs` returns it.
    elsewhere : str
        Where the rest of a list is that is cut.
    most : int, optional
        Rows of each list; by default as many as a terminal has lines, None for all.
    """
    running = frame.loc[frame.accepted].sort_values(by="start", kind="stable")
    declined = frame.loc[~frame.accepted]
    units = frame.attrs["units"]
    columns = [name for name in ("site", "start", "end", "power", "reward") if name in frame]
    if "reason" in frame and running.reason.any():
        columns.append("reason")
    if len(running):
        _print(running, columns, units, f"plan: {_jobs(running)} run", most, elsewhere)
    if len(declined):
        columns = [name for name in ("power", "reward", "reason") if name in frame]
        title = f"{_jobs(declined)} declined"
        if "reason" in frame:
            kinds = declined.reason.str.partition(":")[0].value_counts()
            title += f": {', '.join(f'{count} {kind}' for kind, count in kinds.items())}"
        _print(declined, columns, units, title, most, elsewhere)
        if "reason" in frame:
            told = "why: with the other jobs, inference and batteries as they are in this plan"
            typer.echo(told)


def _jobs(frame: pd.DataFrame) -> str:
    return f"{len(frame)} job{'s' if len(frame) != 1 else ''}"


def _print(
    frame: pd.DataFrame,
    columns: list[str],
    units: Mapping[str, str],
    title: str,
    most: int | None,
    elsewhere: str,
) -> None:
    """Print some columns of the first rows, and how many more there are."""
    from rich.table import Table

    typer.echo(title)
    grid = Table("job")
    for name in columns:
        heading = f"{name} [{units[name]}]" if name in units else name
        grid.add_column(heading, justify="right" if name in ("power", "reward") else "left")
    for job, row in frame.head(most if most is not None else len(frame)).iterrows():
        cells = (amount(v) if isinstance(v, float) else label(v) for v in row[columns])
        grid.add_row(*map(plain, (str(job), *cells)))
    console().print(grid)
    if most is not None and len(frame) > most:
        typer.echo(plain(f"... and {len(frame) - most} more: {elsewhere}"))


def document(given: Instance, schedule: Schedule, frame: pd.DataFrame) -> dict[str, Any]:
    """Return the summary of a schedule, with its plan, as plain values."""
    budget = given.data.carbon_budget.item()
    return {
        "format": FORMAT,
        **schedule.summary(),
        "status_words": standing_of(schedule),
        "carbon_budget": budget if math.isfinite(budget) else None,
        "horizon": horizon(given.data.indexes["time"], given.data.step_hours.item()),
        "jobs": {"run": int(frame.accepted.sum()), "given": len(frame)},
        "units": UNITS | frame.attrs["units"],
        "plan": [
            {"job": str(job), **{name: _plain_value(row[name]) for name in frame}}
            for job, row in frame.iterrows()
        ],
    }


def _plain_value(value: Any) -> Any:
    """Return a cell as JSON has it: nothing where it is missing, an instant in ISO 8601."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value.isoformat()}Z"
    return value.item() if hasattr(value, "item") else value
