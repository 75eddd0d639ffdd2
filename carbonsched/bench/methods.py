"""How the first entries were found: methods by name, each a call of this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import carbonsched as cs

_WINDOW, _STEP = 48.0, 12.0  # h of a rolling plan: looked at, and committed


@dataclass(frozen=True)
class Way:
    """A way to solve: what it is called, the solver it needs, and how the front door is asked."""

    words: str
    solver: str = "highs"
    how: Mapping[str, Any] | None = None  # of `carbonsched.solve`; None: rolled


WAYS = {
    f"{solver}-{formulation}": Way(
        f"{shown}, whole model, formulation {formulation}",
        solver,
        {"engine": "milp", "formulation": formulation, "solver": solver},
    )
    for solver, shown in {"highs": "HiGHS", "scip": "SCIP", "cbc": "CBC"}.items()
    for formulation in ("start", "paper")
} | {
    "columns": Way("column generation with HiGHS", how={"engine": "column-generation"}),
    "auto": Way("carbonsched's default", how={}),
    "rolling": Way(f"rolling plan: windows of {_WINDOW:g} h, {_STEP:g} h committed"),
}


def installed() -> list[str]:
    """Return the ways whose solver linopy finds."""
    import linopy

    return [name for name, way in WAYS.items() if way.solver in linopy.available_solvers]


def schedule_by(name: str, instance: cs.Instance, time_limit: float, gap: float) -> cs.Schedule:
    """Return the schedule that a way finds.

    Raises
    ------
    CarbonschedError
        As `carbonsched.solve` and `carbonsched.roll`.
    """
    how = WAYS[name].how
    if how is not None:
        return cs.solve(instance, gap=gap, time_limit=time_limit, progress=False, **how)
    hours, periods = instance.data.step_hours.item(), instance.data.sizes["time"]
    window = min(round(_WINDOW / hours), periods)
    step = min(round(_STEP / hours), window)
    return cs.roll(instance, window=window, step=step, time_limit=time_limit, progress=False)
