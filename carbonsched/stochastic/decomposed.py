"""Scenarios one by one: the extensive form decomposed by where jobs start, with a certified bound.

Once jobs are placed, every scenario is a linear program of its own
(`carbonsched.stochastic.recourse`). Each round asks all of them about a load of jobs and is told
its worth and the prices of power at it: a cut for each scenario in the program of placements
(`carbonsched.stochastic.cut_model`). That program's duals mix the prices of all rounds, and from
the mixed prices alone the bound follows in closed form (`carbonsched.stochastic.price_bound`). The
load that is asked about lies between the best so far and the program's optimum (in-out separation,
Ben-Ameur and Neto, 2007). Once they are close, placements are rounded and each plan that comes out
is asked about, states and all (`carbonsched.stochastic.rounding`). Where every placement that a
better plan may use is a column, the search among them ends with the optimum, or with the time: then
the bound is what HiGHS proves of whole placements, if that is less.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.core.formulation import Formulation
from carbonsched.core.method import Method
from carbonsched.errors import InfeasibleError, NoIncumbentError, SolverError
from carbonsched.solver.milp import versions
from carbonsched.solver.progress import progress_bar
from carbonsched.solver.settings import Settings
from carbonsched.stochastic.cut_model import CutModel
from carbonsched.stochastic.extensive import believed, require_fitting
from carbonsched.stochastic.fleet import Fleet
from carbonsched.stochastic.futures import Futures, Shared, data_of, futures
from carbonsched.stochastic.kept_answers import KeptAnswers, problem_key
from carbonsched.stochastic.outlook import Outlook
from carbonsched.stochastic.rounding import branch
from carbonsched.stochastic.scenarios import Scenarios
from carbonsched.stochastic.schedule import ScenarioSchedule
from carbonsched.stochastic.search import Point, Search

if TYPE_CHECKING:
    from distributed import Client

STEP = 0.7  # of the way from the best load so far to the optimum of the cuts
PENALTY = 20.0  # for what is short: of the dearest price of power there is
ROUND_SHARE = 0.6  # of the time limit, after which the relaxation is left as it is
FIRST_PLANS = 3  # asked about before the relaxation is solved more closely
PRICINGS = 5  # of placements between two rounds, at most


def decomposed(
    scenarios: Scenarios,
    method: Method,
    formulation: Formulation,
    settings: Settings,
    *,
    risk: float = 0.0,
    tail: float = 0.1,
    budget: str | float = "each",
    workers: int | Client = 1,
    folder: str | Path | None = None,
) -> ScenarioSchedule:
    """Return a plan for scenarios and a certified bound; see `carbonsched.solve`.

    Parameters
    ----------
    scenarios : Scenarios
    method : Method
    formulation : Formulation
    settings : Settings
        `polish` is without effect: every scenario has its best dispatch, of equals the first.
    risk, tail, budget
        Of `carbonsched.stochastic.outlook.Outlook`.
    workers : int or distributed.Client
        Processes on this machine, or a cluster: the plan is the same.
    folder : path, optional
        Where what scenarios answered is kept; a search that was killed goes on from there.

    Raises
    ------
    ValueError
        What it does not take, by name: a solver other than HiGHS or its options, a method that
        fixes the workload, jobs that differ between scenarios, a budget that holds over scenarios
        together.
    InfeasibleError
        Some scenario has no schedule, not even without jobs.
    NoIncumbentError
        The time limit passed before any plan was found, or none was found in which every required
        job runs.
    SolverError
        HiGHS failed before any plan was found.

    Examples
    --------
    >>> import carbonsched as cs
    >>> day = cs.generate(sites=2, periods=6, jobs=3, services=1)
    >>> dear = {"import_price": 2 * day.data.import_price}
    >>> futures = cs.Scenarios.of(day, {"usual": {}, "dear": dear})
    >>> plan = cs.solve(futures, engine="decomposed", gap=0.1)
    >>> plan.status, plan.verify(futures).ok
    ('optimal', True)
    """
    outlook = Outlook(risk, tail, budget)
    _require(scenarios, method, settings, outlook, workers)
    begun = time.monotonic()
    data = data_of(scenarios, method, formulation)
    penalty = PENALTY * _dearest(data)
    kept = None
    if folder is not None:
        key = problem_key(scenarios, method, formulation)
        kept = KeptAnswers(Path(folder), key, scenarios.size)
    with (
        futures(workers, scenarios, method, formulation, penalty) as told,
        _progress(settings.progress) as show,
    ):
        search = _begun(scenarios, data, told, outlook, settings, begun, penalty, kept, show)
        built = time.monotonic()
        try:
            _run(search)
        except TimeoutError:
            pass
        except SolverError:  # of an attempt to improve: what is known stays known
            if search.placed is None:
                raise
        placed = _known(search)
        status = "optimal" if search.done else "time_limit" if search.left <= 0 else "stopped"
        start = _start(scenarios.instance.data, placed)
        about = {
            "solver": "highs", "versions": versions("highs"), "status": "optimal",
            "method": method, "formulation": formulation, "bound": math.nan, "runtime": 0.0,
        }  # fmt: skip
        load = search.cuts.fleet.load(placed, np.ones(len(placed)))
        found = told.schedules(load, search.within, start, about)
    plan = ScenarioSchedule.of(
        scenarios, {label: schedule for label, (schedule, _) in found.items()},
        first=xr.Dataset({"start": start.astype(float)}), outlook=outlook, bound=search.bound,
        method=method, runtime=time.monotonic() - built, build_time=built - begun, status=status,
    )  # fmt: skip
    return believed(plan, plan.judged({label: report for label, (_, report) in found.items()}))


def _known(search: Search) -> pd.DataFrame:
    """Return the placements of the best plan, or raise NoIncumbentError."""
    if search.placed is not None:
        return search.placed
    if search.left <= 0:
        raise NoIncumbentError("the time limit passed before any plan was found")
    raise NoIncumbentError(
        "the decomposition found no plan in which every required job runs in every scenario; "
        "engine='milp' looks at all of them"
    )


def _require(
    scenarios: Scenarios, method: Method, settings: Settings, outlook: Outlook, workers: object
) -> None:
    """Raise ValueError for what the decomposition does not take, by name."""
    require_fitting(scenarios, method)
    if settings.solver != "highs" or settings.options:
        raise ValueError("the decomposition works with HiGHS and takes no solver options")
    if not outlook.apart:
        raise ValueError(
            f"budget = {outlook.budget!r}: the decomposition takes a budget in each scenario only, "
            "budget='each'; use engine='milp'"
        )
    if isinstance(workers, bool) or (isinstance(workers, int) and workers < 1):
        raise ValueError(f"workers = {workers!r}: a whole number of processes from 1 is needed")


def _begun(
    scenarios: Scenarios,
    data: xr.Dataset,
    told: Futures | Shared,
    outlook: Outlook,
    settings: Settings,
    begun: float,
    penalty: float,
    kept: KeptAnswers | None,
    show: Callable[[Search], None],
) -> Search:
    """Return a search that knows nothing yet."""
    jobs = scenarios.instance.data
    room = data.it_capacity.broadcast_like(data.cooling)
    most = room.max({*room.dims} - {"site", "time"}).transpose("site", "time").values
    fleet = Fleet.of(jobs)
    energy = float((fleet.power * fleet.length).max(initial=0.0) * data.cooling.max())
    without = 2 * (float(np.abs(fleet.net).sum()) + 2 * penalty * energy)
    probability = scenarios.probability.values
    return Search(
        futures=told,
        cuts=CutModel(fleet, most, probability, outlook.risk, outlook.tail, without),
        data=data, probability=probability, risk=outlook.risk,
        tail=outlook.tail, settings=settings, deadline=begun + settings.time_limit,
        penalty=penalty, kept=kept, show=show,
    )  # fmt: skip


def _dearest(data: xr.Dataset) -> float:
    """Return the most that a MW is worth or costs in a period, USD."""
    hours = float(data.step_hours)
    prices = (data.import_price, data.export_price, data.generation_cost)
    of_power = hours * max(float(np.abs(price).max()) for price in prices)
    energy = data.power * data.duration
    of_jobs = np.abs(data.reward - data.startup_cost) / energy.where(energy > 0, 1.0)
    return max(of_power, float(of_jobs.max()) if of_jobs.size else 0.0, 1.0)


def _run(search: Search) -> None:
    nothing = search.ask(np.zeros(0), whole=True)
    while nothing.short:  # at a low penalty it may pay to be short
        if not search.penalise():
            raise InfeasibleError(
                "in some scenario no schedule satisfies (1)-(16), not even one without any job"
            )
        nothing = search.ask(np.zeros(0), whole=True)
    search.prove_last()
    search.told()
    size = search.size or float(search.probability @ search.asked[-1].turnover)
    if search.done or not search.data.sizes["job"]:
        return
    until = search.deadline - (1 - ROUND_SHARE) * search.settings.time_limit
    for near, within, times in ((0.3, 0.5, FIRST_PLANS), (0.03, 0.1, math.inf)):
        _relax(search, nothing, near * max(search.settings.gap, 1e-7) * size, until)
        if not search.done:
            branch(search, within, times)
        if search.done:
            return


def _relax(search: Search, centre: Point, within: float, until: float) -> None:
    """Ask about loads until the cuts' optimum is as near to the best one as told, or it is late.

    Parameters
    ----------
    search : Search
    centre : Point
        The best load so far, which moves.
    within : float
        USD.
    until : float
        On the monotonic clock, s.
    """
    cuts = search.cuts
    while not search.done and time.monotonic() < until:
        for _ in range(PRICINGS):
            cuts.solve(search.left)
            if not cuts.generate(search.least):
                break
        search.prove()
        target = cuts.weights
        before = np.append(centre.weights, np.zeros(len(target) - len(centre.weights)))
        near = cuts.value - centre.value <= within
        if near and not (centre.short and search.penalise()):
            return
        step = search.ask(before + (1.0 if near else STEP) * (target - before), whole=False)
        search.told()
        if near or step.value > centre.value:
            centre.weights, centre.value, centre.short = step.weights, step.value, step.short


def _start(data: xr.Dataset, placed: pd.DataFrame) -> xr.DataArray:
    """Return the starts of a plan, 0 or 1 over (job, site, time)."""
    dims = ("job", "site", "time")
    start = np.zeros([data.sizes[dim] for dim in dims], np.int8)
    start[placed.job, placed.site, placed.time] = 1
    return xr.DataArray(start, {dim: data[dim] for dim in dims}, dims)


@contextmanager
def _progress(progress: bool | None) -> Iterator[Callable[[Search], None]]:
    """Show round, bound, plan and gap."""
    with progress_bar(progress, total=None, delay=2, bar_format="{desc} {elapsed}") as bar:

        def show(search: Search) -> None:
            known = f"{search.gap:.3%}" if math.isfinite(search.gap) else "?"
            bar.set_description_str(
                f"round {len(search.intervals)}, bound {search.bound:,.0f}, "
                f"plan {search.value:,.0f}, gap {known}"
            )

        yield show
