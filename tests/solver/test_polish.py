"""The dispatch that is returned is the best for its workload, and the calmest of the best."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from draws import draw

import carbonsched as cs


def best_dispatch(instance: cs.Instance, schedule: cs.Schedule) -> float:
    """Return the optimum of the printed model with a schedule's jobs, by linopy alone, USD."""
    model = cs.build(instance, "paper")
    if "start" in model.variables:
        start = model.variables["start"]
        start.fix(schedule.data.start.transpose(*start.dims).where(start.labels >= 0, 0))
    model.solve(solver_name="highs", io_api="direct", output_flag=False, mip_rel_gap=0.0)
    return float(model.objective.value)


@pytest.mark.parametrize("engine", ["milp", "column-generation"])
@pytest.mark.parametrize("seed", range(4))
def test_the_dispatch_is_the_best_for_its_jobs(seed, engine):
    instance = draw(seed)
    try:
        schedule = cs.solve(instance, gap=0.2, engine=engine)
    except cs.InfeasibleError:
        pytest.skip("no schedule")
    assert schedule.objective == pytest.approx(best_dispatch(instance, schedule), rel=1e-7)


def test_reoptimised_too(default):
    again = cs.Reoptimiser(gap=0.2)
    for factor in (1.0, 1.3):
        instance = default.replace(import_price=factor * default.data.import_price)
        schedule = again.solve(instance)
        assert schedule.objective == pytest.approx(best_dispatch(instance, schedule), rel=1e-7)
    assert again.rebuilds == 1


def free_battery(make, **values):
    """A flat price and a battery without loss or wear: a thousand plans pay the same."""
    return make(
        1, 6, 0, 1, demand=10.0, battery_energy=50.0, battery_initial=20.0, charge_limit=25.0,
        discharge_limit=25.0, battery_final=20.0, export_limit=100.0, export_price=10.0, **values,
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["milp", "column-generation"])
def test_of_equal_plans_it_takes_the_calmest(make, engine):
    instance = free_battery(make)
    schedule = cs.solve(instance, engine=engine)
    assert schedule.objective == pytest.approx(-600)
    assert float(schedule.data.charge.sum() + schedule.data.discharge.sum()) == pytest.approx(0)
    assert float(schedule.data.grid_export.sum()) == pytest.approx(0)
    assert float(schedule.data.grid_import.sum()) == pytest.approx(60)


@pytest.mark.parametrize("unit", [1e-12, 1e-9, 1e9])
def test_it_is_calm_in_any_unit_of_money(make, unit):
    dollars = free_battery(make)
    instance = dollars.replace(
        **{name: unit * dollars.data[name] for name in ("import_price", "export_price")}
    )
    schedule = cs.solve(instance)
    assert schedule.objective == pytest.approx(-600 * unit)
    assert float(schedule.data.charge.sum() + schedule.data.discharge.sum()) == pytest.approx(0)
    assert float(schedule.data.grid_import.sum()) == pytest.approx(60)


def test_calm_costs_nothing_where_the_battery_earns(make):
    price = [[10.0, 10.0, 50.0, 50.0, 10.0, 10.0]]
    instance = free_battery(make, import_price=price)
    instance = instance.replace(export_price=0 * instance.data.import_price)
    calm, restless = cs.solve(instance, gap=0), cs.solve(instance, gap=0, polish=False)
    assert calm.objective == pytest.approx(restless.objective)
    moved = [float(s.data.charge.sum() + s.data.discharge.sum()) for s in (calm, restless)]
    assert moved[0] <= moved[1] + 1e-6
    assert moved[0] == pytest.approx(40)  # 20 MWh at 50 USD/MWh, out and in again


def test_of_equal_plans_jobs_start_earliest(make):
    """At a flat price when a job runs is all the same; where one price is lower, it waits."""
    job = {"reward": 1000.0, "power": 5.0, "duration": 2, "release": 1, "deadline": 5}
    flat = cs.solve(make(1, 6, 1, 1, **job), gap=0)
    assert flat.data.start.squeeze().values.tolist() == [0, 1, 0, 0, 0, 0]
    price = [[20.0, 20.0, 10.0, 10.0, 10.0, 10.0]]
    cheap = cs.solve(make(1, 6, 1, 1, import_price=price, **job), gap=0)
    assert cheap.data.start.squeeze().values.tolist() == [0, 0, 1, 0, 0, 0]


