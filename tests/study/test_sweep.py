"""Sweeps: cached, resumable after a kill, failures as rows, the same on any cluster."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from distributed import LocalCluster
from own_families import DemandCharge, MovedDemandCharge, with_own

import carbonsched as cs
from carbonsched.io.digest import digest
from carbonsched.study import sweep as sweeps
from carbonsched.study.case import _MODELS, Way, packed, solve_row, solved, unpacked
from carbonsched.study.sweep import TIMES, sweep

METHODS = ("joint", "no_battery")
SCRIPT = """
import sys
import carbonsched as cs
from carbonsched.study.sweep import sweep

if __name__ == "__main__":
    instances = {f"seed={k}": cs.generate(2, 6, 2, 1, seed=k) for k in range(8)}
    sweep(instances, ("joint", "no_battery"), cache=sys.argv[1], cluster=sys.argv[2], gap=0)
"""


def small(count: int) -> dict[str, cs.Instance]:
    return {f"seed={k}": cs.generate(2, 6, 2, 1, seed=k) for k in range(count)}


def rows(cache: Path) -> list[Path]:
    return sorted(cache.rglob("*.json"))


@pytest.fixture(scope="module")
def address():
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


def test_a_sweep_is_what_solve_says(tmp_path, address):
    instances = small(2)
    table = sweep(instances, iter(METHODS), cache=tmp_path, cluster=address, gap=0)
    assert list(table.instance) == ["seed=0", "seed=0", "seed=1", "seed=1"]
    assert list(table.method) == [*METHODS, *METHODS]
    schedule = cs.solve(instances["seed=1"], "no_battery", gap=0)
    row = table.iloc[3]
    assert row.objective == pytest.approx(schedule.objective)
    assert row.emissions == pytest.approx(schedule.emissions)
    assert row.benefit_import == pytest.approx(schedule.benefit["import"])
    assert row.jobs == int(schedule.data.start.sum()) and row.status == "optimal"


def test_finished_rows_are_not_computed_again(tmp_path, address):
    instances = small(3)
    first = sweep(instances, cache=tmp_path, cluster=address)
    written = {path: path.stat().st_mtime_ns for path in rows(tmp_path)}
    again = sweep(instances, cache=tmp_path, cluster="tcp://nowhere:1")  # nothing to do there
    pd.testing.assert_frame_equal(first, again)
    assert {path: path.stat().st_mtime_ns for path in rows(tmp_path)} == written
    sweep(instances, cache=tmp_path, cluster=address, gap=0.5)
    assert len(rows(tmp_path)) == 2 * len(written)


def test_the_cache_goes_by_content(make):
    instance = cs.generate(seed=1)
    renamed = cs.Instance(instance.data.assign_attrs(title="another"))
    assert digest(instance) == digest(renamed) == digest(cs.generate(seed=1))
    dearer = instance.replace(import_price=instance.data.import_price + 1e-9)
    relabelled = cs.Instance(instance.data.assign_coords(job=[f"j{k}" for k in range(6)]))
    assert len({digest(instance), digest(dearer), digest(relabelled)}) == 3
    swapped = cs.Instance(instance.data.assign_coords(site=["site-1", "site-2", "site-33"]).assign(
        home=instance.data.home.copy(data=["site-1"] * 3)
    ))  # fmt: skip
    assert digest(swapped) != digest(instance)


def test_failures_are_rows(tmp_path, make, address):
    instances = {
        "good": make(1, 1, 0, 1, demand=5),
        "short of power": make(1, 1, 0, 1, demand=10, import_limit=9),
    }
    table = sweep(instances, cache=tmp_path, cluster=address).set_index("instance")
    assert table.status.to_dict() == {"good": "optimal", "short of power": "infeasible"}
    assert "no schedule satisfies" in table.message["short of power"]
    assert pd.isna(table.objective["short of power"])


def test_it_starts_processes_of_its_own(tmp_path):
    table = sweep(small(2), cache=tmp_path, workers=1, progress=False)
    assert (table.status == "optimal").all()


def test_killed_half_way_and_started_again_it_gives_the_same_table(tmp_path, address):
    """SIGKILL, twice: rows that were done are kept, whole, and the rest is computed."""
    cache, script = tmp_path / "cache", tmp_path / "run.py"
    script.write_text(SCRIPT)
    for wanted in (3, 8):
        process = subprocess.Popen([sys.executable, str(script), str(cache), address])
        deadline = time.monotonic() + 120
        while len(rows(cache)) < wanted and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    done = rows(cache)
    assert 8 <= len(done) < 16
    for path in done:
        assert json.loads(path.read_text())["status"] == "optimal"
    before = {path: path.read_bytes() for path in done}
    resumed = sweep(small(8), METHODS, cache=cache, cluster=address, gap=0)
    assert all(path.read_bytes() == content for path, content in before.items())
    clean = sweep(small(8), METHODS, cache=tmp_path / "clean", cluster=address, gap=0)
    times = list(TIMES)
    pd.testing.assert_frame_equal(resumed.drop(columns=times), clean.drop(columns=times))


def test_cases_of_one_process_move_one_model():
    """Proves: built once, and every row is that of a solve of its own, whatever came before."""
    _MODELS.clear()
    base = cs.generate(seed=3)
    data = base.data
    changed = [
        base,
        base.replace(carbon_budget=0.7 * float(data.carbon_budget)),
        base.replace(import_price=1.3 * data.import_price),
        base.replace(demand=0.9 * data.demand, battery_energy=1.5 * data.battery_energy),
    ]
    rows = [solve_row(instance, Way.of(gap=0.01)) for instance in changed]
    (kept,) = _MODELS.values()
    assert (kept.rebuilds, kept.updates) == (1, 3)
    for instance, row in zip(changed, rows, strict=True):
        alone = cs.solve(instance, gap=0.01)
        assert (row["objective"], row["bound"]) == (alone.objective, alone.bound)


def test_after_a_failure_the_next_case_is_built_anew():
    _MODELS.clear()
    base = cs.generate(seed=3)
    hopeless = base.replace(carbon_budget=0.0)
    rows = [solve_row(case, Way.of()) for case in (base, hopeless, base)]
    assert [row["status"] for row in rows] == ["optimal", "infeasible", "optimal"]
    assert rows[0]["objective"] == rows[2]["objective"]


@pytest.mark.parametrize("how", [{"engine": "column-generation"}, {"solver": "scip"}])
def test_engine_and_solver_are_those_asked_for(how):
    """Proves: what cannot move in place is solved afresh, by the engine and solver named."""
    _MODELS.clear()
    instance = cs.generate(2, 6, 2, 1, seed=0)
    row = solve_row(instance, Way.of(gap=1e-3, **how))
    assert row["status"] in ("optimal", "stopped") and not _MODELS
    best = cs.solve(instance, gap=1e-6).objective
    assert best - 0.01 * abs(best) <= row["objective"] <= best + 1e-3


def test_columns_take_over_from_a_case_that_stalls(monkeypatch):
    """Proves: after a tenth of the time, as in `solve`; not where the whole model is asked for."""
    instance = cs.generate(2, 12, 4, 2, seed=1)
    best, limits = cs.solve(instance, gap=0, engine="milp"), []

    def stalled(self: cs.Reoptimiser, given: cs.Instance) -> cs.Schedule:
        limits.append(self.settings.time_limit)
        return replace(best, bound=2 * abs(best.objective), status="time_limit")

    monkeypatch.setattr(cs.Reoptimiser, "solve", stalled)
    _MODELS.clear()
    by_either = solve_row(instance, Way.of(gap=0.01))
    by_one = solve_row(instance, Way.of(gap=0.01, engine="milp"))
    assert limits == [pytest.approx(12), 120.0]
    assert by_either["status"] == "optimal" and by_either["gap"] <= 0.01
    assert best.objective <= by_either["bound"] + 1e-3
    assert by_one["status"] == "time_limit" and by_one["bound"] > 1.5 * by_either["bound"]
    _MODELS.clear()


@pytest.mark.parametrize("solver", ["highs", "scip"])
def test_every_case_is_labelled_with_its_method(solver):
    """Proves: moved in place or solved afresh, the judge goes by the method that was asked for."""
    instance = cs.generate(2, 4, 1, 1, seed=0)
    for name, method in cs.METHODS.items():
        schedule = solved(instance, Way.of(name, solver=solver))
        assert schedule.method == method and str(schedule.method) == name
        assert cs.verify(instance, schedule).ok


def test_methods_and_formulations_may_be_values(tmp_path, address):
    own = cs.Method(storage="idle", carbon="none")
    stated = cs.Formulation(power="stated")
    instances = {"one": cs.generate(2, 6, 2, 1, seed=0)}
    table = sweep(
        instances, ["no_battery", own, cs.Method(storage="idle")], iter(["paper", stated]),
        cache=tmp_path, cluster=address, gap=0,
    )  # fmt: skip
    assert table[["method", "formulation"]].values.tolist() == [
        [method, formulation]
        for method in ("no_battery", "storage=idle, carbon=none")
        for formulation in ("paper", "power=stated")
    ]
    best = cs.solve(instances["one"], own, gap=0).objective
    assert table.objective.tolist()[2:] == pytest.approx([best] * 2)


def test_a_misspelt_keyword_is_named_before_any_work(tmp_path):
    instances = small(1)
    with pytest.raises(TypeError, match=r"sweep\(\) has no keyword 'gpa', did you mean 'gap'"):
        sweep(instances, cache=tmp_path, cluster="tcp://nowhere:1", gpa=0.1)
    with pytest.raises(TypeError, match=r"sweep\(\) has no keyword 'worker'"):
        sweep(instances, cache=tmp_path, cluster="tcp://nowhere:1", worker=1)
    with pytest.raises(ValueError, match="does not take the family demand_charge"):
        sweep(
            instances, families=with_own(DemandCharge()), engine="column-generation",
            cache=tmp_path, cluster="tcp://nowhere:1",
        )  # fmt: skip


def test_why_there_is_no_schedule_is_said_if_asked_for(make):
    short = make(1, 1, 0, 1, demand=10, import_limit=9)
    plain, told = (solve_row(short, Way.of(explain=explain)) for explain in (False, True))
    assert told["status"] == plain["status"] == "infeasible"
    assert "raise the import limit" in told["message"] and told["message"] != plain["message"]


FAMILY = """
import carbonsched as cs

