"""The gap is of what can be decided: no constant moves a schedule, and turnover is what it says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time

import linopy
import numpy as np
import pytest
from draws import draw, draw_varied

import carbonsched as cs
from carbonsched.core.families import FAMILIES
from carbonsched.core.family import accounts, stakes
from carbonsched.solver.decided import deciding
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings

SOLVERS = [name for name in ("highs", "scip") if name in linopy.available_solvers]


def workload(schedule: cs.Schedule) -> list[int]:
    return schedule.data.start.values.ravel().tolist()


@pytest.mark.parametrize("how", [{}, {"engine": "column-generation"}, {"solver": "scip"}])
def test_revenue_that_every_schedule_has_changes_none(how):
    if how.get("solver", "highs") not in SOLVERS:
        pytest.skip("not installed")
    instance = cs.generate(3, 24, 12, 3, 0, utilisation=0.7)
    usual = cs.solve(instance, gap=0.05, **how)
    for factor in (0, 50):
        other = cs.solve(instance.replace(value=instance.data.value * factor), gap=0.05, **how)
        assert workload(other) == workload(usual)
        assert other.distance == pytest.approx(usual.distance, abs=1e-4, nan_ok=True)
        assert other.gap == pytest.approx(usual.gap, abs=1e-9, nan_ok=True)
        spent = {name: s.objective - s.benefit["inference"] for name, s in
                 {"usual": usual, "other": other}.items()}  # fmt: skip
        assert spent["other"] == pytest.approx(spent["usual"], rel=1e-9)


def test_nor_does_the_reward_of_a_required_job():
    instance = cs.generate(2, 12, 5, 2, 1)
    required = instance.replace(required=instance.data.required | True)
    usual = cs.solve(required, gap=0.001)
    richer = cs.solve(required.replace(reward=1000 * required.data.reward), gap=0.001)
    assert workload(richer) == workload(usual)
    assert richer.turnover == pytest.approx(usual.turnover)


def test_a_job_is_not_declined_for_the_sake_of_a_constant():
    """At a gap of 1 % of (1) HiGHS would stop here: 9 of 10,000,010 USD are a job's."""
    dear = {"demand": 10.0, "value": 1e6, "power_per_unit": 1.0}
    from by_hand import plain

    data = plain(1, 1, 1, 1, reward=209.0, power=10.0, import_price=20.0, **dear)
    instance = cs.Instance(data)
    assert cs.solve(instance).benefit["training"] == 209
    assert cs.solve(instance).turnover == pytest.approx(209 + 20 * 20)


def test_the_papers_gap_is_there_by_name(default):
    schedule = cs.solve(default, gap_of="objective")
    distance = schedule.bound - schedule.objective
    assert schedule.gap_of_objective == pytest.approx(distance / abs(schedule.objective))
    assert schedule.gap_of_objective <= 0.01
    with pytest.raises(ValueError, match="gap_of 'whole', choose from decided, objective"):
        cs.solve(default, gap_of="whole")


@pytest.mark.parametrize("seed", range(6))
def test_turnover_is_the_sum_of_what_is_bought_sold_and_run(seed):
    instance = draw_varied(seed)
    try:
        schedule = cs.solve(instance, gap=1e-4)
    except cs.InfeasibleError:
        pytest.skip("no schedule")
    p, s = instance.data, schedule.data
    hours = p.step_hours
    free = (~p.required) * s.start.sum(["site", "time"])
    by_hand = (
        np.abs(free * (p.reward - p.startup_cost)).sum()
        + hours * np.abs(p.import_price * s.grid_import).sum()
        + hours * np.abs(p.export_price * s.grid_export).sum()
        + hours * (p.generation_cost * s.generate).sum()
        + hours * (np.abs(p.battery_value * p.charge_efficiency - p.battery_cost) * s.charge).sum()
        + hours * ((p.battery_value / p.discharge_efficiency + p.battery_cost) * s.discharge).sum()
    )
    assert schedule.turnover == pytest.approx(float(by_hand), rel=1e-9, abs=1e-9)
    assert schedule.gap <= 1e-4 or schedule.distance <= 0.01


@pytest.mark.parametrize("seed", range(4))
def test_what_is_decided_and_what_is_settled_make_up_the_benefit(seed):
    instance = draw_varied(seed) if seed % 2 else draw(seed)
    try:
        schedule = cs.solve(instance, "joint" if seed < 3 else "energy_only")
    except cs.InfeasibleError:
        pytest.skip("no schedule")
    fixed = ("start", "route") if seed == 3 else ()
    parts = stakes(FAMILIES, instance.data, fixed)
    sums = [sum(float((u * schedule.data[n]).sum()) for n, u in part.items()) for part in parts]
    whole, _ = accounts(FAMILIES, instance.data, schedule.data)
    assert sum(sums) == pytest.approx(sum(whole.values()))


def test_the_model_keeps_the_objective_of_the_paper(default):
    model = cs.build(default)
    whole = model.objective
    with deciding(model, Settings()):
        decided = run_solver(model, Settings(gap=0.0)).solution.objective
        assert model.objective is not whole
    assert model.objective is whole
    result = run_solver(model, Settings(gap=0.0))
    revenue = float((default.data.value * default.data.demand * default.data.step_hours).sum())
    assert result.solution.objective == pytest.approx(decided + revenue)


def test_nothing_decided_is_a_gap_of_nothing(make):
    schedule = cs.solve(make(1, 1))
    assert (schedule.turnover, schedule.distance, schedule.gap) == (0.0, 0.0, 0.0)


def test_an_older_file_without_turnover_is_read(default, tmp_path):
    import json

    import xarray as xr

    schedule = cs.solve(default)
    path = schedule.save(tmp_path / "s.nc")
    assert cs.Schedule.load(path).turnover == schedule.turnover
    with xr.open_dataset(path, engine="h5netcdf") as data:
        data = data.load()
    said = json.loads(data.attrs["schedule"])
    del said["turnover"]
    data.assign_attrs(schedule=json.dumps(said)).to_netcdf(tmp_path / "old.nc", engine="h5netcdf")
    old = cs.Schedule.load(tmp_path / "old.nc")
    terms = [abs(usd) for term, usd in schedule.benefit.items() if term != "inference"]
    assert old.turnover == pytest.approx(sum(terms))


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to a process there")
def test_ctrl_c_ends_a_search_within_seconds():
    code = textwrap.dedent(
        """
        import carbonsched as cs
        instance = cs.generate(4, 48, 40, 4, 1, utilisation=0.7)
        print("begun", flush=True)
        cs.solve(instance, engine="milp", gap=0, time_limit=100)
        """
    )
    run = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert run.stdout.readline() == "begun\n"
    time.sleep(5)
    run.send_signal(signal.SIGINT)
    begun = time.monotonic()
    _, said = run.communicate(timeout=60)
    assert "KeyboardInterrupt" in said and run.returncode
    assert time.monotonic() - begun < 30
