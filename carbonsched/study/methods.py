"""The methods of Table I side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from carbonsched.core.build import require_families
from carbonsched.core.families import FAMILIES
from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Instance
from carbonsched.core.method import METHODS, Method, method_of
from carbonsched.currency import DEFAULT, currency_of, in_currency
from carbonsched.errors import InfeasibleError, NoIncumbentError, kind_of
from carbonsched.front import solve
from carbonsched.keywords import keywords, refuse_unknown
from carbonsched.schedule import Schedule
from carbonsched.solver.progress import progress_bar

UNITS = {"objective": "USD", "emissions": "tCO2e", "runtime": "s", "gap": "1", "distance": "USD"}
COLUMNS = (*UNITS, "status")
# The keywords of `solve` that are passed on as they are.
HOW = ("gap", "gap_of", "time_limit", "engine", "solver", "verbose", "explain", "polish", "options")


def run_methods(
    instance: Instance,
    methods: Iterable[str | Method] = tuple(METHODS),
    formulation: str | Formulation = "start",
    *,
    families: Iterable[Family] = FAMILIES,
    progress: bool | None = None,
    **how: Any,
) -> dict[str, Schedule | Exception]:
    """Solve an instance by several methods.

    A method that has no schedule is kept with the error that says why. `how` as in `solve`.
    """
    _refuse_unknown("run_methods", how)
    families = require_families(families)
    outcomes: dict[str, Schedule | Exception] = {}
    for method in progress_bar(progress, iterable=[*map(method_of, methods)], unit="method"):
        try:
            schedule = solve(
                instance, method, formulation, families=families, progress=progress, **how
            )
        except (InfeasibleError, NoIncumbentError) as error:
            outcomes[method.name] = error
        else:
            outcomes[method.name] = schedule
    return outcomes


def summarise(
    outcomes: Mapping[str, Schedule | Exception], currency: str | None = None
) -> pd.DataFrame:
    """Return what `table` does of schedules, or of errors in their place, by method.

    Money is in the currency of the schedules unless one is given.
    """
    schedules = (outcome for outcome in outcomes.values() if isinstance(outcome, Schedule))
    money = currency or next((schedule.currency for schedule in schedules), DEFAULT)
    rows = {
        method: _row(outcome) if isinstance(outcome, Schedule) else {"status": kind_of(outcome)}
        for method, outcome in outcomes.items()
    }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=list(COLUMNS))
    frame.attrs["units"] = {name: in_currency(unit, money) for name, unit in UNITS.items()}
    return frame.rename_axis("method")


def _row(schedule: Schedule) -> dict[str, Any]:
    return {name: getattr(schedule, name) for name in COLUMNS}


def table(
    instance: Instance,
    methods: Iterable[str | Method] = tuple(METHODS),
    formulation: str | Formulation = "start",
    *,
    families: Iterable[Family] = FAMILIES,
    progress: bool | None = None,
    **how: Any,
) -> pd.DataFrame:
    """Return Table I of an instance: one row a method.

    Parameters
    ----------
    instance : Instance
    methods : iterable of str or Method
        Names of `carbonsched.METHODS`, or values of your own; by default those of Table I.
    formulation : str or Formulation
    families : iterable of Family
    progress : bool, optional
        Show progress bars; by default on a terminal only.
    **how
        `gap`, `gap_of`, `time_limit`, `engine`, `solver`, `verbose`, `explain`, `polish` and
        `options`, as in `carbonsched.solve`.

    Returns
    -------
    pandas.DataFrame
        Objective (USD), emissions (tCO2e), runtime (s), gap (1), distance (USD, by which a schedule
        may be better at most) and status by the method's name; a method without a schedule has
        only a status. Units are in `attrs["units"]`.

    Raises
    ------
    ValueError
        A choice is unknown.
    TypeError
        There is no such keyword.
    UnboundedError, SolverError, VerificationError
        As in `carbonsched.solve`.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> cs.table(instance, ["joint", "no_battery"]).status.to_dict()
    {'joint': 'optimal', 'no_battery': 'optimal'}
    >>> cs.table(instance, ["joint"]).attrs["units"]["objective"]
    'USD'
    """
    _refuse_unknown("table", how)
    outcomes = run_methods(
        instance, methods, formulation, families=families, progress=progress, **how
    )
    return summarise(outcomes, currency_of(instance.data))


def _refuse_unknown(function: str, how: Iterable[str]) -> None:
    refuse_unknown(function, how, {*HOW, *keywords(table)})
