"""Column generation against the monolithic model, and its bound against any schedule."""

import highspy
import numpy as np
import pytest
import xarray as xr
from by_hand import plain

import carbonsched as cs
from carbonsched.bounds.lagrangian import (
    dual_bound,
    energy_parts,
    flow_losses,
    placements,
    served_best,
    unit_worth,
)
from carbonsched.columns import engine
from carbonsched.columns.choice import fitting_engine
from carbonsched.columns.greedy import greedy
from carbonsched.columns.master import Master
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import METHODS as OF_TABLE_I
from carbonsched.core.method import Method
from carbonsched.core.reach import may_start
from carbonsched.core.schema import PRICES
from carbonsched.core.tighten import tightened
from carbonsched.solver.highs import HighsModel
from carbonsched.solver.settings import Settings

METHODS = [method for method in cs.METHODS if method != "energy_only"]


def generated(seed: int, **sizes: int) -> cs.Instance:
    """Return an instance in which capacity, budget and states bind, or not, by the seed."""
    rng = np.random.default_rng(seed)
    size = {"sites": 1 + seed % 4, "periods": 12 + seed % 3 * 6, "jobs": 3 + seed % 10} | sizes
    made = cs.generate(**size, seed=seed, utilisation=rng.uniform(0.2, 0.95))
    if seed % 3 == 0:  # a budget that binds: between what must and what would be emitted
        free = cs.solve(made, "no_carbon", gap=1e-4, engine="milp")
        return made.replace(carbon_budget=max(0.9 * free.emissions, 0.01))
    if seed % 5 == 0:  # hours in which import and export, charge and discharge need their states
        price = made.data.import_price - 80
        return made.replace(import_price=price, export_price=price + 3)
    return made


@pytest.mark.parametrize(
    "seed", [pytest.param(k, marks=[pytest.mark.long] * (k >= 16)) for k in range(100)]
)
def test_the_certified_interval_contains_the_optimum(seed):
    instance = generated(seed)
    try:
        best = cs.solve(instance, gap=1e-7, engine="milp")
    except cs.InfeasibleError:
        with pytest.raises(cs.InfeasibleError):
            cs.solve(instance, engine="column-generation")
        return
    found = cs.solve(instance, gap=1e-3, engine="column-generation")
    tolerance = 1e-6 * max(abs(best.objective), 1.0)
    assert found.objective <= best.bound + tolerance
    assert found.bound >= best.objective - tolerance
    assert found.status == ("optimal" if found.gap <= 1e-3 else "stopped")
    # not the toy: what it finds is a schedule worth having, on instances this small too
    assert found.objective >= best.objective - 0.05 * abs(best.objective)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_without_a_fixed_workload_has_its_bound(default, method):
    best = cs.solve(default, method, gap=1e-7)
    found = cs.solve(default, method, gap=0.02, engine="column-generation")
    assert found.objective <= best.objective * (1 + 1e-6)
    assert found.bound >= best.objective * (1 - 1e-6)
    assert found.gap <= 0.02


def random_prices(data: xr.Dataset, seed: int) -> xr.Dataset:
    rng = np.random.default_rng(seed)
    scale = {"power_price": 120, "capacity_price": 60, "storage_price": 120, "final_price": 120}
    return xr.Dataset(
        {
            name: (dims, rng.normal(scale.get(name, 10) / 2, scale.get(name, 10), shape))
            for name, dims in PRICES.items()
            for shape in [[data.sizes[dim] for dim in dims]]
        },
        {dim: data[dim] for dim in ("site", "time")},
    )


@pytest.mark.parametrize("seed", range(20))
def test_any_prices_bound_any_schedule(seed):
    instance = generated(seed + 200)
    try:
        best = cs.solve(instance, gap=1e-6)
    except cs.InfeasibleError:
        return
    data = tightened(instance.data, Method(), Formulation())
    prices = random_prices(data, seed)
    worth = xr.concat(placements(data, prices, may_start(data)), "job")
    bound = dual_bound(data, prices, worth.max(["site", "time"]))
    assert bound >= best.objective * (1 - 1e-9)


