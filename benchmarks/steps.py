"""Measure what each step of the formulation contributes, one added after the other.

    python benchmarks/steps.py

`steps.csv`: a row an instance and step, with the size of the model, the optimum, and the bound of
its linear relaxation; first with prices as drawn, then with exports paid more than imports cost,
where only the limits differ. `steps-seconds.csv`: the solver's seconds to a gap of 1 % with prices
as drawn, as multiples of those of the last step, medians over the instances. Seconds belong to the
machine: run it with nothing else at work, or keep the file with `--only-sizes`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd

import carbonsched as cs
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings

HERE = Path(__file__).parent
SEEDS = range(3)
AS_PRINTED = cs.Formulation(
    jobs="run",
    power="stated",
    grid_states="everywhere",
    storage_states="everywhere",
    windows="rows",
    latency="rows",
    bounds="given",
)
ADDED = {
    "as printed": {},
    "+ routes within the limit": {"latency": "cut"},
    "+ starts within the window": {"windows": "cut"},
    "+ limits lowered": {"bounds": "tight"},
    "+ states where needed": {"grid_states": "needed", "storage_states": "needed"},
    "+ one binary a placement": {"jobs": "start"},
    "+ powers substituted": {"power": "substituted"},
}


def steps() -> dict[str, cs.Formulation]:
    """Return the formulations from the paper's to the leanest, by what was added last."""
    made, formulation = {}, AS_PRINTED
    for step, slots in ADDED.items():
        made[step] = formulation = replace(formulation, **slots)
    return made


def inverted(instance: cs.Instance) -> cs.Instance:
    """Return the instance with exports paid a fifth more than imports cost."""
    return instance.replace(export_price=1.2 * instance.data.import_price)


def relaxed(instance: cs.Instance, formulation: cs.Formulation) -> dict[str, float]:
    """Return the size of a model and the bound of its linear relaxation."""
    model = cs.build(instance, formulation)
    size = {"variables": model.nvars, "rows": model.ncons}
    model.variables.relax()
    run_solver(model, Settings(gap=0.0, time_limit=60))
    return size | {"bound": model.objective.value}


def rows() -> Iterator[dict[str, object]]:
    """Yield the rows of `steps.csv`."""
    limits = {f"limits {bounds}": cs.Formulation(bounds=bounds) for bounds in ("given", "tight")}
    for prices, chosen in (("as drawn", steps()), ("inverted", limits)):
        for seed in SEEDS:
            instance = cs.generate(seed=seed)
            instance = inverted(instance) if prices == "inverted" else instance
            optimum = cs.solve(instance, gap=1e-5).objective
            for step, formulation in chosen.items():
                case = {"prices": prices, "seed": seed, "step": step}
                yield case | relaxed(instance, formulation) | {"optimum": optimum}


def seconds() -> pd.DataFrame:
    """Return the solver's seconds of each step, as multiples of the last, medians."""
    took = {
        step: [cs.solve(cs.generate(seed=s), formulation=f, gap=0.01).runtime for s in SEEDS]
        for step, f in steps().items()
    }
    median = pd.DataFrame(took).median()
    return (median / median.iloc[-1]).round(1).rename_axis("step").rename("relative").to_frame()


if __name__ == "__main__":
    pd.DataFrame(rows()).to_csv(HERE / "steps.csv", index=False)
    if "--only-sizes" not in sys.argv:
        seconds().to_csv(HERE / "steps-seconds.csv")
