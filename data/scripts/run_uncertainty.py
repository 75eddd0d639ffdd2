"""Plan real days for many futures, and keep what that is worth in `data/results/uncertainty.csv`.

    python data/scripts/run_uncertainty.py

A day of the real year, and the jobs of the weeks around it folded into it, so that there is
something to commit. Three studies, a row each case:

- `value`: what planning for all scenarios and what knowing the right one is worth, by how early
  the day is planned (`lead`), and on other scenarios than the plan was made for; with scenarios
  drawn from the four weeks before, on days drawn from the four weeks after, which no plan has seen;
- `risk`: expectation against the mean of the worst, for weights of risk;
- `budget`: a budget that binds, in each scenario, in a share of them, in expectation or not at all.

What is there already is not solved again. About a quarter of an hour on two cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import carbonsched as cs
from carbonsched.errors import CarbonschedError
from carbonsched.io import replacing

FILE = Path(__file__).parents[1] / "results" / "uncertainty.csv"
KEY = ["study", "day", "model", "lead", "risk", "budget"]
DAYS = ("2023-06-20", "2023-02-08")
LEADS = (0, 24, 48)
COUNT, OTHERS, TAIL = 10, 20, 0.2
GAP, LIMIT = 5e-4, 60.0
ROOM = 1.3
RISKS = (0.0, 0.25, 0.5, 0.75, 1.0)
BUDGETS = ("each", "0.9", "0.7", "0.5", "expected", "none")
LONGEST, JOBS = 8, 14  # periods of a job that fits into a day, and how many


def real_day(year: cs.Instance, date: str) -> cs.Instance:
    """Return a day whose jobs are those of the weeks around it, each at its hour of the day."""
    day = year.window(date, days=1).data
    around = year.window(str(pd.Timestamp(date) - pd.Timedelta(days=14)), days=28).data
    short = around.isel(job=np.flatnonzero(around.duration.values <= LONGEST))
    largest = short.power * short.duration
    kept = short.isel(job=np.sort(np.argsort(-largest.values, kind="stable")[:JOBS]))
    released = pd.DatetimeIndex(kept.release.values)
    allowed = pd.DatetimeIndex(kept.deadline.values) - released
    length = pd.to_timedelta(kept.duration.values - 1, unit="h")
    first = pd.Timestamp(date) + pd.to_timedelta(released.hour % (25 - LONGEST), unit="h")
    last = np.minimum((first + allowed).values, day.time.values[-1])
    last = np.maximum(last, (first + length).values)
    jobs = kept.assign(release=("job", first.values), deadline=("job", last))
    of_jobs = [name for name in jobs if "job" in jobs[name].dims]
    whole = day.drop_dims("job").merge(jobs[of_jobs])
    roomy = (
        whole.carbon_budget * ROOM
    )  # the budget of the day would bind, and is a study of its own
    title = f"Six AI data-center sites, {date}"
    return cs.Instance(whole.assign(carbon_budget=roomy).assign_attrs(title=title))


def month(year: cs.Instance, date: str, first: int) -> cs.Instance:
    """Return four weeks of the year, from so many days after a date."""
    return year.window(str(pd.Timestamp(date) + pd.Timedelta(days=first)), days=28)


def described(plan: cs.ScenarioSchedule) -> dict[str, float]:
    """Return what a plan comes to."""
    return {
        "expected": plan.expected, "cvar": plan.cvar, "objective": plan.objective,
        "bound": plan.bound, "turnover": plan.turnover, "emissions": plan.emissions,
        "emissions_cvar": plan.emissions_cvar, "within_budget": plan.within_budget,
        "jobs": float(plan.start.sum()),
    }  # fmt: skip


def value(day: cs.Instance, scenarios: cs.Scenarios, others: cs.Scenarios) -> dict[str, Any]:
    """Return both values in sample, and what the two plans earn on other scenarios."""
    found = cs.information_value(scenarios, gap=GAP, time_limit=LIMIT, tail=TAIL)
    row: dict[str, Any] = described(found.plan)
    for name in ("stochastic", "expected_value", "wait_and_see", "vss", "evpi"):
        interval = getattr(found, name)
        row |= {f"{name}_least": interval.lower, f"{name}_most": interval.upper}
    row["out_stochastic"] = cs.recourse(others, found.plan.start, tail=TAIL).objective
    if found.plan_of_mean is not None:
        row["out_mean"] = cs.recourse(others, found.plan_of_mean.start, tail=TAIL).objective
    return row


def risk(scenarios: cs.Scenarios, others: cs.Scenarios, weight: float) -> dict[str, Any]:
    """Return what a plan of some aversion comes to, on its own scenarios and on others."""
    plan = cs.solve(scenarios, gap=GAP, time_limit=LIMIT, risk=weight, tail=TAIL, progress=False)
    out = cs.recourse(others, plan.start, tail=TAIL)
    return described(plan) | {"out_expected": out.expected, "out_cvar": out.cvar}


def budget(scenarios: cs.Scenarios, held: str) -> dict[str, Any]:
    """Return what a plan under a budget comes to that holds in so many scenarios."""
    method = "no_carbon" if held == "none" else "joint"
    share: Any = float(held) if held[0] == "0" else "each" if held == "none" else held
    return described(
        cs.solve(
            scenarios, method, gap=GAP, time_limit=LIMIT, budget=share, tail=TAIL, progress=False
        )
    )


def cases(year: cs.Instance) -> Iterator[tuple[dict[str, Any], Callable[[], dict[str, Any]]]]:
    """Yield every case's key and what solves it."""
    days = {date: real_day(year, date) for date in DAYS}
    usual = {"risk": 0.0, "budget": "each"}
    for date, day in days.items():
        for lead in LEADS:
            own, others = (
                cs.scenarios(day, count=n, seed=seed, lead=lead)
                for n, seed in ((COUNT, 1), (OTHERS, 1001))
            )
            key = {"study": "value", "day": date, "model": "noisy", "lead": lead} | usual
            yield key, lambda day=day, own=own, others=others: value(day, own, others)
        before, after = month(year, date, -29), month(year, date, 1)
        own = cs.scenarios(day, count=COUNT, model="bootstrap", seed=1, history=before)
        others = cs.scenarios(day, count=OTHERS, model="bootstrap", seed=1, history=after)
        key = {"study": "value", "day": date, "model": "bootstrap", "lead": 24} | usual
        yield key, lambda day=day, own=own, others=others: value(day, own, others)
    date, day = DAYS[0], days[DAYS[0]]
    before, after = month(year, date, -29), month(year, date, 1)
    own = cs.scenarios(day, count=COUNT, model="bootstrap", seed=1, history=before)
    others = cs.scenarios(day, count=OTHERS, model="bootstrap", seed=1, history=after)
    shown = {"day": date, "model": "bootstrap", "lead": 24}
    for weight in RISKS:
        key = {"study": "risk", "risk": weight, "budget": "each"} | shown
        yield key, lambda weight=weight: risk(own, others, weight)
    free = cs.solve(own, "no_carbon", gap=GAP, time_limit=LIMIT, progress=False)
    binding = own.replace(carbon_budget=float(np.quantile(free.emitted.values, 0.6)))
    for held in BUDGETS:
        key = {"study": "budget", "risk": 0.0, "budget": held} | shown
        yield key, lambda held=held: budget(binding, held)


def main() -> None:
    """Solve what is not there yet, a row at a time."""
    rows = pd.read_csv(FILE, dtype={"budget": str}) if FILE.exists() else pd.DataFrame(columns=KEY)
    done = {tuple(map(str, row)) for row in rows[KEY].to_numpy()}
    for key, solve in cases(cs.example("real-year")):
        if tuple(str(key[name]) for name in KEY) in done:
            continue
        try:
            found: dict[str, Any] = {"status": "solved"} | solve()
        except CarbonschedError as error:
            found = {"status": type(error).__name__.removesuffix("Error").lower()}
            print(key, error)
        rows = pd.concat([rows, pd.DataFrame([key | found])], ignore_index=True)
        print(key, found, flush=True)
        with replacing(FILE) as temporary:
            rows.to_csv(temporary, index=False, float_format="%.8g")


if __name__ == "__main__":
    main()