RATE = 500.0


def rate(data):
    return RATE + 0 * data.battery_energy


class Charge(cs.Family):
    name = "demand_charge"
    decisions = (cs.Quantity("peak", ("site",), "MW", lower=0),)

    def declare(self, model, data, formulation):
        model.add_variables(lower=0, coords=cs.over(data, "site"), name="peak")

    def constrain(self, model, data, formulation):
        model.add_constraints(model["grid_import"] - model["peak"] <= 0, name="demand_charge:peak")

    def worth(self, data):
        return {"demand_charge": {"peak": -rate(data)}}
"""


def test_a_family_no_worker_can_import_travels_with_its_code(tmp_path, address, monkeypatch):
    """Proves: solved there as here; another source is another row, and the same is none."""
    monkeypatch.syspath_prepend(tmp_path)
    cache, instances = tmp_path / "cache", {"one": cs.generate(2, 6, 2, 1, seed=0)}
    objectives = []
    for name, source in (("cheap", FAMILY), ("dear", FAMILY.replace("500.0", "900.0"))):
        (tmp_path / f"{name}.py").write_text(source)
        families = with_own(importlib.import_module(name).Charge())
        table = sweep(instances, families=families, cache=cache, cluster=address, gap=0)
        here = cs.solve(instances["one"], families=families, gap=0)
        assert table.objective[0] == pytest.approx(here.objective)
        assert table.benefit_demand_charge[0] == pytest.approx(here.benefit["demand_charge"])
        objectives.append(here.objective)
        again = sweep(instances, families=families, cache=cache, cluster="tcp://nowhere:1", gap=0)
        pd.testing.assert_frame_equal(table, again)
    assert objectives[0] > objectives[1] and len(rows(cache)) == 2


def test_families_come_out_as_they_went_in():
    """Proves: in order, the paper's the very same objects, others with their attributes."""
    own = DemandCharge()
    own.remark = "mine"
    given = [own, *cs.FAMILIES]
    first, *others = unpacked(packed(given))
    assert tuple(others) == cs.FAMILIES
    assert (first.name, first.remark) == ("demand_charge", "mine")
    assert first.parameters == own.parameters


