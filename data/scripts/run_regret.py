"""Roll real weeks by forecasts and by simple rules, and keep what not knowing costs.

    python data/scripts/run_regret.py

`data/results/regret.csv`: a row a case. Of each span the whole is solved first, with perfect
foresight, by column generation: no schedule is better than its bound, and regret is the distance to
it. Then the same span is rolled, by every look-ahead and forecast, by every length of a step and by
the rules of `carbonsched.operate.policies`.

The week has every case. The month has those that take minutes each: every look-ahead with perfect
forecasts and as yesterday, up to 48 h with any, every step but that of one hour, and the rules told
yesterday. So the month says what sight, forecasts and steps are worth, and the week what 96 h and
168 h are worth by the other forecasts, and an hour's step.

A case that is in the table already is left alone, and one that was ended goes on from its last
step, so that a run that was stopped goes on where it ended. Cases are in order of importance;
`--span`, `--case` and `--minutes` choose among them. Processes with other choices may share a
table: each adds its rows to what is there.
"""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

import carbonsched as cs
from carbonsched.io import replacing
from carbonsched.operate.policies import POLICIES

SPANS = {"month": ("2023-02-03", 30), "week": ("2023-02-06", 7)}
HISTORY = 14  # days before a span, which forecasts look back on
GAP, WHOLE_GAP = 0.005, 0.002  # relative, of what can be decided
LIMIT, WHOLE_LIMIT = 30.0, 600.0  # s a window, s the whole
LOOK_AHEAD = (6, 12, 24, 96, 168)  # h, beside 48
STEPS = (24, 12, 3, 1)  # h, beside 6
FORECASTS = ("perfect", "persistence", "noisy", "day_ahead")
SEED = 0
WHOLE = "whole"


@dataclass(frozen=True)
class Case:
    """One way to operate a span: by which rule, seeing how far, deciding how often, by what."""

    look_ahead: int = 48
    step: int = 6
    forecast: str = "perfect"
    outlook: bool = True
    policy: str = "optimised"

    @property
    def name(self) -> str:
        """What it is called in the table and on the command line."""
        prices = "" if self.outlook else ", no outlook"
        sight = f"{self.look_ahead} h ahead every {self.step} h"
        return f"{self.policy}, {self.forecast}, {sight}{prices}"


def cases() -> list[Case]:
    """Return every case once, the most telling ones first."""
    both = ("perfect", "persistence")
    ordered = [Case(), Case(forecast="persistence"), Case(forecast="noisy")]
    ordered += [Case(policy=policy, forecast="persistence") for policy in POLICIES]
    ordered += [Case(hours, forecast=name) for hours in (6, 24, 168) for name in both]
    ordered += [Case(step=step, forecast="persistence") for step in (24, 12)]
    ordered += [Case(forecast="day_ahead")]
    ordered += [Case(hours, outlook=False) for hours in (48, 24, 6)]
    ordered += [Case(hours, forecast=name) for hours in LOOK_AHEAD for name in FORECASTS]
    ordered += [Case(step=step, forecast=name) for step in STEPS for name in FORECASTS]
    ordered += [Case(policy=policy) for policy in POLICIES]
    return list(dict.fromkeys(ordered))


def of_span(span: str) -> list[Case]:
    """Return the cases of a span: those that take hours are for a week."""
    if span != "month":
        return cases()
    return [
        case
        for case in cases()
        if case.step > 1
        and (case.look_ahead <= 48 or case.forecast in ("perfect", "persistence"))
        and (case.policy == "optimised" or case.forecast == "persistence")
    ]


def counted(given: cs.Instance, schedule: cs.Schedule) -> dict[str, Any]:
    """Return what a schedule is worth, emits and runs."""
    return {
        "objective": schedule.objective,
        **schedule.benefit,
        "turnover": schedule.turnover,
        "emissions": schedule.emissions,
        "budget": float(given.data.carbon_budget),
        "jobs": given.data.sizes["job"],
        "jobs_run": int((schedule.data.start > 0.5).sum()),
    }