@pytest.mark.parametrize("seed", range(3))
def test_no_other_equal_plan_of_a_site_is_earlier(seed):
    """Oracle: every start of every accepted job on its site, each with its best dispatch."""
    given = cs.generate(1 + seed % 2, 8, 3, 1, seed=seed)
    flat = {"import_price": 20.0, "export_price": 0.0, "cooling": 1.2, "generation_available": 0.0}
    instance = given.replace(
        carbon_budget=math.inf, **{name: v + 0 * given.data[name] for name, v in flat.items()}
    )
    schedule = cs.solve(instance, gap=0)
    tolerance = 1e-7 * max(schedule.turnover, 1.0)
    accepted = schedule.data.start.any(["site", "time"])
    assert accepted.any()
    for job in instance.data.job.values[accepted.values]:
        own = schedule.data.start.sel(job=job)
        site, first = own.argmax(["site", "time"]).values()
        for time in range(int(instance.data.release.sel(job=job)), int(first)):
            moved = schedule.data.start.copy(deep=True)
            moved.loc[{"job": job}] = 0
            moved.sel(job=job)[{"site": int(site), "time": time}] = 1
            other = schedule.data.assign(start=moved)
            try:
                alone = best_dispatch(instance, replace(schedule, data=other))
            except (ValueError, AttributeError, TypeError):
                continue
            assert not alone >= schedule.objective - tolerance, (job, time, int(first))


@pytest.mark.parametrize("seed", range(4))
def test_polishing_never_loses(seed):
    instance = draw(seed)
    instance = instance.replace(battery_cost=0 * instance.data.battery_cost)
    try:
        rough = cs.solve(instance, gap=0.05, polish=False)
    except cs.InfeasibleError:
        pytest.skip("no schedule")
    polished = cs.solve(instance, gap=0.05)
    assert polished.objective >= rough.objective - 1e-6 * abs(rough.objective)
    assert cs.verify(instance, polished).ok


def test_too_little_time_for_a_search_is_enough_for_a_schedule():
    """Running no job is a schedule; a search that finds none in time is no reason to have none."""
    instance = cs.generate(4, 72, 40, 4, 1, utilisation=0.7)
    schedule = cs.solve(instance, engine="milp", gap=0, time_limit=2.0)
    assert schedule.status == "time_limit" and cs.verify(instance, schedule).ok


@pytest.mark.parametrize("seed", range(3))
def test_columns_branch_where_they_stop_short(seed):
    instance = cs.generate(2, 24, 6, 2, seed, utilisation=0.7)
    schedule = cs.solve(instance, engine="column-generation", gap=1e-4)
    best = cs.solve(instance, engine="milp", gap=1e-7)
    assert schedule.status == "optimal" and schedule.gap <= 1e-4
    assert schedule.bound >= best.objective - 1e-6 * abs(best.objective)
    assert schedule.objective >= best.objective - 1e-4 * schedule.turnover


@pytest.mark.parametrize("seed", [2, 5])
def test_a_free_battery_is_at_rest_around_the_jobs_that_were_moved(seed):
    """Fixed to the same placements, no calmer plan earns as much."""
    given = cs.generate(2, 10, 4, 1, seed=seed)
    flat = {"import_price": 50.0, "export_price": 50.0, "cooling": 1.1}
    same = {name: value + 0 * given.data[name] for name, value in flat.items()}
    lossless = {"charge_efficiency": 1.0, "discharge_efficiency": 1.0, "battery_cost": 0.0}
    instance = given.replace(**same, **lossless, startup_cost=0.0)
    schedule = cs.solve(instance, gap=0)
    start = schedule.data.start
    first = start.any("site").argmax("time").where(start.any(["site", "time"]), 0)
    fixed = instance.replace(
        allowed=start.any("time").drop_attrs(),
        required=start.any(["site", "time"]).drop_attrs(),
        release=first.drop_attrs(),
        deadline=(first + instance.data.duration - 1).drop_attrs(),
    )
    again = cs.solve(fixed, gap=0)

    def moved(plan: cs.Schedule) -> float:
        d = plan.data  # trade counts a thousandth
        return float((d.charge + d.discharge + 1e-3 * (d.grid_import + d.grid_export)).sum())

    assert moved(schedule) <= moved(again) + 1e-4
    assert schedule.objective >= again.objective - 2e-3


def test_polishing_costs_no_cent_however_much_is_at_stake():
    instance = cs.generate(2, 8, 4, 2, seed=5, budget_share=0.5)
    rich = instance.replace(reward=1e4 * instance.data.reward)
    polished, rough = cs.solve(rich, gap=0), cs.solve(rich, gap=0, polish=False)
    assert polished.objective >= rough.objective - 0.01
