"""The plan: which job runs where and when; why another does not, by hand and by the solver."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from draws import draw, draw_varied
from hypothesis import given
from hypothesis import strategies as st

import carbonsched as cs
from carbonsched.core.instance import derived
from carbonsched.judge.plan import runs
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings


def kinds(frame: pd.DataFrame) -> list[str]:
    return [reason.partition(":")[0] for reason in frame.reason]


def test_a_row_a_job_with_units(make):
    instance = make(
        2, 6, 3, allowed=[[0, 1], [1, 1], [1, 0]], duration=[3, 1, 2], release=[2, 4, 0],
        deadline=[4, 4, 1], reward=[1000, 0, 1000], power=[10, 7, 5],
    )  # fmt: skip
    frame = cs.plan(instance, cs.solve(instance, gap=0))
    assert frame.site.tolist() == ["B", None, "A"] and frame.index.name == "job"
    assert frame.start.tolist() == [2, pd.NA, 0] and frame.end.tolist() == [4, pd.NA, 1]
    assert frame.accepted.tolist() == [True, False, True]
    assert frame.power.tolist() == [10, 7, 5] and frame.reward.tolist() == [1000, 0, 1000]
    assert frame.margin.isna().tolist() == [True, False, True] and frame.margin["j1"] == -70
    assert frame.reason.tolist() == [
        "",
        "cost: 70.00 USD more than its reward at best, A from 4",
        "",
    ]
    units = {"start": "period", "end": "last period", "power": "MW"}
    assert frame.attrs["units"] == units | {"reward": "USD", "margin": "USD"}


def test_instants_end_when_the_last_period_does(make):
    times = pd.date_range("2025-03-30", periods=4, freq="15min")
    data = make(1, 4, 1, duration=3, step_hours=0.25).data
    labels = {name: ("job", times[[at]]) for name, at in (("release", 0), ("deadline", 2))}
    instance = cs.Instance(data.assign_coords(time=times).assign(labels))
    schedule = cs.solve(instance)
    frame = cs.plan(instance, schedule)
    assert (
        frame.end["j0"] == pd.Timestamp("2025-03-30 00:45") and frame.attrs["units"]["end"] == "UTC"
    )
    pd.testing.assert_frame_equal(runs(schedule.data), frame[["site", "start", "end", "accepted"]])


def test_the_end_of_a_single_period(make):
    times = pd.to_datetime(["2025-01-01"])
    data = make(1, 1, 1, step_hours=2.0).data
    labels = dict.fromkeys(("release", "deadline"), ("job", times))
    instance = cs.Instance(data.assign_coords(time=times).assign(labels))
    schedule = cs.solve(instance)
    assert cs.plan(instance, schedule).end["j0"] == pd.Timestamp("2025-01-01 02:00")
    assert runs(schedule.data).end.isna().all()


TWO_OF_ONE = {"it_capacity": 10, "reward": [1000, 900]}
LEFT = "IT capacity left too little at best"
CASES = {  # sizes, values, the last job's margin, its reason
    "no room": ((1, 1, 2), TWO_OF_ONE, None, "no room: 10 MW of " + LEFT),
    "some room": (
        (2, 3, 2), {"it_capacity": [14, 3], "reward": [9000, 90], "duration": 3}, None,
        "no room: 6 MW of " + LEFT,
    ),
    "no run fits": (
        (1, 4, 1), {"it_capacity": [[10, 4, 10, 7]], "duration": 2}, None,
        "too large: 3 MW of IT capacity too little at best",
    ),
    "no power": (
        (1, 1, 1), {"import_limit": 5, "cooling": 1.2}, None,
        "no power: 7 MW of grid and generation too little at best",
    ),
    "cost": (
        (1, 2, 1), {"reward": 50}, -50, "cost: 50.00 USD more than its reward at best, A from 0",
    ),
    "cheaper later": (
        (2, 3, 1), {"import_price": [[9, 8, 7], [9, 6, 9]], "reward": 0}, -60,
        "cost: 60.00 USD more than its reward at best, B from 1",
    ),
    "start-up": (
        (1, 1, 1), {"reward": 120, "startup_cost": 100}, -80,
        "cost: 80.00 USD more than its reward at best, A from 0",
    ),
    "half an hour": (
        (1, 2, 1), {"reward": 40, "step_hours": 0.5, "duration": 2, "cooling": 1.5}, -110,
        "cost: 110.00 USD more than its reward at best, A from 0",
    ),
    "a sale forgone": (
        (1, 1, 1),
        {"reward": 200, "generation_available": 10, "export_limit": 10, "export_price": 30,
         "import_price": 100}, -100,
        "cost: 100.00 USD more than its reward at best, A from 0",
    ),
    "a sale that pays more than a purchase costs": (
        (1, 1, 1),
        {"reward": 200, "generation_available": 20, "export_limit": 20, "export_price": 30}, -100,
        "cost: 100.00 USD more than its reward at best, A from 0",
    ),
    "generation first": (
        (1, 1, 1),
        {"reward": 10, "generation_available": 4, "generation_cost": 5}, -70,
        "cost: 70.00 USD more than its reward at best, A from 0",
    ),
    "carbon budget": (
        (1, 1, 1), {"carbon_budget": 3}, 900,
        "carbon budget: 3 tCO2e left, too little to pay, A from 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_why_by_hand(make, name):
    sizes, values, margin, reason = CASES[name]
    instance = make(*sizes, **values)
    last = cs.plan(instance, cs.solve(instance, gap=0)).iloc[-1]
    assert not last.accepted and last.reason == reason
    assert np.isnan(last.margin) if margin is None else last.margin == pytest.approx(margin)


def test_what_was_left_out_although_it_pays(make):
    schedule = cs.solve(make(1, 1, 1, reward=0))
    last = cs.plan(make(1, 1, 1), schedule).iloc[0]
    assert last.margin == 900
    assert last.reason == "would pay: 900.00 USD more, A from 0, so this plan is not the best"
    even = cs.plan(make(1, 1, 1, reward=100), schedule).iloc[0]
    assert even.margin == 0 and even.reason == "cost: as much as its reward at best, A from 0"


def test_a_dearer_dispatch_that_keeps_to_the_budget_pays_too(make):
    values = dict(generation_available=10, generation_cost=20, carbon_budget=1)
    schedule = cs.solve(make(1, 1, 1, reward=0, **values))
    told = cs.plan(make(1, 1, 1, reward=250, **values), schedule).iloc[0]
    assert told.margin == 50 and told.reason.startswith("would pay: 50.00 USD more")
    told = cs.plan(make(1, 1, 1, reward=150, **values), schedule).iloc[0]
    assert told.margin == 50 and told.reason.startswith("carbon budget: 1 tCO2e left")


def test_required_first_fit_and_no_window(make):
    required = make(1, 1, 1, reward=0, required=True)
    assert cs.plan(required, cs.solve(required)).reason.tolist() == ["required"]
    two = make(1, 1, 2, **TWO_OF_ONE)
    told = cs.plan(two, cs.solve(two, "energy_only"))
    assert told.reason.tolist() == ["", "first fit: no room when its turn came"]
    closed = derived(two.data.assign(allowed=two.data.allowed & False))
    schedule = cs.solve(make(1, 1, 2, reward=0))
    for method in ("joint", "energy_only"):
        schedule = cs.solve(make(1, 1, 2, it_capacity=10), "joint")
        none = SimpleNamespace(**{**vars(schedule), "objective": 0, "method": cs.METHODS[method]})
        none.data = schedule.data.assign(start=schedule.data.start * 0)
        assert kinds(cs.plan(closed, none)) == ["no window"] * 2


def test_methods_count_only_what_they_use(make):
    values = dict(generation_available=20, export_limit=20, export_price=5, import_price=100)
    instance = make(1, 1, 1, reward=0, **values)
    for method, margin in (("joint", -50), ("compute_only", -1000)):
        assert cs.plan(instance, cs.solve(instance, method)).margin.tolist() == [margin]
    dirty = make(1, 1, 1, reward=0, carbon_budget=3)
    paid = make(1, 1, 1, carbon_budget=3)
    for method, kind in (("joint", "carbon budget"), ("no_carbon", "would pay")):
        assert kinds(cs.plan(paid, cs.solve(dirty, method))) == [kind]


def test_what_is_no_schedule_of_the_instance_is_refused(make):
    instance = make(1, 2, 1)
    schedule = cs.solve(instance)
    with pytest.raises(ValueError, match="not one of this instance: labels of time differ"):
        cs.plan(make(1, 3, 1), schedule)
    with pytest.raises(TypeError, match=r"expected a carbonsched.Instance"):
        cs.plan(instance.data, schedule)
    schedule.data["start"] = schedule.data.start * 0 + 1
    with pytest.raises(ValueError, match="j0 starts more than once"):
        cs.plan(instance, schedule)
    schedule.data["start"] = schedule.data.start * np.nan
    with pytest.raises(ValueError, match="not a number in start"):
        cs.plan(instance, schedule)


def test_without_jobs(make):
    instance = make(1, 2)
    frame = cs.plan(instance, cs.solve(instance))
    assert frame.empty and frame.attrs["units"]["power"] == "MW"


def best_with(instance: cs.Instance, schedule: cs.Schedule, job: str) -> float | None:
    """Return the benefit of a plan with one more job, all else as it is; None if there is none."""
    must = xr.DataArray(instance.data.job.values == job, {"job": instance.data.job})
    model = cs.build(instance.replace(required=must), method=schedule.method)
    for name in ("start", "route", "charge", "discharge"):
        if name in model.variables:
            kept = model.variables[name]
            planned = schedule.data[name]
            held = kept.labels >= 0
            if name == "start":
                held = held & (planned.job != job)
            model.add_constraints(kept == planned, name=f"kept:{name}", mask=held)
    result = run_solver(model, Settings(gap=0.0, progress=False))
    if str(result.status.termination_condition) != "optimal":
        return None
    return float(model.objective.value)


def poorer(make_instance, seed: int, method: str) -> tuple[cs.Instance, cs.Schedule] | None:
    """Return an instance in which some jobs are not worth it, and its best schedule."""
    instance = make_instance(seed)
    share = np.random.default_rng([seed, 7]).uniform(0.0, 0.5, instance.data.sizes["job"])
    instance = instance.replace(reward=instance.data.reward.drop_attrs() * share)
    try:
        return instance, cs.solve(instance, method, gap=0)
    except cs.InfeasibleError:
        return None


@pytest.mark.filterwarnings("ignore:Variable")  # of slots that the mask leaves out
@given(
    st.sampled_from([draw, draw_varied]), st.integers(0, 10**6),
    st.sampled_from(["joint", "compute_only", "no_battery", "no_routing", "no_carbon"]),
)  # fmt: skip
def test_why_by_the_solver(make_instance, seed, method):
    """With all else fixed and one declined job required, the solver finds the same margin."""
    case = poorer(make_instance, seed, method)
    if case is None:
        return
    instance, schedule = case
    frame = cs.plan(instance, schedule)
    tolerance = 1e-5 * sum(map(abs, schedule.benefit.values())) + 1e-6
    for job in frame.index[~frame.accepted]:
        kind, margin = frame.reason[job].partition(":")[0], frame.margin[job]
        best = best_with(instance, schedule, job)
        assert kind != "would pay"  # the schedule is the best
        if kind in ("too large", "no room", "no power"):
            assert best is None
        elif kind == "carbon budget":
            assert best is None or best - schedule.objective < tolerance
        elif best is not None:
            assert kind == "cost" and best - schedule.objective <= margin + tolerance
            free = method == "no_carbon" or schedule.emissions < 0.8 * instance.data.carbon_budget
            if free:
                assert best - schedule.objective == pytest.approx(margin, abs=tolerance)


@pytest.mark.parametrize("factor", [1e-6, 1e6])
@pytest.mark.parametrize("kind", ["money", "power", "carbon"])
def test_no_unit_changes_the_reason(kind, factor):
    instance, schedule = poorer(draw, 12, "joint")
    frame = cs.plan(instance, schedule)
    assert {*kinds(frame)} > {""}
    prices = ("import_price", "export_price", "generation_cost", "battery_cost")
    carbon = ("carbon_intensity", "generation_carbon")
    power = (
        "it_capacity", "import_limit", "export_limit", "generation_available", "power",
        "power_per_unit", "battery_energy", "battery_min", "battery_initial", "battery_final",
        "charge_limit", "discharge_limit",
    )  # fmt: skip
    moved = {
        "money": dict.fromkeys((*prices, "reward", "startup_cost", "value"), factor),
        "power": dict.fromkeys(power, factor) | dict.fromkeys((*prices, *carbon), 1 / factor),
        "carbon": dict.fromkeys((*carbon, "carbon_budget"), factor),
    }[kind]
    data = instance.data.assign({n: instance.data[n] * by for n, by in moved.items()})
    powers = ("grid_import", "grid_export", "generate", "charge", "discharge", "it_power")
    scaled = SimpleNamespace(**vars(schedule))
    scaled.data = schedule.data.assign(
        {n: schedule.data[n] * factor for n in (*powers, "facility_power") if kind == "power"}
    )
    scaled.emissions = schedule.emissions * (factor if kind == "carbon" else 1)
    again = cs.plan(derived(data), scaled)
    assert kinds(again) == kinds(frame)
    by = factor if kind == "money" else 1
    np.testing.assert_allclose(again.margin, by * frame.margin, rtol=1e-6)