def foreseen(given: cs.Instance) -> dict[str, Any]:
    """Return what the whole is worth to who knows it all, and the bound of it."""
    schedule = cs.solve(
        given, gap=WHOLE_GAP, time_limit=WHOLE_LIMIT, engine="column-generation", progress=False
    )
    return counted(given, schedule) | {"bound": schedule.bound}


def operated(given: cs.Instance, history: cs.Instance, case: Case, folder: Path) -> dict[str, Any]:
    """Return what comes of a case."""
    schedule = cs.roll(
        given,
        window=case.look_ahead,
        step=case.step,
        forecast=case.forecast,
        history=history,
        seed=SEED,
        policy=None if case.policy == "optimised" else case.policy,
        outlook=24 if case.outlook else None,
        on_breach="report",
        folder=folder,
        gap=GAP,
        time_limit=LIMIT,
        polish=False,  # which of several plans that earn the same makes no difference here
        progress=False,
    )
    steps = schedule.steps
    assert steps is not None  # of what is rolled
    missed = (steps.unserved > 0) | (steps.overdrawn > 0)
    return counted(given, schedule) | {
        "forecast": case.forecast,
        "look_ahead": case.look_ahead,
        "step": case.step,
        "outlook": case.outlook,
        "policy": case.policy,
        "unserved": float(steps.unserved.sum()),
        "overdrawn": float(steps.overdrawn.sum()),
        "breaches": int(missed.sum()),
        "let_go": int((steps.policy != "").sum()),
    }


def rows(spans: list[str], wanted: str, out: Path, cache: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows that are wanted and not in the table yet."""
    year = cs.example("real-year")
    for span in spans:
        start, days = SPANS[span]
        given = year.window(start, days=days)
        before = pd.Timestamp(start) - pd.Timedelta(days=HISTORY)
        history = year.window(before, days=HISTORY)
        about = {"span": span, "start": start, "hours": 24 * days}
        for case in [WHOLE, *of_span(span)]:
            name = case if isinstance(case, str) else case.name
            if not (name == WHOLE or re.search(wanted, name)):
                continue
            table = read(out)
            if ((table.span == span) & (table.case == name)).any():
                continue
            begun = time.perf_counter()
            if isinstance(case, str):
                found = foreseen(given)
            else:
                found = operated(given, history, case, cache)
            yield about | {"case": name} | found | {"seconds": time.perf_counter() - begun}


def read(out: Path) -> pd.DataFrame:
    """Return the table so far."""
    return pd.read_csv(out) if out.exists() else pd.DataFrame({"span": [], "case": []})


def add(row: dict[str, Any], out: Path, cache: Path) -> None:
    """Add a row to what the table has by now, one process at a time."""
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        table = pd.concat([read(out), pd.DataFrame([row])], ignore_index=True)
        table = table.drop_duplicates(["span", "case"])
        with replacing(out) as path:
            with_regret(table).to_csv(path, index=False)


def with_regret(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the distance to the bound, in USD and of what can be decided."""
    whole = table[table.case == WHOLE].set_index("span")
    regret = table.span.map(whole.bound) - table.objective
    return table.assign(regret=regret, regret_share=regret / table.span.map(whole.turnover))


def main(
    out: Annotated[Path, typer.Option(help="Table to write.")] = Path("data/results/regret.csv"),
    cache: Annotated[Path, typer.Option(help="Folder of runs under way.")] = Path(".cache/regret"),
    span: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(SPANS)}.")] = None,
    case: Annotated[str, typer.Option(help="Regular expression of cases' names.")] = "",
    minutes: Annotated[float, typer.Option(help="After which no case is begun.")] = float("inf"),
) -> None:
    """Count the cases that are not in the table yet."""
    begun = time.monotonic()
    for row in rows(span or list(SPANS), case, out, cache):
        add(row, out, cache)
        typer.echo(f"{row['span']}, {row['case']}: {row['seconds']:.0f} s")
        if time.monotonic() - begun > 60 * minutes:
            break


if __name__ == "__main__":
    typer.run(main)
