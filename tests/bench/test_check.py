"""A submission is accepted by proof alone: what is forged, or claimed beyond proof, is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import carbonsched as cs
from carbonsched.bench.check import check, judged
from carbonsched.bench.run import contradicting_prices, run
from carbonsched.bench.submission import Submission, SubmissionError
from carbonsched.core.schema import DECISIONS, PRICES
from carbonsched.io import write_netcdf
from carbonsched.proof.no_schedule import least_benefit, without_schedule
from carbonsched.proof.rational import exact_data

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def instance() -> cs.Instance:
    return cs.generate(2, 6, 2, 2, seed=3)


@pytest.fixture(scope="module")
def best(instance) -> cs.Schedule:
    return cs.solve(instance, gap=0, formulation="paper")


@pytest.fixture(scope="module")
def honest(instance, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("honest") / "one"
    run("two-sites", instance, "highs-start", folder, gap=0, by="A. Name")
    return folder


@pytest.fixture
def copy(honest, tmp_path) -> Path:
    return shutil.copytree(honest, tmp_path / "copy")


def test_round_trip(instance, best, honest):
    proved = check(honest, instance)
    assert proved.value <= Fraction(best.objective) + Fraction(1, 100)
    assert proved.bound >= Fraction(best.objective) - Fraction(1, 100)
    assert float(proved.value) == pytest.approx(best.objective, rel=1e-6)
    said = Submission.read(honest)
    assert (said.value, said.bound, said.by) == (proved.value, proved.bound, "A. Name")


def test_without_a_certificate_the_bound_is_open(instance, copy):
    (copy / "certificate.json").unlink()
    edit(copy, "bound", None)
    proved = check(copy, instance)
    assert proved.bound is None and proved.value is not None
    assert proved.gap == np.inf and "open" in str(proved)


def test_prices_alone_bound(instance, best, copy):
    prices = cs.Certificate.load(copy / "certificate.json").prices
    of = {dim: instance.data[dim] for dim in prices.dims}
    write_netcdf(prices.assign_coords(of), copy / "prices.nc")
    with_certificate = check(copy, instance).bound
    (copy / "certificate.json").unlink()
    (copy / "schedule.nc").unlink()
    edit(copy, "value", None)
    proved = check(copy, instance)
    assert (proved.value, proved.bound, proved.outcome) == (None, with_certificate, "bound")


def edit(folder: Path, name: str, value: object) -> None:
    """Write what a submission says anew, with one thing changed."""
    replace(Submission.read(folder), **{name: value}).write(folder)


def decide(name: str, change: Callable[[xr.DataArray], xr.DataArray]) -> Callable[[Path], None]:
    def forge(folder: Path) -> None:
        schedule = cs.Schedule.load(folder / "schedule.nc")
        changed = change(schedule.data[name].astype(float)).transpose(*schedule.data[name].dims)
        data = schedule.data.assign({name: changed})
        replace(schedule, data=data).save(folder / "schedule.nc")

    return forge


def state(**slots: object) -> Callable[[Path], None]:
    def forge(folder: Path) -> None:
        schedule = cs.Schedule.load(folder / "schedule.nc")
        replace(schedule, **slots).save(folder / "schedule.nc")

    return forge


def relabelled(folder: Path) -> None:
    schedule = cs.Schedule.load(folder / "schedule.nc")
    data = schedule.data.assign_coords(job=["a", "b"])
    replace(schedule, data=data).save(folder / "schedule.nc")


def earning_more(folder: Path) -> None:
    schedule = cs.Schedule.load(folder / "schedule.nc")
    term = next(iter(schedule.benefit))
    benefit = schedule.benefit | {term: schedule.benefit[term] + 1000.0}
    replace(schedule, benefit=benefit).save(folder / "schedule.nc")


def certify_otherwise(name: str, value: str) -> Callable[[Path], None]:
    def forge(folder: Path) -> None:
        document = json.loads((folder / "certificate.json").read_text())
        assert name in document
        document[name] = value
        (folder / "certificate.json").write_text(json.dumps(document))

    return forge


def of_another(folder: Path) -> None:
    other = cs.generate(1, 2, 0, 1)
    cs.certify(other, cs.solve(other)).save(folder / "certificate.json")


def of_another_method(folder: Path) -> None:
    one = cs.generate(2, 6, 2, 2, seed=3)
    schedule = cs.solve(one, method="no_battery")
    cs.certify(one, schedule).save(folder / "certificate.json")


def priced_elsewhere(folder: Path) -> None:
    prices = cs.Certificate.load(folder / "certificate.json").prices
    write_netcdf(prices.assign_coords(site=["x", "y"]), folder / "prices.nc")


def say(line: str) -> Callable[[Path], None]:
    def forge(folder: Path) -> None:
        about = folder / "submission.toml"
        key = line.partition(" ")[0]
        kept = [row for row in about.read_text().splitlines() if not row.startswith(f"{key} ")]
        about.write_text("\n".join([line, *kept]))

    return forge


FORGERIES = {
    "every start": (decide("start", lambda start: start * 0 + 1.0), "schedule.nc: "),
    "half a job": (decide("start", lambda start: 0.5 * start), "schedule.nc: "),
    "demand half served": (decide("route", lambda route: 0.5 * route), "schedule.nc: (11)"),
    "more sun": (decide("generate", lambda g: g + 1000.0), "schedule.nc: (4)"),
    "a battery from nowhere": (decide("soc", lambda soc: soc + 1000.0), "schedule.nc: (13)"),
    "import below zero": (decide("grid_import", lambda g: g - 1000.0), "schedule.nc: "),
    "no number": (decide("charge", lambda c: c * np.nan), "not a number"),
    "other labels": (relabelled, "labels of job differ"),
    "more than it earns": (earning_more, "schedule.nc: (1)"),
    "emits nothing": (state(emissions=-1.0), "schedule.nc: "),
    "no schedule": (lambda folder: (folder / "schedule.nc").write_bytes(b"x"), "schedule.nc: "),
    "a lower bound": (certify_otherwise("bound", "1.5"), "certificate.json: bound is stated"),
    "a higher value": (certify_otherwise("objective", "1e9"), "certificate.json: "),
    "another instance's": (of_another, "certificate.json: made for another instance"),
    "another method's": (of_another_method, "of the method no_battery"),
    "no certificate": (
        lambda folder: (folder / "certificate.json").write_text("{}"),
        "certificate.json: ",
    ),
    "prices of others": (priced_elsewhere, "prices.nc: labels of site differ"),
    "claimed value": (say("value = 1e9"), "a value of 1000000000 is claimed, proved is"),
    "claimed bound": (say("bound = 1.0"), "a bound of 1 is claimed, proved is"),
    "claimed that there is none": (say("infeasible = true"), "schedule.nc: not with a claim"),
    "another folder": (say('instance = "../elsewhere"'), "instance: expected small letters"),
    "no number of seconds": (say("seconds = nan"), "seconds: expected a number"),
    "a key of one's own": (say("score = 5"), "score: unknown"),
    "control characters": (say('by = "a\\u001b[2J"'), "by: expected one line"),
    "another file": (lambda folder: (folder / "run.sh").write_text("x"), "run.sh: no part"),
}


OF_SCHEDULES = ("no number", "other labels")


@pytest.mark.parametrize("name", FORGERIES)
def test_forgeries_are_refused(instance, copy, name):
    forge, told = FORGERIES[name]
    forge(copy)
    if "schedule.nc" not in told and name not in OF_SCHEDULES:  # then it need not be read
        (copy / "schedule.nc").unlink()
    with pytest.raises(SubmissionError) as refused:
        check(copy, instance)
    assert any(told in fault for fault in refused.value.faults), refused.value.faults


def test_every_fault_is_told(instance, copy):
    for name in ("demand half served", "a lower bound", "claimed value", "another file"):
        FORGERIES[name][0](copy)
    with pytest.raises(SubmissionError) as refused:
        check(copy, instance)
    for name in ("demand half served", "a lower bound", "another file"):
        assert any(FORGERIES[name][1] in fault for fault in refused.value.faults)


def test_a_method_without_a_budget_is_held_to_it(tmp_path):
    free = cs.generate(2, 6, 2, 2, seed=3)
    loose = cs.solve(free, method="no_carbon", gap=0)
    tight = free.replace(carbon_budget=0.9 * loose.emissions)
    run("two-sites", free, "highs-start", tmp_path / "one", gap=0)
    loose.save(tmp_path / "one" / "schedule.nc")
    with pytest.raises(SubmissionError, match=r"schedule.nc: \(16\)"):
        check(tmp_path / "one", tight)


CELLS = st.tuples(
    st.sampled_from(sorted(DECISIONS)),
    st.integers(0, 10**6),
    st.sampled_from([-50.0, -1.0, -1e-4, 1e-9, 1e-3, 1.0, 50.0]),
)


@settings(max_examples=25, deadline=None)
@given(changes=st.lists(CELLS, min_size=1, max_size=3))
def test_what_is_accepted_never_earns_more_than_the_optimum(instance, best, changes):
    """Whatever is done to decisions, what a check states as earned can be earned."""
    data = best.data.astype(float).copy(deep=True)
    for name, at, amount in changes:
        flat = data[name].values.reshape(-1)
        flat[at % flat.size] += amount
    earned, missed, faults = judged(replace(best, data=data), instance)
    assert (earned is None) == bool(missed or faults)
    assert earned is None or earned[0] <= Fraction(best.bound) + Fraction(1, 100)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([1.0, 100.0, 1e6]))
def test_any_prices_bound_and_none_rule_out_a_schedule_that_there_is(instance, best, seed, spread):
    rng = np.random.default_rng(seed)
    sizes = instance.data.sizes
    prices = xr.Dataset(
        {
            name: (dims, rng.normal(0, spread, [sizes[dim] for dim in dims]))
            for name, dims in PRICES.items()
        },
        {dim: instance.data[dim] for dim in ("site", "time")},
    )
    assert not without_schedule(instance, prices)
    assert least_benefit(exact_data(instance.data)) <= Fraction(best.objective)


def test_least_benefit_by_hand(make):
    """One site, two periods: 5 MW bought at 60 at most, and a job that costs 20 USD to start."""
    data = make(1, 2, 1, 0).data
    zero = ("export_limit", "generation_available", "charge_limit", "discharge_limit")
    data = data.assign({name: xr.zeros_like(data[name]) for name in zero})
    data = data.assign(
        it_capacity=xr.full_like(data.it_capacity, 10.0),
        import_limit=xr.full_like(data.import_limit, 5.0),
        import_price=xr.full_like(data.import_price, 60.0),
        reward=xr.full_like(data.reward, 10.0),
        startup_cost=xr.full_like(data.startup_cost, 30.0),
        required=xr.full_like(data.required, False),
        step_hours=0.5,
    )
    assert least_benefit(exact_data(cs.Instance(data).data)) == -20 - 0.5 * 2 * 5 * 60


def test_that_there_is_no_schedule_is_proved(instance, tmp_path):
    none = instance.replace(carbon_budget=0.0)
    proved = run("two-sites", none, "highs-start", tmp_path / "none")
    assert proved.infeasible and str(proved) == "no schedule"
    assert (tmp_path / "none" / "prices.nc").exists()
    with pytest.raises(SubmissionError, match="proves nothing"):
        check(tmp_path / "none", instance)  # which has one
    (tmp_path / "none" / "prices.nc").unlink()
    assert str(check(tmp_path / "none", none)) == "no schedule: claimed, not proved"


def test_prices_that_contradict_nothing_prove_nothing(instance):
    assert not without_schedule(instance, contradicting_prices(instance))
    assert contradicting_prices(instance.replace(carbon_budget=np.inf)) is None


def test_a_folder_that_is_there_is_not_replaced(instance, copy):
    before = {path.name: path.read_bytes() for path in copy.iterdir()}
    with pytest.raises(FileExistsError, match="give another name"):
        run("two-sites", instance, "highs-start", copy)
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == before


BLOCKED = """
import sys
for name in ("linopy", "highspy", "gurobipy", "pyscipopt"):
    sys.modules[name] = None  # importing it raises ImportError
from pathlib import Path
from carbonsched.bench.check import check
from carbonsched.bench.recipe import made, recipes
from carbonsched.io.store import load
made(recipes()["day-2023-02-15"])
print(check(Path(sys.argv[1]), load(sys.argv[2])))
"""


def test_a_check_needs_no_solver(instance, honest, tmp_path):
    given = [str(honest), str(instance.save(tmp_path / "given.nc"))]
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, *given], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(check(honest, instance))
