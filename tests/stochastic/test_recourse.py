"""The second stage in arrays, held against the families that state the same."""

import numpy as np
import pytest
import xarray as xr
from drawn_futures import drawn

import carbonsched as cs
from carbonsched.bounds.lagrangian import dual_bound
from carbonsched.core.families import FAMILIES
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import METHODS, method_of
from carbonsched.core.reach import may_start
from carbonsched.core.tighten import tightened
from carbonsched.judge.verify import verify
from carbonsched.solver.decisions import schedule_of
from carbonsched.solver.settings import Settings
from carbonsched.stochastic.extensive import second_stage
from carbonsched.stochastic.fleet import Fleet
from carbonsched.stochastic.recourse import Recourse, classes_of


def one(seed: int, negative: bool = False) -> cs.Instance:
    futures = drawn(seed, 1, negative=negative)
    return futures[futures.labels[0]]


def started(instance: cs.Instance, seed: int) -> xr.DataArray:
    """Return a start for every second job that may start."""
    rng, possible = np.random.default_rng(seed), may_start(instance.data).values
    start = np.zeros(possible.shape, np.int8)
    for j in range(0, len(possible), 2):
        at = np.argwhere(possible[j])
        if len(at):
            start[(j, *at[rng.integers(len(at))])] = 1
    dims = ("job", "site", "time")
    return xr.DataArray(start, {dim: instance.data[dim] for dim in dims}, dims)


def placed(instance: cs.Instance, start: xr.DataArray) -> np.ndarray:
    import pandas as pd

    fleet = Fleet.of(instance.data)
    table = pd.DataFrame(dict(zip(("job", "site", "time"), np.nonzero(start.values), strict=True)))
    return fleet.load(table, np.ones(len(table)))


@pytest.mark.parametrize(
    ("seed", "method", "negative"),
    [(0, "joint", False), (1, "joint", True), (2, "joint", True), (3, "no_routing", False),
     (4, "compute_only", False), (5, "no_battery", True)],
)  # fmt: skip
def test_it_dispatches_as_the_families_do(seed, method, negative):
    """Proves: (1)-(7), (11)-(16) for placed jobs, states included.

    Sensitivity: a coefficient of the other sign, a limit or a state left out.
    """
    instance, chosen, how = one(seed, negative), method_of(method), Formulation()
    start = started(instance, seed)
    best = second_stage(
        instance, {"start": start}, chosen, how, tuple(FAMILIES), Settings(polish=False)
    )
    recourse = Recourse(tightened(instance.data, chosen, how), penalty=1e5)
    load = placed(instance, start)
    answer = recourse.answer(load, within=0.0)
    jobs = (start * (instance.data.reward - instance.data.startup_cost)).sum()
    assert answer.short == pytest.approx(0, abs=1e-9)
    assert answer.settled + float(jobs) == pytest.approx(best.objective, rel=1e-7)
    assert answer.value >= answer.settled - 1e-6
    solved = recourse.solution(load).assign(start=start)
    schedule = schedule_of(
        instance, solved, bound=np.inf, runtime=0.0, build_time=0.0, status="optimal",
        method=chosen, formulation=how, solver="highs",
    )  # fmt: skip
    assert verify(instance, schedule).ok
    assert schedule.objective == pytest.approx(best.objective, rel=1e-7)
    decided = np.where(instance.data.required, 0, instance.data.reward - instance.data.startup_cost)
    own = float(np.abs(decided * start.sum(["site", "time"])).sum())
    assert answer.turnover + own == pytest.approx(schedule.turnover, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_its_prices_prove_its_value(seed):
    """Proves: the prices are those of the optimum, each with its own sign and unit."""
    instance, how = one(seed), Formulation()
    data = tightened(instance.data, METHODS["joint"], how)
    answer = Recourse(data, penalty=1e5).answer(np.zeros(data.cooling.shape))
    dims = {"storage_price": 2, "power_price": 2, "capacity_price": 2, "final_price": 1}
    prices = xr.Dataset(
        {
            name: (("site", "time")[: dims.get(name, 0)], value)
            for name, value in answer.prices.items()
        },
        {"site": data.site, "time": data.time},
    )
    none = xr.DataArray(np.full(data.sizes["job"], -np.inf), {"job": data.job})
    assert dual_bound(data, prices, none) == pytest.approx(answer.value, rel=1e-7)


def test_what_does_not_fit_is_short_and_dear():
    instance = one(0)
    recourse = Recourse(tightened(instance.data, METHODS["joint"], Formulation()), penalty=1e4)
    much = np.full(instance.data.cooling.shape, 1e4)
    answer = recourse.answer(much, within=0.0)
    assert answer.short > 1e4
    recourse.penalise(10.0)
    assert recourse.answer(much, within=0.0).value < answer.value - 1e8


def test_services_that_reach_the_same_sites_are_one_class():
    data = one(0).data
    near = xr.DataArray([[1.0, 900.0], [1.0, 900.0]], {d: data[d] for d in ("service", "site")})
    reach, member, demand = classes_of(data.assign(latency=near))
    assert reach.tolist() == [[True, False]] and member.tolist() == [0, 0]
    assert demand[0] == pytest.approx((data.power_per_unit * data.demand).sum("service").values)