def test_placements_are_worth_their_reward_less_their_window(default):
    data = tightened(default.data, Method(), Formulation())
    prices = random_prices(data, 7)
    worth = xr.concat(placements(data, prices, may_start(data)), "job").sel(job="align")
    price = data.cooling * prices.power_price + prices.capacity_price
    job = data.sel(job="align")
    at = int((data.time < job.release).sum()) + 1
    window = price.isel(site=1, time=slice(at, at + int(job.duration))).sum()
    expected = job.reward - job.startup_cost - job.power * window
    assert float(worth.isel(site=1, time=at)) == pytest.approx(float(expected))
    assert np.isneginf(worth.isel(time=at - 2)).all()  # before its release


def test_the_first_rounds_bound_falls_to_the_relaxation(default):
    from carbonsched.bounds.relaxation import relaxation_prices

    relaxed = float(relaxation_prices(default).bound)
    found = columns_alone(default, gap=0.0)
    assert found.bound == pytest.approx(relaxed, rel=1e-6)


def test_the_losses_of_a_schedule_add_up_to_its_distance_from_the_bound(default):
    """Proves: at any prices, benefit and what every part falls short of its most make the bound.

    Sensitivity: a power that is left out, or a worth of the wrong sign, breaks the sum.
    """
    schedule = cs.solve(default, gap=0.05)
    data, decided = tightened(default.data, Method(), Formulation()), schedule.data
    rng = np.random.default_rng(1)
    dims = {name: [data.sizes[d] for d in over] for name, over in PRICES.items()}
    prices = xr.Dataset({n: (PRICES[n], rng.uniform(0, 90, shape)) for n, shape in dims.items()})
    startable = may_start(data)
    worth = xr.concat(list(placements(data, prices, startable)), "job").sel(job=data.job)
    best = worth.max(["site", "time"])
    jobs = best.clip(min=0).sum() - worth.where(decided.start > 0, 0).sum()
    served = served_best(data, prices).sum() - (unit_worth(data, prices) * decided.route).sum()
    capacity = (prices.capacity_price * (data.it_capacity - decided.it_power)).sum()
    budget = prices.carbon_price * (data.carbon_budget - schedule.emissions)
    held, stored = energy_parts(data, prices)[1], prices.storage_price
    later = xr.where(data.time == data.time[-1], prices.final_price, stored.shift(time=-1)) - stored
    kept = held.sum() - (later * decided.soc).sum()
    final = (prices.final_price * (decided.soc.isel(time=-1) - data.battery_initial)).sum()
    flows = flow_losses(data, prices, decided)
    assert (flows >= 0).all() and flows.sum() > 0
    distance = dual_bound(data, prices, best) - schedule.objective
    total = flows.sum() + jobs + served + capacity + budget + kept + final
    assert float(total) == pytest.approx(distance, rel=1e-9)


def test_repair_closes_what_a_dive_leaves_open(monkeypatch):
    """Proves: never worse, and on some instances better, than the dive alone."""
    gains = []
    for seed in range(2):
        instance = cs.generate(4, 48, 40, 2, seed=seed)
        how = {"gap": 1e-5, "time_limit": 60}
        with monkeypatch.context() as patch:
            patch.setattr(engine, "repair", lambda *given: None)
            patch.setattr(engine, "BRANCH_SHARE", 0.0)
            alone = columns_alone(instance, **how)
        with monkeypatch.context() as patch:
            patch.setattr(engine, "BRANCH_SHARE", 0.0)
            repaired = columns_alone(instance, **how)
        assert repaired.bound == pytest.approx(alone.bound, rel=1e-9)
        gains.append((repaired.objective - alone.objective) / alone.objective)
    assert min(gains) >= -1e-9 and max(gains) > 1e-5


def test_greedy_fills_the_cheap_site_first_and_then_the_other():
    """Proves: a job sees the room that the one before it left. Sensitivity: else both go to A."""
    instance = cs.Instance(
        plain(sites=2, jobs=2, it_capacity=[15.0, 15.0], import_price=[[10.0], [20.0]])
    )
    energy = xr.Dataset(
        {
            "power_price": (("site", "time"), [[10.0], [20.0]]),
            "spare_room": (("site", "time"), [[15.0], [15.0]]),
            "spare_generation": (("site", "time"), [[0.0], [0.0]]),
            "carbon_price": 0.0,
        },
        {dim: instance.data[dim] for dim in ("site", "time")},
    )
    placed = greedy(instance.data, may_start(instance.data), energy)
    assert placed.site.tolist() == [0, 1]
    assert placed.job.tolist() == [0, 1]


