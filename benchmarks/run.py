"""Measure solvers, formulations and engines side by side, in one run.

    python benchmarks/run.py

Every measurement is a row of `benchmarks/results.csv`: what was solved, how, in how many seconds,
to which gap. Seconds belong to the machine; compare rows of one run only. Cases run one at a time,
each large one in a process of its own so that its peak memory is its own. Solvers and libraries
other than HiGHS and linopy take part if they are installed: gurobipy, pyscipopt, ortools.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import linopy
import pandas as pd
import typer
from tqdm.auto import tqdm

import carbonsched as cs
from carbonsched.io import replacing
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings

SEEDS = range(20)
SOLVERS = {"highs": SEEDS, "gurobi": SEEDS, "scip": SEEDS, "cbc": SEEDS}
FORMULATIONS = cs.FORMULATIONS | {
    # what Gurobi's size-limited licence takes: no starts and routes that a row forbids
    "paper, cut": replace(cs.FORMULATIONS["paper"], windows="cut", latency="cut")
}
BUILDS = Path(__file__).with_name("builds.py")
LIBRARIES = {
    "labelled arrays": "linopy",
    "arrays alone": "highspy",
    "highspy": "highspy",
    "gurobipy": "gurobipy",
    "ortools": "ortools",
    "pyscipopt": "pyscipopt",
}
LIMIT = 120.0
JOBS = (50, 100, 200, 400, 800)  # at 20 sites and 72 hours


def solved(schedule: cs.Schedule, seconds: float) -> dict[str, Any]:
    """Return what is kept of a schedule; `seconds` is the whole call."""
    return {
        "seconds": seconds,
        "solver_seconds": schedule.runtime,
        "build_seconds": schedule.build_time,
        "gap": schedule.gap_of_objective,
        "objective": schedule.objective,
        "status": schedule.status,
    }


def timed(instance: cs.Instance, **how: Any) -> dict[str, Any]:
    """Solve and return the row; a refusal is a row, too."""
    begun = time.perf_counter()
    try:
        usual = {"gap_of": "objective", "polish": False, "progress": False}  # as the paper solves
        schedule = cs.solve(instance, time_limit=LIMIT, **usual, **how)
    except cs.CarbonschedError as error:
        return {"status": type(error).__name__, "seconds": time.perf_counter() - begun}
    return solved(schedule, time.perf_counter() - begun)


def large(size: tuple[int, int, int], seed: int, how: dict[str, Any]) -> dict[str, Any]:
    """Solve a generated instance and return the row with this process's peak memory."""
    row = timed(cs.generate(*size, seed=seed), **how)
    return row | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def alone(size: tuple[int, int, int], seed: int, **how: Any) -> dict[str, Any]:
    """Solve a large instance in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(large, size, seed, how).result()


def formulations() -> Iterator[tuple[dict[str, Any], Callable[[], dict[str, Any]]]]:
    """Yield the paper's size, every installed solver on each formulation, to 1 %."""
    for solver, seeds in SOLVERS.items():
        for seed in seeds if solver in linopy.available_solvers else ():
            for name, formulation in FORMULATIONS.items():
                how = {"solver": solver, "gap": 0.01}
                about = {"benchmark": "formulations", "size": "3 x 24 x 6", "seed": seed}
                about |= {"engine": "milp", "formulation": name, **how}
                how |= {"formulation": formulation, "engine": "milp"}
                yield about, lambda seed=seed, how=how: timed(cs.generate(seed=seed), **how)
    for seed in SEEDS:
        about = {"benchmark": "formulations", "size": "3 x 24 x 6", "seed": seed}
        about |= {"engine": "relaxation", "formulation": "start", "solver": "highs"}
        yield about, lambda seed=seed: relaxed(cs.generate(seed=seed))


def relaxed(instance: cs.Instance) -> dict[str, Any]:
    """Solve the linear program alone, the least that any search for integers takes."""
    begun = time.perf_counter()
    model = cs.build(instance)
    model.variables.relax()
    built = time.perf_counter()
    result = run_solver(model, Settings(gap=0.0, time_limit=LIMIT, progress=False))
    return {
        "seconds": time.perf_counter() - begun,
        "solver_seconds": result.report.runtime,
        "build_seconds": built - begun,
        "objective": model.objective.value,
        "status": str(result.status.termination_condition),
    }