def test_cases_share_a_model_with_a_family_that_moves(make):
    _MODELS.clear()
    family = MovedDemandCharge()
    families, base = with_own(family), cs.generate(2, 6, 2, 1, seed=0)
    cases = [base, base.with_families([family], demand_rate=900.0)]
    table = [solve_row(case, Way.of(families=families, gap=0)) for case in cases]
    (kept,) = _MODELS.values()
    assert (kept.rebuilds, kept.updates) == (1, 1)
    for case, row in zip(cases, table, strict=True):
        assert row["objective"] == pytest.approx(cs.solve(case, families=families, gap=0).objective)


def test_an_engine_named_moves_in_place_as_the_chosen_one_does():
    _MODELS.clear()
    instance = cs.generate(2, 6, 2, 1, seed=0)
    named = solve_row(instance, Way.of(engine="milp"))
    chosen = solve_row(instance, Way.of())
    assert len(_MODELS) == 1 and named["objective"] == chosen["objective"]


def test_a_worker_that_dies_for_good_leaves_a_row(tmp_path, monkeypatch):
    """The future holds the error, as Dask's `KilledWorker` does."""

    def dead(*_: object) -> dict:
        raise MemoryError("the worker died")

    monkeypatch.setattr(sweeps, "solve_row", dead)
    with LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        instances = small(1)
        table = sweep(instances, cache=tmp_path, cluster=cluster.scheduler_address)
    assert list(table.status) == ["crashed"]
    assert table.message[0] == "MemoryError: the worker died"
    assert not rows(tmp_path)