@pytest.mark.parametrize("empty", ["jobs", "services"])
def test_without_jobs_or_services(empty):
    instance = cs.generate(**{"sites": 2, "periods": 12, "jobs": 4, empty: 0}, seed=3)
    best = cs.solve(instance, gap=1e-7, engine="milp")
    found = cs.solve(instance, gap=0.01, engine="column-generation")
    assert found.gap <= 0.01
    assert best.objective <= found.bound * (1 + 1e-6)


def test_a_short_time_leaves_a_schedule_and_a_bound():
    instance = cs.generate(12, 96, 120, 3, seed=1)
    found = cs.solve(instance, gap=0.0, time_limit=5.0, engine="column-generation")
    assert found.status in ("time_limit", "stopped")
    assert 0 < found.gap < 0.1


def test_no_time_at_all_is_no_schedule(default):
    with pytest.raises(cs.NoIncumbentError):
        cs.solve(default, time_limit=0.0, engine="column-generation")


def test_infeasible_is_said():
    with pytest.raises(cs.InfeasibleError):
        cs.solve(cs.generate(seed=0).replace(carbon_budget=0.1), engine="column-generation")


def test_size_chooses_the_engine(default):
    small = cs.solve(default)
    large = cs.solve(cs.generate(10, 96, 60, 3, seed=0))
    assert (small.status, large.status) == ("optimal", "optimal")
    large, how = cs.generate(10, 96, 60, 3), (Formulation(), Settings())
    assert fitting_engine(default, Method(), *how) == "milp"
    assert fitting_engine(large, Method(), *how) == "column-generation"
    assert fitting_engine(large, OF_TABLE_I["energy_only"], *how) == "milp"


@pytest.mark.parametrize(
    "wrong",
    [
        {"engine": "magic"},
        {"engine": "column-generation", "method": "energy_only"},
        {"engine": "column-generation", "solver": "scip"},
        {"engine": "column-generation", "options": {"mip_abs_gap": 1.0}},
    ],
)
def test_what_it_does_not_take_is_refused_by_name(default, wrong):
    with pytest.raises(ValueError, match=r"magic|fixes the workload|HiGHS"):
        cs.solve(default, **wrong)


def columns_alone(instance: cs.Instance, **settings: float) -> cs.Schedule:
    """Return what columns find, before the whole model branches on what they leave open."""
    return engine.column_generation(instance, Method(), Formulation(), Settings(**settings))


def failing(monkeypatch, at: str):
    """Let HiGHS fail, as `Master.solve` says it, once a step begins."""

    def fail(*given: object, **how: object) -> None:
        raise cs.SolverError("highs ended with 'Solve error'")

    monkeypatch.setattr(engine, at, fail)


def test_a_failure_after_the_first_schedule_keeps_it(default, monkeypatch):
    failing(monkeypatch, "round_locally")
    found = columns_alone(default, gap=1e-9)
    assert found.status == "stopped" and found.objective <= found.bound


def test_a_failure_before_any_schedule_is_said(default, monkeypatch):
    failing(monkeypatch, "_run")
    with pytest.raises(cs.SolverError, match="Solve error"):
        cs.solve(default, engine="column-generation")


def ending(monkeypatch, *first: highspy.HighsModelStatus) -> None:
    """Let the next runs of a master end with these, and then as they do."""
    honest, left = HighsModel._run, list(first)
    monkeypatch.setattr(
        HighsModel, "_run", lambda self, seconds: left.pop(0) if left else honest(self, seconds)
    )


@pytest.fixture
def master(default) -> Master:
    return Master(tightened(default.data, Method(), Formulation()), Formulation(), 60.0, 1e6)


def test_a_lost_basis_is_left_for_a_fresh_start(master, monkeypatch):
    ending(monkeypatch, highspy.HighsModelStatus.kUnknown)
    assert master.solve(60.0) and np.isfinite(master.value)


def test_a_master_that_stays_lost_is_an_error(master, monkeypatch):
    ending(monkeypatch, *[highspy.HighsModelStatus.kUnknown] * 2)
    with pytest.raises(cs.SolverError, match="highs ended with"):
        master.solve(60.0)


def test_branching_without_time_finds_nothing_and_leaves_the_program_linear(master):
    master.solve(60.0)
    before = master.value
    assert not master.branch(0.0, 0.0)
    assert master.solve(60.0) and master.value == pytest.approx(before)