def built(library: str, size: tuple[int, int, int], seed: int) -> dict[str, Any]:
    """Build by a library in a process of its own and return the row."""
    words = [*zip(("--sites", "--periods", "--jobs"), map(str, size), strict=True)]
    command = [sys.executable, str(BUILDS), library, *sum(words, ()), "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"status": "failed"}
    return {"status": "optimal", **json.loads(done.stdout.splitlines()[-1])}


def builds() -> Iterator[tuple[dict[str, Any], Callable[[], dict[str, Any]]]]:
    """Yield the `start` formulation, built by labelled arrays, line by line and by arrays alone."""
    cases = [
        (library, size, seed)
        for size, seeds in (((3, 24, 6), SEEDS), ((10, 72, 40), range(5)))
        for seed in seeds
        for library, package in LIBRARIES.items()
        if find_spec(package)
    ]
    cases += [("linopy", (3, 24, 6), seed) for seed in range(3)]  # half a minute each
    for library, size, seed in cases:
        about = {"benchmark": "builds", "size": " x ".join(map(str, size)), "seed": seed}
        about |= {"library": library, "gap": 0.01, "formulation": "start"}
        yield (
            about,
            lambda library=library, size=size, seed=seed: built(library, size, seed),
        )


def changes(instance: cs.Instance) -> dict[str, cs.Instance]:
    """Return an instance after one change each of budget, prices, demand and battery."""
    data = instance.data
    return {
        "budget": instance.replace(carbon_budget=0.9 * float(data.carbon_budget)),
        "prices": instance.replace(import_price=1.05 * data.import_price),
        "demand": instance.replace(demand=0.95 * data.demand),
        "battery": instance.replace(battery_energy=1.2 * data.battery_energy),
    }


def again() -> Iterator[tuple[dict[str, Any], Callable[[], dict[str, Any]]]]:
    """Yield a change of numbers, met by building anew and in place."""
    for seed in SEEDS:
        instance = cs.generate(seed=seed)
        made = cs.Reoptimiser(gap=0.01, gap_of="objective", polish=False)
        made.solve(instance)
        for what, changed in changes(instance).items():
            made.solve(instance)
            about = {"benchmark": "again", "size": "3 x 24 x 6", "seed": seed, "gap": 0.01}
            about |= {"solver": "highs", "formulation": "start", "change": what}
            yield about | {"engine": "anew"}, lambda i=changed: timed(i, gap=0.01)

            def in_place(i: cs.Instance = changed, r: cs.Reoptimiser = made) -> dict[str, Any]:
                begun = time.perf_counter()
                return solved(r.solve(i), time.perf_counter() - begun)

            yield about | {"engine": "in place"}, in_place


def growth() -> Iterator[tuple[dict[str, Any], Callable[[], dict[str, Any]]]]:
    """Yield more and more jobs at the same sites and hours."""
    for seed in range(3):
        for jobs in JOBS:
            size = (20, 72, jobs)
            about = {"benchmark": "growth", "size": " x ".join(map(str, size)), "seed": seed}
            about |= {"engine": "column-generation", "gap_asked": 0.01, "jobs": jobs}
            yield (
                about,
                lambda size=size, seed=seed: alone(
                    size, seed, engine="column-generation", gap=0.01
                ),
            )


PARTS = {part.__name__: part for part in (formulations, builds, again, growth)}


def main(
    out: Annotated[Path, typer.Option(help="Table to write.")] = Path("benchmarks/results.csv"),
    part: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(PARTS)}.")] = None,
) -> None:
    """Run the benchmarks and write the table; rows of parts that are not asked for stay."""
    asked = part or list(PARTS)
    kept = pd.read_csv(out) if part and out.exists() else pd.DataFrame({"benchmark": []})
    rows = []
    for name in asked:
        for about, measure in tqdm(PARTS[name](), desc=name, unit="case"):
            rows.append(about | measure())
        table = pd.concat([kept[~kept.benchmark.isin(asked)], pd.DataFrame(rows)])
        with replacing(out) as temporary:
            table.to_csv(temporary, index=False)
    typer.echo(f"{out}: {len(rows)} rows")


if __name__ == "__main__":
    typer.run(main)
