"""The extensive form: one model of all scenarios, in which what is committed is there once.

The families state it, over data with one more dimension (Birge and Louveaux, 2011, section 1.1d).
Once the starts are found, each scenario's schedule is solved anew to its best dispatch, as any plan
is, and judged against its own instance. Where each keeps a budget of its own, the best of each is
the best of all: expectation and conditional value at risk grow with every benefit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import linopy
import numpy as np
import xarray as xr
from linopy import LinearExpression, Variable
from linopy.constants import Result
from linopy.objective import Objective

from carbonsched.core.build import held_apart, state
from carbonsched.core.families.expressions import Model, expression, settled
from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Instance, derived
from carbonsched.core.method import Method
from carbonsched.core.schema import DECISIONS
from carbonsched.core.tighten import tightened
from carbonsched.errors import InfeasibleError, NoIncumbentError, SolverError, VerificationError
from carbonsched.judge.report import Report
from carbonsched.schedule import Schedule
from carbonsched.solver.decided import deciding
from carbonsched.solver.decisions import schedule_of, solution_of
from carbonsched.solver.hand_over import hand_over, run, run_solver, suggest
from carbonsched.solver.milp import commit, ended, reported_bound, solve_milp, versions
from carbonsched.solver.polish import LEAST_MONEY, SAME, may_idle, seconds_left
from carbonsched.solver.settings import Settings
from carbonsched.solver.units import units
from carbonsched.stochastic.families import over_scenarios, weighted
from carbonsched.stochastic.outlook import Outlook
from carbonsched.stochastic.scenarios import Scenarios
from carbonsched.stochastic.schedule import ScenarioSchedule

_FIRST_GAP = 0.01  # of the plan for the mean of all scenarios, with which the search begins
_SLACK = 1e-9  # of a scenario's emissions: what its best dispatch may emit beyond them
_ROUNDED = 1e-6  # of the turnover: what a bound that is reached may be off by
_CERTAIN = ("run", "stop")  # decided before all scenarios too, and known once `start` is


def extensive(
    scenarios: Scenarios,
    method: Method,
    formulation: Formulation,
    families: tuple[Family, ...],
    settings: Settings,
    outlook: Outlook,
    committed: Mapping[Any, xr.DataArray] | None = None,
) -> ScenarioSchedule:
    """Build, solve and judge; see `carbonsched.solve`.

    Parameters
    ----------
    scenarios : Scenarios
        With the parameters of the families.
    method, formulation, families, settings, outlook
    committed : mapping of str to DataArray, optional
        Variables that are decided already, as `start` over (job, site, time).

    Raises
    ------
    InfeasibleError, UnboundedError, NoIncumbentError, SolverError, VerificationError
        There is nothing to return, and why.
    ValueError
        The method or a value that differs between scenarios is not for scenarios.
    """
    require_fitting(scenarios, method)
    known = None if committed else _of_the_mean(scenarios, method, formulation, families, settings)
    plan = _attempt(
        scenarios, method, formulation, families, settings, outlook, committed or {}, known
    )
    report = plan.verify(scenarios)
    if not report.ok:
        safe = replace(formulation, grid_states="everywhere", storage_states="everywhere")
        left = replace(settings, time_limit=seconds_left(settings, plan.runtime))
        again = _attempt(
            scenarios, method, safe, families, left, outlook, committed or {}, known, cautious=True
        )
        plan = replace(again, runtime=again.runtime + plan.runtime)
        report = plan.verify(scenarios)
    return believed(plan, report)


def believed(plan: ScenarioSchedule, report: Report) -> ScenarioSchedule:
    """Return a plan that the judge passes and whose bound it keeps, or raise."""
    report.raise_if_broken()
    if plan.objective > plan.bound + 1e-5 * max(plan.turnover, 1.0):
        raise SolverError(
            f"{plan.solver} gives an upper bound of {plan.bound:,.6g} {plan.currency}, and a plan "
            f"that earns {plan.objective:,.6g}"
        )
    return plan


def require_fitting(scenarios: Scenarios, method: Method) -> None:
    """Raise ValueError for what has no meaning over scenarios."""
    if method.workload == "first fit":
        raise ValueError(
            f"method {method}: its workload follows from each scenario's own demand, so that there "
            "are no starts for all; choose another method for scenarios"
        )
    if of_jobs := [str(name) for name, of in scenarios.data.items() if "job" in of.dims]:
        raise ValueError(
            f"{', '.join(of_jobs)}: differs between scenarios; what a job is must be known when "
            "its start is decided"
        )


def extensive_data(scenarios: Scenarios) -> xr.Dataset:
    """Return the data of all scenarios together: what differs has the dimension `scenario`."""
    return scenarios.instance.data.assign(scenarios.data).assign_coords(
        scenario=scenarios.data.scenario
    )


def extensive_model(
    scenarios: Scenarios,
    method: Method,
    formulation: Formulation,
    families: tuple[Family, ...],
    outlook: Outlook,
) -> Model:
    """Return the model of all scenarios; see the module.

    Variables are over `scenario` first, but those of jobs, which are there once; a family of a
    user's own may commit more, by declaring it without scenarios.
    """
    how = held_apart(formulation, families)
    data = tightened(extensive_data(scenarios), method, how)
    return state(data, how, over_scenarios(families, scenarios.probability, outlook))


def second_stage(
    instance: Instance,
    committed: Mapping[Any, xr.DataArray],
    method: Method,
    formulation: Formulation,
    families: tuple[Family, ...],
    settings: Settings,
) -> Schedule:
    """Return the best schedule of one scenario once what is committed is committed.

    Raises
    ------
    InfeasibleError, NoIncumbentError, SolverError, VerificationError
        There is none, and why.
    """
    exactly = _exactly(settings)
    found = solve_milp(instance, method, formulation, families, exactly, committed=committed)
    return replace(found, solver=settings.solver, versions=versions(settings.solver))


def _of_the_mean(
    scenarios: Scenarios,
    method: Method,
    formulation: Formulation,
    families: tuple[Family, ...],
    settings: Settings,
) -> xr.DataArray | None:
    """Return starts that are good for the mean of all scenarios, to begin with, if there are."""
    if scenarios.size == 1 or settings.solver != "highs":
        return None
    briefly = replace(
        settings, gap=max(settings.gap, _FIRST_GAP), time_limit=settings.time_limit / 10,
        polish=False, progress=False, verbose=False, options={},
    )  # fmt: skip
    try:
        found = solve_milp(scenarios.mean(), method, formulation, families, briefly)
    except (InfeasibleError, NoIncumbentError, SolverError, VerificationError):
        return None
    return found.data.start


def _attempt(
    scenarios: Scenarios,
    method: Method,
    formulation: Formulation,
    families: tuple[Family, ...],
    settings: Settings,
    outlook: Outlook,
    committed: Mapping[Any, xr.DataArray],
    known: xr.DataArray | None,
    cautious: bool = False,
) -> ScenarioSchedule:
    begun = time.perf_counter()
    model = extensive_model(scenarios, method, formulation, families, outlook)
    commit(model, committed)
    built = time.perf_counter()
    with deciding(model, settings):
        result = _run(model, scenarios, settings, outlook, known, cautious)
    about: dict[str, Any] = {
        "method": _judged_by(method, outlook), "formulation": formulation,
        "solver": settings.solver, "versions": versions(settings.solver),
        "bound": math.nan, "runtime": 0.0, "build_time": 0.0, "status": "time_limit",
    }  # fmt: skip
    left = replace(settings, time_limit=seconds_left(settings, time.perf_counter() - built))
    try:
        status, bound = ended(families, settings, model, result)
    except NoIncumbentError:
        if known is None or not outlook.apart:
            raise
        status, bound, first = "time_limit", reported_bound(result), xr.Dataset({"start": known})
        schedules = {
            label: second_stage(instance, first, method, formulation, families, left)
            for label, instance in scenarios.each()
        }
    else:
        values = solution_of(model)
        first = _first_stage(model, values)
        found = _read(scenarios, values, families, about)
        schedules = found
        if settings.polish:
            schedules = _best(
                model, scenarios, found, first, method, formulation, families, left, outlook, about
            )
    plan = ScenarioSchedule.of(
        scenarios, schedules, first=first, bound=bound, status=status, outlook=outlook,
        method=method, runtime=time.perf_counter() - built, build_time=built - begun,
    )  # fmt: skip
    if settings.gap_of == "decided":
        weight = (1 - outlook.risk) * scenarios.probability
        settled_worth = _certain(model, weight, plan.data, set(map(str, committed)))
        plan = replace(plan, bound=plan.bound + settled_worth)
    rounding = _ROUNDED if status == "optimal" else 0.0
    close = plan.gap_to(settings.gap_of) <= settings.gap + rounding
    status = "optimal" if close else "stopped" if status == "optimal" else status
    return replace(plan, status=status)


def _run(
    model: Model,
    scenarios: Scenarios,
    settings: Settings,
    outlook: Outlook,
    known: xr.DataArray | None,
    cautious: bool,
) -> Result:
    """Solve the model, by HiGHS until the turnover of the scenarios allows it to stop."""
    if settings.solver != "highs":
        return run_solver(model, settings, cautious=cautious)
    # a threshold is an amount of money in the objective that is no turnover: no gap of the two
    relative = 0.0 if outlook.risk and settings.gap_of == "decided" else settings.gap
    engine = hand_over(model, replace(settings, gap=relative), cautious=cautious)
    if known is not None:
        suggest(engine, model, known)
    return run(engine, model, settings, stakes=_at_stake(model, scenarios))


def _at_stake(model: Model, scenarios: Scenarios) -> np.ndarray:
    """Return what a unit of each column of the solver is expected to decide, USD."""
    chance, data = scenarios.probability, extensive_data(scenarios)
    with linopy.options as options:
        options["semantics"] = "v1"
        sure = [(-unit, of) for unit, of in settled(model.families, data, model)]
        terms = expression(model, weighted([*model.shared["benefit"], *sure], chance), ()).data
    labels, factors = terms["vars"].values.ravel(), terms["coeffs"].values.ravel()
    there = labels >= 0
    _, scaling = units(model)
    total = np.zeros(len(scaling))
    np.add.at(total, model.variables.label_index.label_to_pos[labels[there]], factors[there])
    return total / scaling


def _first_stage(model: Model, values: xr.Dataset) -> xr.Dataset:
    """Return the decisions that are the same in every scenario, as they were solved."""
    kept = {*DECISIONS, *(q.name for family in model.families for q in family.decisions)}
    names = [
        name
        for name, variable in model.variables.items()
        if name in kept and name not in _CERTAIN and "scenario" not in variable.dims
    ]
    whole = {*model.variables.binaries, *model.variables.integers}
    first = values[names].fillna(0).drop_vars("scenario", errors="ignore")
    return first.assign({name: first[name].round() for name in names if name in whole})


def _judged_by(method: Method, outlook: Outlook) -> Method:
    """Return the method by which one scenario is judged: (16) where it holds in each."""
    return method if outlook.apart else replace(method, carbon="none")


def _read(
    scenarios: Scenarios,
    values: xr.Dataset,
    families: tuple[Family, ...],
    about: Mapping[str, Any],
) -> dict[str, Schedule]:
    """Return the schedule of each scenario that the values of the variables make."""
    return {
        label: schedule_of(instance, values.sel(scenario=label, drop=True), families, **about)
        for label, instance in scenarios.each()
    }


def _best(
    model: Model,
    scenarios: Scenarios,
    found: Mapping[str, Schedule],
    first: xr.Dataset,
    method: Method,
    formulation: Formulation,
    families: tuple[Family, ...],
    settings: Settings,
    outlook: Outlook,
    about: Mapping[str, Any],
) -> dict[str, Schedule]:
    """Return the best schedule of each scenario once what is committed is committed.

    Where a budget is shared, each emits no more than the one that was found for it.
    """
    best = dict(found)
    dispatched = outlook.apart and _dispatch(model, scenarios, first, settings)
    if dispatched:
        best = _read(scenarios, solution_of(model), families, about)
        best = {k: replace(one, bound=one.objective, status="optimal") for k, one in best.items()}
    for label, instance in scenarios.each():
        if dispatched and not may_idle(instance.data, best[label].data):
            continue
        given, most = instance, found[label].emissions
        if not outlook.apart and method.carbon == "budget":
            most += _SLACK * abs(most)
            given = derived(instance.data.assign(carbon_budget=most), instance.extra)
        try:
            other = second_stage(given, first, method, formulation, families, settings)
        except (InfeasibleError, NoIncumbentError, SolverError, VerificationError):
            continue
        if other.objective >= best[label].objective - min(LEAST_MONEY, SAME * other.turnover):
            best[label] = replace(other, method=about["method"])
    return best


def _dispatch(model: Model, scenarios: Scenarios, first: xr.Dataset, settings: Settings) -> bool:
    """Solve the model for the best expectation once its first stage is fixed; say whether it was.

    Where scenarios share nothing else, that is the best of each of them.
    """
    exactly = replace(_exactly(settings), gap_of="objective")
    commit(model, first)
    with linopy.options as options:
        options["semantics"] = "v1"
        worth = weighted(model.shared["benefit"], scenarios.probability)
        model.objective = Objective(expression(model, worth, ()), model, "max")
    try:
        engine = hand_over(model, exactly, rescale=False)
        result = run(engine, model, exactly, apart=True)
    except SolverError:
        return False
    return str(result.status.termination_condition) == "optimal"


def _exactly(settings: Settings) -> Settings:
    """Return the settings of a dispatch, which HiGHS solves to its optimum, quietly."""
    return replace(settings, gap=0.0, solver="highs", options={}, progress=False, verbose=False)


def _certain(model: Model, weight: xr.DataArray, decided: xr.Dataset, fixed: set[str]) -> float:
    """Return what every plan earns by the model's objective, USD: all of what is committed too."""
    terms = [(unit, _name(of)) for unit, of in model.settled]
    terms = [(unit, name) for unit, name in terms if name not in fixed]
    for unit, of in weighted(model.shared["benefit"], weight):
        if _name(of) in fixed:
            terms.append((unit, _name(of)))
    return sum(float((unit * decided[name]).sum()) for unit, name in terms)


def _name(of: Variable | LinearExpression) -> str:
    """Return the name of what a family's worth is stated by, which is always a variable."""
    return of.name if isinstance(of, Variable) else ""
