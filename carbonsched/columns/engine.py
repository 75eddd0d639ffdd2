"""Column generation: the linear relaxation priced job by job, rounded, and certified.

Each round prices every placement of every job at the duals of the restricted master, bounds the
optimum from those duals alone (`carbonsched.bounds.lagrangian`), and adds the best placements as
columns. Once master and bound are close, a local search rounds at their prices; if that is not near
enough, a dive does: jobs of the greatest weight are fixed, the master is solved again, and so on
until every job is placed or declined. What remains is the dispatch of that workload, so an
incumbent, which a local repair improves where it loses most; the gap is its distance from the best
bound of any round. Its states of grid and battery are rounded to the flow that is nearer to its
limit, and searched for only where that costs too much. Where programs are fast, the time left is
for branching on the columns there are. Where sites times periods are many, the master's programs
are slow: prices come from steps instead (`carbonsched.columns.descent`), and a long horizon is
rounded window by window at them (`carbonsched.columns.windows`). Required jobs are placed before
all others, and a schedule without one of them is none.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.columns.descent import descend
from carbonsched.columns.dive import dive, place
from carbonsched.columns.repair import repair
from carbonsched.columns.rounding import round_locally
from carbonsched.columns.rounds import least_and_most, relax, search_of, solve_in_time
from carbonsched.columns.search import Search
from carbonsched.columns.windows import LONG, round_by_windows
from carbonsched.core.formulation import Formulation
from carbonsched.core.instance import Instance
from carbonsched.core.method import Method
from carbonsched.core.tighten import tightened
from carbonsched.errors import InfeasibleError, NoIncumbentError, SolverError
from carbonsched.schedule import Schedule
from carbonsched.solver.decisions import schedule_of
from carbonsched.solver.progress import progress_bar
from carbonsched.solver.settings import Settings

FIRST_WITHIN = 0.6  # of the gap, that the relaxation may leave to the first rounding
ROUND_SHARE = 0.7  # of the time limit, after which the relaxation is left as it is
WIDE = 5000  # sites by periods; from there on steps lead to prices sooner than linear programs do
NARROW = 2000  # up to there a dive is as quick
BRANCH_SHARE = 0.005  # of the time left; a slower linear program leaves no time to branch


def column_generation(
    instance: Instance,
    method: Method,
    formulation: Formulation,
    settings: Settings,
) -> Schedule:
    """Return a schedule and a certified bound; see `carbonsched.solve`.

    Raises
    ------
    ValueError
        The method fixes the workload first, so that there is nothing to generate, or the settings
        are for another solver.
    InfeasibleError
        Not even without jobs is there a schedule, or none with those that are required.
    NoIncumbentError
        The time limit passed before any schedule was found, or none was found in which every
        required job runs.
    SolverError
        HiGHS failed before any schedule was found.
    """
    if settings.solver != "highs" or settings.options:
        raise ValueError("column generation works with HiGHS and takes no solver options")
    if method.workload != "optimised":
        raise ValueError(f"{method} fixes the workload first: solve it with engine='milp'")
    begun, time_limit = time.monotonic(), settings.time_limit
    search = search_of(tightened(instance.data, method, formulation), formulation, settings)
    built = time.monotonic()
    with _progress(search, settings.progress) as show:
        try:
            _run(search, formulation, begun + ROUND_SHARE * time_limit, show)
        except TimeoutError:
            pass
        except SolverError:  # of an attempt to improve: what is known stays known
            if search.incumbent is None:
                raise
    with suppress(TimeoutError, SolverError):
        search.settle()
    if search.incumbent is None:
        if search.left > 0 and search.data.required.any():
            raise NoIncumbentError(
                "column generation found no schedule in which every required job runs; "
                "engine='milp' looks at all of them"
            )
        raise NoIncumbentError("the time limit passed before any schedule was found")
    status = "optimal" if search.done else "time_limit" if search.left <= 0 else "stopped"
    return schedule_of(
        instance,
        search.incumbent,
        bound=search.bound + search.settled,
        runtime=time.monotonic() - built,
        build_time=built - begun,
        status=status,
        method=method,
        formulation=formulation,
        solver="highs",
        prices=search.prices,
    )


def first_schedule(
    instance: Instance, method: Method, formulation: Formulation, settings: Settings
) -> xr.Dataset | None:
    """Return the best dispatch of jobs placed greedily, or of none, or None if time is too short.

    These are the values of the model's variables, with `start` over (job, site, time).
    """
    search = search_of(tightened(instance.data, method, formulation), formulation, settings)
    with suppress(TimeoutError, SolverError):
        if search.master.solve(search.left):
            search.keep()
            place(search, np.zeros(0), np.ones(search.data.sizes["job"], bool))
    return search.incumbent


def _run(
    search: Search, formulation: Formulation, rounds_until: float, show: Callable[[], None]
) -> None:
    master = search.master
    if not master.solve(search.left):
        raise InfeasibleError("no schedule satisfies (1)-(16), not even one without any job")
    search.keep()
    place(search, np.zeros(0), np.ones(search.data.sizes["job"], bool))
    cells = _cells(search.data)
    if cells and search.incumbent is not None:
        if search.data.sizes["time"] > LONG:
            _round_long(search, formulation, rounds_until, show)
        elif cells > WIDE:
            _round_by_steps(search, rounds_until, show)
        if search.done:
            return
    master.free()
    relax(search, FIRST_WITHIN, rounds_until, show)
    if search.bound < least_and_most(search.data)[0]:  # which is a proof, whatever the prices
        raise InfeasibleError("no schedule satisfies (1)-(16) in which every required job runs")
    if search.done:
        return
    round_locally(search)
    show()
    if not search.done and solve_in_time(master, rounds_until - time.monotonic()):
        relax(search, 0.1, rounds_until, show)
        round_locally(search)
        show()
    if search.done or not solve_in_time(master, rounds_until - time.monotonic()):
        return
    if NARROW < cells <= WIDE and search.incumbent is not None:
        _round_by_steps(search, rounds_until, show)
        if search.done:
            return
    weights = master.weights
    dive(search)
    show()
    if not search.done and solve_in_time(master, rounds_until - time.monotonic()):
        relax(search, 0.05, rounds_until, show)
        weights = master.weights
    if search.data.sizes["job"] and search.incumbent is not None:
        repair(search, weights, show)
    time_to_branch = BRANCH_SHARE * search.left > master.slowest
    if not search.done and time_to_branch:
        master.free()
        if master.branch(search.left, search.allowed / 2):
            search.keep(branched=True)
            show()


def _cells(data: xr.Dataset) -> int:
    """Return how many sites by periods there are, none if there are no jobs."""
    return data.sizes["site"] * data.sizes["time"] if data.sizes["job"] else 0


def _round_long(
    search: Search, formulation: Formulation, until: float, show: Callable[[], None]
) -> None:
    """Round window by window, at the price of carbon that steps lead to."""
    search.price()
    show()
    relaxed = descend(search, search.value, until)
    show()
    joined = round_by_windows(search, formulation, relaxed, until)
    if joined is not None:
        round_locally(search, joined, rounded=True)
        show()


def _round_by_steps(search: Search, until: float, show: Callable[[], None]) -> None:
    """Round at prices that steps lead to; the master then knows the placements they lead to."""
    master = search.master
    master.free()
    master.add(search.price())
    show()
    if search.done or not solve_in_time(master, until - time.monotonic()):
        return
    search.price()
    relaxed = descend(search, search.value if master.lacking else master.value, until)
    show()
    round_locally(search, relaxed)
    show()
    if not search.done:
        master.add(pd.DataFrame(relaxed.placed[["job", "site", "time"]]))
        solve_in_time(master, until - time.monotonic())


@contextmanager
def _progress(search: Search, progress: bool | None) -> Iterator[Callable[[], None]]:
    """Show round, bound, incumbent and gap."""
    with progress_bar(progress, total=None, delay=2, bar_format="{desc} {elapsed}") as bar:

        def show() -> None:
            gap = search.gap
            known = f"{gap:.3%}" if math.isfinite(gap) else "?"
            bar.set_description_str(
                f"round {search.rounds}, bound {search.bound + search.settled:,.0f}, "
                f"incumbent {search.value + search.settled:,.0f}, gap {known}"
            )

        yield show
