"""The front door, `solve`: it alone knows the engines and the diagnosis of what has no schedule.

What most solves do without, scenarios and the diagnosis, is loaded where it is asked for.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from carbonsched.bounds.relaxation import relaxed_bound
from carbonsched.columns.choice import (
    Task,
    by_columns,
    by_whole_model,
    by_whole_model_or_columns,
    fitting_engine,
)
from carbonsched.core.build import added, fitted, refuse_added, require_families
from carbonsched.core.families import FAMILIES
from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation, formulation_of
from carbonsched.core.instance import Instance, require_instance
from carbonsched.core.method import Method, method_of
from carbonsched.errors import (
    InfeasibleError,
    SolverError,
)
from carbonsched.keywords import named_keywords, require_kinds
from carbonsched.schedule import Schedule
from carbonsched.solver.milp import solve_milp
from carbonsched.solver.near import hold_of, uncharged
from carbonsched.solver.polish import seconds_left
from carbonsched.solver.settings import Settings

if TYPE_CHECKING:
    from distributed import Client
    from typing_extensions import TypeIs

    from carbonsched.diagnosis.diagnose import Diagnosis
    from carbonsched.stochastic.scenarios import Scenarios
    from carbonsched.stochastic.schedule import ScenarioSchedule

ENGINES = ("auto", "milp", "column-generation")
DECOMPOSED = "decomposed"  # of scenarios only


@overload
def solve(
    instance: Instance, method: str | Method = ..., formulation: str | Formulation = ..., **how: Any
) -> Schedule: ...


@overload
def solve(
    instance: Scenarios,
    method: str | Method = ...,
    formulation: str | Formulation = ...,
    **how: Any,
) -> ScenarioSchedule: ...


@named_keywords
def solve(
    instance: Instance | Scenarios,
    method: str | Method = "joint",
    formulation: str | Formulation = "start",
    *,
    families: Iterable[Family] = FAMILIES,
    gap: float = 0.01,
    gap_of: str = "decided",
    time_limit: float = 120.0,
    engine: str = "auto",
    solver: str = "highs",
    verbose: bool = False,
    progress: bool | None = None,
    explain: bool = False,
    polish: bool = True,
    options: Mapping[str, Any] | None = None,
    near: Schedule | None = None,
    change_cost: float = 0.0,
    risk: float = 0.0,
    tail: float = 0.1,
    budget: str | float = "each",
    workers: int | Client = 1,
    folder: str | Path | None = None,
) -> Schedule | ScenarioSchedule:
    """Build, solve and verify.

    Parameters
    ----------
    instance : Instance or Scenarios
        Of scenarios, job starts are decided once for all of them, and everything else in each.
    method : str or Method
        A method of Table I, "joint", "compute_only", "energy_only", "no_battery", "no_routing" or
        "no_carbon", or a value of your own.
    formulation : str or Formulation
        "start" (default) or "paper", or a value of your own.
    families : iterable of Family
        What states the rows: `[*carbonsched.FAMILIES, my_family]` adds one of yours.
    gap : float
        Relative gap at which to stop; the paper's 1 % by default.
    gap_of : {"decided", "objective"}
        What the gap is relative to: by default the turnover of what can be decided, so that no
        revenue that every schedule has makes a poor one look good. "objective" is the paper's, of
        the whole of (1).
    time_limit : float
        Seconds; the paper's 120 by default. The incumbent is returned with its gap.
    engine : str
        "milp" hands the whole model to the solver. "column-generation" solves the relaxation job
        by job and rounds: for many jobs, where a small certified gap is enough; with HiGHS, and
        not for "energy_only" nor with added families. It may stop short of the gap asked for
        (status "stopped"). "auto" takes the first for few placements of jobs and the second for
        many, or where the first has not reached the gap in a tenth of the time, see
        `carbonsched.columns.choice`.
        Of scenarios, "milp" and "auto" hand all of them to the solver as one model, and
        "decomposed" solves them one by one, see `carbonsched.stochastic.decomposed`.
    solver : str
        Any solver that linopy supports and finds installed.
    verbose : bool
        Let the solver print its log.
    progress : bool, optional
        Show a progress bar once a solve takes seconds; by default on a terminal only.
    explain : bool
        Say in the message of an InfeasibleError why there is no schedule and what would restore
        one. Without it, `error.diagnosis` finds out when asked.
    polish : bool
        Take the best dispatch of the accepted jobs whatever the gap, and of dispatches that pay
        the same, to a tenth of a cent, the calmest: the least energy through batteries, where it
        costs nothing, then over the grid. Then each job starts as early on its site as costs
        nothing and moves no more energy, but in the formulation "paper".
    options : mapping, optional
        Passed to the solver under the solver's own names.
    near : Schedule, optional
        A former plan to keep unless changing it pays, of this instance or of one before it: jobs,
        sites, services and periods are matched by label, so that period numbers must go on
        counting. The whole model is solved, not column generation. Of plans that are as good, the
        one with the fewest jobs that change is taken, then the nearest flows, then the calmest.
    change_cost : float
        USD that each job must bring to be on another site, to start at another time, or to be
        newly declined or accepted. All changes of energy flows and routes are one more, made if
        the best dispatch earns more than this beyond the nearest; up to a millionth of the
        turnover (and no more than this) is not worth changing flows for in any case. It is a price
        of choosing, and no part of what the schedule states it earns. Without `polish` only jobs
        are held.
    risk, tail : float
        Of scenarios: what is maximised is ``(1 - risk)`` times the expected benefit plus `risk`
        times its conditional value at risk, the mean over the worst futures of probability `tail`
        in all; see `carbonsched.stochastic.outlook`.
    budget : {"each", "expected"} or float
        Of scenarios: whether the carbon budget (16) holds in each of them, in expectation, or in
        scenarios of this probability at least.
    workers : int or distributed.Client
        Of the engine "decomposed": processes that solve scenarios side by side, or a cluster.
    folder : path, optional
        Of the engine "decomposed": where what is found is kept, to go on from.

    Returns
    -------
    Schedule, or ScenarioSchedule of scenarios
        Verified against every equation, by its method. Near a former plan, its bound is still
        that of (1), and its status "held" where that leaves a gap wider than asked for.

    Warns
    -----
    UnmatchedWarning
        The former plan has other jobs, sites or services, or a job cannot be where it was.

    Raises
    ------
    InfeasibleError, UnboundedError, NoIncumbentError, SolverError
        There is no schedule to return, and why; or the solver contradicts itself.
    VerificationError
        The solver's answer breaks the model; with the engine "milp", also when solved again
        without presolve and with all states, if there was time to.
    ValueError
        A choice is unknown, or the engine does not take the method, solver, options or families;
        or the former plan has no site or period in common with the instance; or a keyword is for
        scenarios, and no scenarios are given, or the other way round.
    InstanceError
        The instance holds parameters of a family that is not given, or lacks some of one that is.
    FamilyError
        A method of an added family failed, and which.
    TypeError
        What is given is no instance, or there is no such keyword.

    Examples
    --------
    >>> import carbonsched as cs
    >>> schedule = cs.solve(cs.generate(sites=2, periods=4, jobs=1, services=1), gap=0.001)
    >>> schedule.gap <= 0.001
    True
    """
    of_scenarios = {"risk": risk, "tail": tail, "budget": budget, "workers": workers,
                    "folder": folder}  # fmt: skip
    require_kinds(explain=(explain, bool))
    if not _are_scenarios(instance):
        require_instance(instance)
        _refuse_of_scenarios(engine, of_scenarios)
    chosen, how = method_of(method), formulation_of(formulation)
    stated = require_families(families)
    known = (*ENGINES, DECOMPOSED) if _are_scenarios(instance) else ENGINES
    if engine not in known:
        raise ValueError(f"engine {engine!r}, choose from {', '.join(known)}")
    settings = Settings.of(
        gap=gap, gap_of=gap_of, time_limit=time_limit, solver=solver, verbose=verbose,
        progress=progress, polish=polish, options=options,
    )  # fmt: skip
    if _are_scenarios(instance):
        if near is not None or change_cost:
            raise ValueError("near, change_cost: a former plan is not held over scenarios")
        given = replace(instance, instance=fitted(instance.instance, stated))
        return _solve_scenarios(given, chosen, how, stated, settings, engine, of_scenarios, explain)
    instance = fitted(instance, stated)
    hold = hold_of(near, change_cost, instance)
    if hold is not None:
        if engine == "column-generation":
            raise ValueError("column generation keeps no former plan (near): use engine='milp'")
        with explaining(instance, chosen, explain, stated):
            held = solve_milp(instance, chosen, how, (*stated, hold), settings)
            return _of_objective(instance, uncharged(held, hold), stated, settings)
    if engine == "auto":
        fitting = fitting_engine(instance, chosen, how, settings, stated)
        engine = "milp or columns" if fitting == "milp" else fitting
    by = {
        "milp": by_whole_model,
        "milp or columns": by_whole_model_or_columns,
        "column-generation": by_columns,
    }[engine]
    with explaining(instance, chosen, explain, stated):
        return by(Task(instance, chosen, how, stated, settings))


def _are_scenarios(given: Instance | Scenarios) -> TypeIs[Scenarios]:
    """Return whether what is given are scenarios."""
    if isinstance(given, Instance):
        return False
    from carbonsched.stochastic.scenarios import Scenarios

    return isinstance(given, Scenarios)


def _refuse_of_scenarios(engine: str, asked: Mapping[str, Any]) -> None:
    """Raise ValueError for keywords that are for scenarios, where there are none."""
    usual = {"risk": 0.0, "tail": 0.1, "budget": "each", "workers": 1, "folder": None}
    names = [f"{name} = {value!r}" for name, value in asked.items() if value != usual[name]]
    names += [f"engine = {engine!r}"] * (engine == DECOMPOSED)
    if names:
        raise ValueError(
            f"{', '.join(names)}: for scenarios only, and an instance is one future; make some by "
            "carbonsched.scenarios(instance)"
        )


def _solve_scenarios(
    scenarios: Scenarios,
    method: Method,
    formulation: Formulation,
    families: tuple[Family, ...],
    settings: Settings,
    engine: str,
    asked: Mapping[str, Any],
    explain: bool,
) -> ScenarioSchedule:
    """Return the plan for scenarios, by the engine asked for."""
    from carbonsched.stochastic.extensive import extensive
    from carbonsched.stochastic.outlook import Outlook

    outlook = Outlook(asked["risk"], asked["tail"], asked["budget"])
    if engine == "column-generation":
        raise ValueError("column generation knows one future: use engine='milp' or 'decomposed'")
    if engine != DECOMPOSED and (asked["workers"] != 1 or asked["folder"] is not None):
        raise ValueError("workers, folder: for engine='decomposed' only")
    with explaining_scenarios(scenarios, method, explain, families):
        if engine != DECOMPOSED:
            return extensive(scenarios, method, formulation, families, settings, outlook)
        from carbonsched.stochastic.decomposed import decomposed

        refuse_added(families, "the decomposition", "engine='milp'")
        return decomposed(scenarios, method, formulation, settings, **asked)


@contextmanager
def explaining_scenarios(
    scenarios: Scenarios, method: Method, explain: bool, families: Iterable[Family]
) -> Generator[None]:
    """Let an InfeasibleError name the first scenario that has no schedule by itself, and why."""
    try:
        yield
    except InfeasibleError as error:
        for label, instance in scenarios.each():
            found = _diagnosed(instance, method, families)
            if not found.feasible:
                error.args = (f"scenario {label}: {error}",)
                error.ask = partial(_diagnosed, instance, method, families)
                if explain:
                    error.explain()
                raise
        error.add_note("each scenario has a schedule by itself; no starts serve all of them")
        raise


def _of_objective(
    instance: Instance, schedule: Schedule, families: tuple[Family, ...], settings: Settings
) -> Schedule:
    """Return a schedule with the lower of its bound and that of the relaxation."""
    if schedule.gap_to(settings.gap_of) > settings.gap:
        left = seconds_left(settings, schedule.runtime)
        with suppress(SolverError):
            relaxed = relaxed_bound(
                instance, schedule.method, schedule.formulation, families, time_limit=left
            )
            schedule = replace(schedule, bound=min(schedule.bound, relaxed))
    close = schedule.gap_to(settings.gap_of) <= settings.gap
    return replace(schedule, status="optimal") if schedule.status == "held" and close else schedule


@contextmanager
def explaining(
    instance: Instance,
    method: Method,
    explain: bool = False,
    families: Iterable[Family] = FAMILIES,
) -> Generator[None]:
    """Let an InfeasibleError know how to find its diagnosis, and say it at once if told to."""
    try:
        yield
    except InfeasibleError as error:
        error.ask = partial(_diagnosed, instance, method, families)
        if own := [family.name for family in added(families)]:
            error.add_note(f"the diagnosis knows the paper's families, and not {', '.join(own)}")
        if explain:
            error.explain()
        else:
            error.add_note("its attribute `diagnosis` says why; solve(..., explain=True) at once")
        raise


def _diagnosed(instance: Instance, method: Method, families: Iterable[Family]) -> Diagnosis:
    """Return why there is no schedule."""
    from carbonsched.diagnosis.diagnose import diagnose

    return diagnose(instance, method, families=families)
