"""Plan a real day for many futures, and keep what that is worth in `data/results/uncertainty.csv`.

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
Case = tuple[dict[str, Any], Callable[[], dict[str, Any]]]
KEY = ["study", "day", "model", "lead", "risk", "budget"]
DATE = "2023-06-20"  # of a heat wave in Texas, with every price observed
LEADS = (0, 24, 48)
COUNT, OTHERS, TAIL = 6, 10, 0.2
GAP, LIMIT = 1e-3, 60.0
ROOM = 1.3  # times the day's budget, which would bind: that is a study of its own
RISKS = (0.0, 0.25, 0.5, 0.75, 1.0)
BUDGETS = ("each", "0.6", "expected", "none")
SHARE = 0.95  # of the day's own budget, that of the study of budgets
LONGEST, JOBS = 8, 10  # periods of a job that fits into a day, and how many


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
    roomy = whole.carbon_budget * ROOM
    title = f"Six AI data-center sites, {date}"
    return cs.Instance(whole.assign(carbon_budget=roomy).assign_attrs(title=title))


def month(year: cs.Instance, first: int) -> cs.Instance:
    """Return four weeks of the year, from so many days after the day."""
    return year.window(str(pd.Timestamp(DATE) + pd.Timedelta(days=first)), days=28)


def described(plan: cs.ScenarioSchedule) -> dict[str, float]:
    """Return what a plan comes to."""
    return {
        "expected": plan.expected, "cvar": plan.cvar, "objective": plan.objective,
        "bound": plan.bound, "turnover": plan.turnover, "emissions": plan.emissions,
        "emissions_cvar": plan.emissions_cvar, "within_budget": plan.within_budget,
        "jobs": float(plan.start.sum()),
    }  # fmt: skip


def value(scenarios: cs.Scenarios, others: cs.Scenarios) -> dict[str, Any]:
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


def cases(year: cs.Instance) -> Iterator[Case]:
    """Yield every case's key and what solves it."""
    day = real_day(year, DATE)
    usual = {"day": DATE, "risk": 0.0, "budget": "each"}

    def drawn(lead: int) -> tuple[cs.Scenarios, cs.Scenarios]:
        own, other = ((COUNT, 1), (OTHERS, 1001))
        return tuple(cs.scenarios(day, count=n, seed=seed, lead=lead) for n, seed in (own, other))

    def of_value(model: str, lead: int, own: cs.Scenarios, others: cs.Scenarios) -> Case:
        key = {"study": "value", "model": model, "lead": lead}
        return usual | key, lambda: value(own, others)

    own, others = drawn(LEADS[1])
    yield of_value("noisy", LEADS[1], own, others)
    shown = usual | {"model": "noisy", "lead": LEADS[1]}
    for weight in RISKS:
        yield (
            shown | {"study": "risk", "risk": weight},
            lambda weight=weight: risk(own, others, weight),
        )
    binding = own.replace(carbon_budget=SHARE * float(own.instance.data.carbon_budget) / ROOM)
    for held in BUDGETS:
        key = {"study": "budget", "budget": held}
        yield shown | key, lambda held=held: budget(binding, held)
    for lead in (LEADS[0], *LEADS[2:]):
        yield of_value("noisy", lead, *drawn(lead))
    before, after = month(year, -29), month(year, 1)
    yield of_value(
        "bootstrap",
        LEADS[1],
        cs.scenarios(day, count=COUNT, model="bootstrap", seed=1, history=before),
        cs.scenarios(day, count=OTHERS, model="bootstrap", seed=1, history=after),
    )


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
