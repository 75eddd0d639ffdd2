r"""Rolling operation: a long horizon step by step, each planned by what is believed by then.

At each step the periods that have passed are known and the others are a forecast. A window of
`window` periods is planned, its first `step` periods are committed, and what is committed is
settled against what happens in them. Then the window moves on.

- **Forecasts.** What is believed of a period, its prices, carbon intensity, cooling, generation and
  demand, is told by `forecast`, anew at each step, for all periods up to the end of the horizon.
  With "perfect" what is planned is what happens, and the last window is committed whole.
- **Jobs.** A job may start where it can end by its deadline, and is committed if it starts in the
  committed periods: then it runs, as a load of its site that must be served. One that was planned
  later stays open. One that would run beyond the window may, at what its tail is worth there,
  where it finds room (`carbonsched.operate.sight`). A required job is due where otherwise the
  fallback could not run it. With `notice` a job is not known earlier than so many periods before
  its release.
- **What is not in the window** has prices, duals of the relaxation of all that remains
  (`carbonsched.operate.outlook`): carbon, energy in a battery, and waiting with a job.
- **Batteries.** The state of charge is carried over, at least as full as the fallback needs.
  Without an outlook no window leaves a battery emptier than it was at first, and where the end
  asks for more it gains its share by periods, unless that leaves no schedule.
- **Carbon.** A window may use what leaves the rest feasible: all that is left of the budget but the
  least that the periods after it can emit (`carbonsched.operate.pacing`, with the proof that with
  perfect forecasts and a feasible whole the budget is never broken). How much of it is worth using
  is for the outlook's price of carbon.
- **Settling.** Starts and battery powers are as planned; routes, generation and trade follow what
  happened (`carbonsched.operate.settle`).
- **Where a plan asks too much** by forecast, it is let go of in this order: all that is left of the
  budget may be used, batteries need not gain, the budget is ignored, nothing new starts; if demand
  cannot be served even then, it is cut to what can. Where what happened leaves no dispatch with the
  batteries as planned they are free, and then the least is left unserved: an error, or reported,
  by `on_breach`. All of it is in the record.
- **Added families.** Each is given what its `carry` returns: the highest import so far, what is
  left of a budget, or this window's share of it. Its decisions over time are committed as all
  others are; one without periods is the last step's. A family that goes by the clock takes it from
  a parameter over time, as a window counts its periods.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from carbonsched.core.build import fitted, require_families
from carbonsched.core.families import FAMILIES
from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation, formulation_of
from carbonsched.core.instance import Instance, require_instance
from carbonsched.core.method import Method, method_of
from carbonsched.forecasts import Forecast, forecast_of
from carbonsched.front import ENGINES
from carbonsched.io.digest import digest
from carbonsched.keywords import named_keywords, require_kinds
from carbonsched.operate.horizon import horizon_of
from carbonsched.operate.kept import code_of, key, source_of
from carbonsched.operate.outcome import as_schedule
from carbonsched.operate.planning import Planner
from carbonsched.operate.policies import Policy, policy_of
from carbonsched.operate.rolling import Rolling
from carbonsched.operate.standing import Standing, begun, keep, resumed
from carbonsched.schedule import Schedule
from carbonsched.solver.milp import versions
from carbonsched.solver.progress import progress_bar


@named_keywords
def roll(
    instance: Instance,
    method: str | Method = "joint",
    formulation: str | Formulation = "start",
    *,
    families: Iterable[Family] = FAMILIES,
    window: int = 24,
    step: int = 6,
    forecast: str | Forecast = "perfect",
    history: Instance | None = None,
    seed: int = 0,
    notice: int | None = None,
    outlook: int | None = 24,
    policy: str | Policy | None = None,
    change_cost: float = 0.0,
    on_breach: str = "raise",
    folder: str | Path | None = None,
    gap: float = 0.01,
    gap_of: str = "decided",
    time_limit: float = 120.0,
    engine: str = "auto",
    solver: str = "highs",
    verbose: bool = False,
    progress: bool | None = None,
    polish: bool = True,
    options: Mapping[str, Any] | None = None,
) -> Schedule:
    """Operate a long horizon step by step and return what was committed, verified.

    Parameters
    ----------
    instance : Instance
        What happens.
    method : str or Method
        As in `carbonsched.solve`.
    formulation : str or Formulation
    families : iterable of Family
        What states the rows. What an added family carries from window to window is said by its
        `carry`.
    window, step : int
        Periods that are looked at, and of them committed before the window moves on. A window
        longer than the horizon is the horizon.
    forecast : str or callable
        What is believed of the periods to come: "perfect", or another name or a callable as
        `carbonsched.forecasts.forecast_of` takes it.
    history : Instance, optional
        What happened before the instance begins, for forecasts by what has been seen.
    seed : int
        Of a forecast that draws.
    notice : int, optional
        Periods before its release that a job becomes known; by default all are known.
    outlook : int, optional
        Periods after which the prices of what is not in the window are made anew, and the fallback
        that is left open. None: a window knows no prices, and each is planned for itself.
    policy : str or callable, optional
        What starts jobs in place of the optimiser, `(window, room) -> starts`: a name or a callable
        as in `carbonsched.operate.policies`. `window` is an instance of the periods in sight as
        believed, with the jobs that may start in it; `room` the IT power that they find, MW over
        (site, time); the answer bool over (job, site, time).
    change_cost : float
        USD that it must bring to plan a job otherwise than a step before, as in
        `carbonsched.solve`.
    on_breach : {"raise", "report"}
        Where what happens cannot be served, or overruns the budget: raise InfeasibleError, or go
        on with the least that is missed and report it.
    folder : path, optional
        Where to keep the committed part after each step; a run that was ended goes on from there.
        Runs of other instances, windows, families or options may share the folder.
    gap, gap_of, time_limit, engine, solver, verbose, polish, options
        As in `carbonsched.solve`, for each window; the solver is "highs" or "gurobi". The engine
        "milp" is one model, moved from window to window.
    progress : bool, optional
        Show a progress bar; by default on a terminal only.

    Returns
    -------
    Schedule
        Over the whole horizon, verified against every equation of the instance: where something was
        missed, of the instance with what was served and emitted. Its status is "rolled", and what
        was missed; its bound and gap are not numbers, as no window bounds the whole. The times are
        sums over the windows. Its `steps` is the record: what each step knew and did.

    Warns
    -----
    BreachWarning
        Something was missed.

    Raises
    ------
    ValueError
        Window and step do not fit each other; a choice is unknown; what is kept in the folder is no
        part of this run; an added family, a forecast or a policy cannot be kept in a folder; a
        family has a parameter over services without a default, or carries what is no parameter of
        its own; a policy starts what it may not.
    InfeasibleError
        A window has no schedule; it is named, and diagnosed by the horizon's labels. Or what
        happened could not be served, or overran the budget.
    InstanceError
        A forecast answers what it may not.
    UnboundedError, NoIncumbentError, SolverError, VerificationError
        As in `carbonsched.solve`.
    TypeError
        What is given is no instance, or no family, a keyword is of another kind, or there is no
        such keyword.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=8, jobs=1, services=1)
    >>> rolled = cs.roll(instance, window=6, step=2)
    >>> rolled.status, rolled.objective <= cs.solve(instance).bound
    ('rolled', True)
    """
    require_instance(instance)
    require_kinds(window=(window, int), step=(step, int), seed=(seed, int))
    require_choices(window, step, notice, outlook, on_breach, engine)
    chosen, stated = method_of(method), formulation_of(formulation)
    families = require_families(families)
    given = fitted(instance, families)
    rule = None if policy is None else policy_of(policy)
    settings = {
        "gap": gap, "gap_of": gap_of, "time_limit": time_limit, "solver": solver,
        "verbose": verbose, "polish": polish, "options": options,
    }  # fmt: skip
    horizon = horizon_of(given, chosen, families, window, notice)
    rolling = Rolling(
        horizon,
        stated,
        Planner(
            horizon, stated, engine=engine, policy=rule, change_cost=change_cost, settings=settings
        ),
        told := _forecast_of(forecast, given, history, seed),
        told is not None or on_breach == "report",
        outlook,
        on_breach == "report",
        time_limit,
    )
    kept = None
    if folder is not None:
        limits = {"gap": gap, "gap_of": gap_of, "time_limit": time_limit, "engine": engine}
        about: list[object] = [asdict(chosen), asdict(stated), code_of(families), window, step]
        about += [limits, polish, dict(options or {})]
        about += [source_of(forecast), None if history is None else digest(history), seed]
        about += [notice, outlook, source_of(policy), change_cost, on_breach]
        kept = Path(folder) / f"{key(digest(given), *about, versions(solver))}.nc"
    standing = _rolled(rolling, min(window, horizon.periods), step, kept, progress)
    return as_schedule(rolling, standing, stated, solver)


def _rolled(
    rolling: Rolling, window: int, step: int, kept: Path | None, progress: bool | None
) -> Standing:
    """Return where a run stands at its end, kept after each step if there is a file for it."""
    horizon = rolling.horizon
    ends = {first for first, _ in rolling.steps(window, step, 0)} | {horizon.periods}
    if kept is not None and kept.exists():
        standing = resumed(kept, horizon, ends)
    else:
        standing = begun(horizon)
    with progress_bar(progress, total=horizon.periods, unit="period") as bar:
        bar.update(standing.first)
        for _, count in rolling.steps(window, step, standing.first):
            standing = rolling.step(standing, count)
            if kept is not None:
                keep(standing, horizon, kept)
            bar.update(count)
    return standing


def require_choices(
    window: int,
    step: int,
    notice: int | None,
    outlook: int | None,
    on_breach: str,
    engine: str,
) -> None:
    """Raise ValueError or TypeError for a choice of a roll that there is not."""
    if not 1 <= step <= window:
        raise ValueError(f"step = {step} periods: must be at least 1 and at most window = {window}")
    for name, value, least in (("notice", notice, 0), ("outlook", outlook, 1)):
        if value is not None:
            require_kinds(**{name: (value, int)})
            if value < least:
                raise ValueError(f"{name} = {value} periods: must be at least {least}, or None")
    if on_breach not in ("raise", "report"):
        raise ValueError(f"on_breach = {on_breach!r}, choose from raise, report")
    if engine not in ENGINES:
        raise ValueError(f"engine {engine!r}, choose from {', '.join(ENGINES)}")


def _forecast_of(
    forecast: str | Forecast, given: Instance, history: Instance | None, seed: int
) -> Forecast | None:
    """Return the forecast, None for the one that knows all."""
    if isinstance(forecast, str) and forecast == "perfect":
        return None
    return forecast_of(forecast, given, history=history, seed=seed)
