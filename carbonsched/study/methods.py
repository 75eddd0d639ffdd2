"""The methods of Table I side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Instance
from carbonsched.core.method import METHODS
from carbonsched.core.progress import progress_bar
from carbonsched.core.schedule import Schedule
from carbonsched.errors import InfeasibleError, NoIncumbentError, kind_of
from carbonsched.front import solve

COLUMNS = ("objective", "emissions", "runtime", "gap", "status")


def run_methods(
    instance: Instance,
    methods: Iterable[str] = METHODS,
    formulation: str | Formulation = "start",
    progress: bool | None = None,
    **options: Any,
) -> dict[str, Schedule | Exception]:
    """Solve an instance by several methods.

    A method that has no schedule is kept with the error that says why. `options` as in `solve`.
    """
    outcomes: dict[str, Schedule | Exception] = {}
    for method in progress_bar(progress, iterable=list(methods), unit="method"):
        try:
            outcomes[method] = solve(instance, method, formulation, progress=progress, **options)
        except (InfeasibleError, NoIncumbentError) as error:
            outcomes[method] = error
    return outcomes


def summarise(outcomes: dict[str, Schedule | Exception]) -> pd.DataFrame:
    """Return objective (USD), emissions (tCO2e), runtime (s), gap and status, a row a method."""
    rows = {
        method: {name: getattr(found, name) for name in COLUMNS}
        if isinstance(found, Schedule)
        else {"status": kind_of(found)}
        for method, found in outcomes.items()
    }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS))
    return frame.rename_axis("method")


def table(instance: Instance, methods: Iterable[str] = METHODS, **options: Any) -> pd.DataFrame:
    """Return Table I of an instance: one row a method.

    Columns are objective (USD), emissions (tCO2e), runtime (s), gap (1) and status; a method
    without a schedule has only a status. `options` as in `solve`.
    """
    return summarise(run_methods(instance, methods, **options))
