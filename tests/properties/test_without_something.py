"""Everything public on instances without something: the kinds crossed with the functions.

Each function says by an oracle of its own that what it did is right. `make test` takes every kind
and every function, and a share of the pairs of those that take long.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from distributed import LocalCluster
from hypothesis import given
from hypothesis import strategies as st
from test_app import call

import carbonsched as cs
from carbonsched import plots
from carbonsched.bounds.relaxation import relaxation_prices
from carbonsched.io.digest import digest
from carbonsched.proof.check import main as check
from carbonsched.study.scenarios import SCENARIOS

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

BATTERY = (
    "battery_energy", "battery_min", "battery_initial", "charge_limit", "discharge_limit"
)  # fmt: skip
GRID = ("import_limit", "export_limit")


def zero(*names: str) -> Callable[[cs.Instance], cs.Instance]:
    return lambda instance: instance.replace(**dict.fromkeys(names, 0.0))


def none_of(dim: str) -> Callable[[cs.Instance], cs.Instance]:
    return lambda instance: cs.Instance(instance.data.isel({dim: slice(0)}))


def one_site(instance: cs.Instance) -> cs.Instance:
    data = instance.data.isel(site=slice(1))
    held = data.it_capacity.item()
    return cs.Instance(
        data.assign(
            home=xr.full_like(data.home, data.site.values[0]),
            allowed=xr.full_like(data.allowed, True),
            latency=data.latency.clip(max=50.0),
            power=data.power.clip(max=held),
            demand=0.3 * data.demand,
        )
    )


def one_period(instance: cs.Instance) -> cs.Instance:
    data = instance.data.isel(time=slice(1))
    only = data.time.values[0]
    return cs.Instance(
        data.assign(
            release=xr.full_like(data.release, only),
            deadline=xr.full_like(data.deadline, only),
            duration=xr.full_like(data.duration, 1),
        )
    )


def island(instance: cs.Instance) -> cs.Instance:
    return zero(*GRID)(instance).replace(generation_available=1.5 * instance.data.it_capacity)


WITHOUT: dict[str, Callable[[cs.Instance], cs.Instance]] = {
    "jobs": none_of("job"),
    "services": none_of("service"),
    "batteries": zero(*BATTERY),
    "generation": zero("generation_available"),
    "demand": zero("demand"),
    "carbon limit": lambda instance: instance.replace(carbon_budget=math.inf),
    "a second site": one_site,
    "a second period": one_period,
    "a grid": island,
    "export": zero("export_limit"),
}
KINDS = {
    **{name: (name,) for name in WITHOUT},
    "jobs and services": ("jobs", "services"),
    "all but one of each": ("a second site", "a second period"),
    "anything": ("jobs", "services", "batteries", "a second site", "a second period", "a grid"),
}
LABELS = ("numbers", "timestamps")


def made(without: tuple[str, ...], labels: str, seed: int = 7) -> cs.Instance:
    """Return a small instance without some things, its periods numbers or timestamps."""
    instance = cs.generate(2, 4, 2, 2, seed=seed, utilisation=0.5, budget_share=2.0)
    for name in without:
        instance = WITHOUT[name](instance)
    if labels == "numbers":
        return instance
    data = instance.data
    times = pd.date_range("2025-03-01", periods=data.sizes["time"], freq="h").to_numpy()
    ends = {name: ("job", times[data[name].values]) for name in ("release", "deadline")}
    return cs.Instance(data.assign_coords(time=times).assign(ends))


@cache
def case(kind: str, labels: str) -> tuple[cs.Instance, cs.Schedule]:
    """Return an instance of a kind, and its optimum."""
    instance = made(KINDS[kind], labels)
    return instance, cs.solve(instance, gap=0)


def same(value: float) -> object:
    return pytest.approx(value, rel=1e-6, abs=1e-4)


# ------------------------------------------------------------- what is tried, each with its oracle


def the_same_from_disk(instance: cs.Instance, path: Path) -> None:
    again = cs.load(instance.save(path))
    xr.testing.assert_identical(again.data, instance.data)
    assert digest(again) == digest(instance)


def in_a_folder(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    the_same_from_disk(instance, folder / "instance")


def in_netcdf(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    the_same_from_disk(instance, folder / "instance.nc")


def a_schedule_in_a_file(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    again = cs.Schedule.load(schedule.save(folder / "schedule.nc"))
    xr.testing.assert_identical(again.data, schedule.data)
    assert again.summary() == schedule.summary() and json.dumps(again.summary())
    assert cs.verify(instance, again).ok and repr(again)


def the_scenarios(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    """Nothing is added to what is not there, and what is there changes by its factor."""
    changed = {name: scenario(instance).data for name, scenario in SCENARIOS.items()}
    data = instance.data
    xr.testing.assert_identical(changed["base"], data)
    assert changed["peak_demand"].demand.sizes == data.demand.sizes
    rise = (changed["peak_demand"].demand / data.demand).values[data.demand.values > 0]
    assert set(rise.round(9)) <= {1.0, 1.4}
    for scenario, name, factor in (
        ("training_dominant", "demand", 0.5),
        ("inference_dominant", "power", 0.5),
        ("generation_rich", "generation_available", 2),
        ("battery_rich", "battery_energy", 3),
    ):
        np.testing.assert_allclose(changed[scenario][name], factor * data[name])
    the_same_from_disk(cs.Instance(changed["peak_demand"]), folder / "peak_demand")


def the_figures(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    plt.switch_backend("Agg")
    drawn = {
        "dispatch": plots.dispatch(instance, schedule),
        "gantt": plots.gantt(instance, schedule),
        "benefit": plots.stacked_benefit({"joint": schedule}),
        "budget": plots.budget(instance, schedule),
        "prices": plots.prices(instance),
        "flows": plots.flows(instance, schedule),
    }
    for name, figure in drawn.items():
        figure.savefig(folder / f"{name}.png", dpi=20)
    sites, jobs = instance.data.site.values, instance.data.job.values
    assert [axis.get_title() for axis in drawn["dispatch"].axes if axis.axison] == list(sites)
    labels = [
        text.get_text().partition(" ")[0] for text in drawn["gantt"].axes[0].get_yticklabels()
    ]
    assert sorted(labels) == sorted(jobs)
    (marked,) = [a for a in drawn["benefit"].axes[0].lines if a.get_label() == "objective"]
    assert marked.get_xdata()[0] * 1e3 == same(schedule.objective)
    assert all(axis.get_ylabel() for name in ("gantt", "budget") for axis in drawn[name].axes)
    top = max(line.get_ydata().max() for line in drawn["budget"].axes[0].lines[:1])
    assert top == same(schedule.emissions)
    for kind in plots.KINDS:
        assert "nan" not in plots.alt(kind, instance, schedule)
    plt.close("all")


def what_is_handed_on(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    """Energy adds up, nothing changes from a schedule to itself, and every format is written."""
    by_site = cs.energy(instance, schedule)
    assert by_site.emissions.sum() == same(schedule.emissions)
    trade = [schedule.benefit.get(n, 0.0) for n in ("import", "export", "generation", "battery")]
    assert -by_site.cost.sum() == same(sum(trade))
    change = cs.compare(instance, schedule, schedule)
    assert not change.moved.size and not change.terms.change.any() and not change.hours.any().any()
    dated = instance.data.indexes["time"].dtype.kind == "M"
    for end in ("csv", "xlsx", "parquet", "json", *(["ics"] if dated else [])):
        assert cs.export(instance, schedule, folder / f"handed-on.{end}").stat().st_size
    for table in ("jobs", "inference"):
        cs.export(instance, schedule, folder / "handed-on.csv", table)


def the_diagnosis(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    """It says what a solve says, of the instance and of one that may have no schedule."""
    assert cs.diagnose(instance).feasible
    hard = instance.replace(carbon_budget=0.0, required=True)
    diagnosis = cs.diagnose(hard)
    try:
        cs.solve(hard)
    except cs.InfeasibleError as error:
        assert not diagnosis.feasible
        assert str(error.diagnosis) == str(diagnosis) and "carbon" in str(diagnosis)
    else:
        assert diagnosis.feasible


def a_certificate(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    certificate = cs.certify(instance, schedule)
    certificate.save(folder / "proof.json")
    again = cs.Certificate.load(folder / "proof.json")
    again.check(instance)
    assert again.feasible and again.bound >= again.objective
    assert float(again.objective) == same(schedule.objective)
    assert check([str(folder / "proof.json"), str(instance.save(folder / "instance.nc"))]) == 0


def rolled(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    """One window is the optimum, and several are a schedule, the same when taken up again."""
    whole = cs.roll(instance, window=99, step=1, gap=0)
    assert whole.objective == same(schedule.objective)
    longest = int(instance.data.duration.max(initial=1)) if instance.data.sizes["job"] else 1
    window = min(3, instance.data.sizes["time"])
    if longest == 1 or window > longest:
        parts = cs.roll(instance, window=window, step=1, gap=0, folder=folder)
        again = cs.roll(instance, window=window, step=1, gap=0, folder=folder)
        assert parts.objective <= schedule.objective + 1e-3
        xr.testing.assert_identical(again.data, parts.data)


def solved_again(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    again = cs.Reoptimiser(gap=0)
    assert again.solve(instance).objective == same(schedule.objective)
    dearer = instance.replace(import_price=instance.data.import_price + 5.0)
    assert again.solve(dearer).objective == same(cs.solve(dearer, gap=0).objective)
    assert again.solve(instance).objective == same(schedule.objective)


def by_columns(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    found = cs.solve(instance, engine="column-generation", gap=1e-3)
    slack = 1e-6 * max(abs(schedule.objective), 1.0)
    assert found.objective - slack <= schedule.objective <= found.bound + slack


def as_the_paper_states_it(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    assert cs.solve(instance, formulation="paper", gap=0).objective == same(schedule.objective)
    assert cs.build(instance).variables.nvars <= cs.build(instance, "paper").variables.nvars


def its_prices(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    prices = relaxation_prices(instance)
    assert float(prices.bound) >= schedule.objective - 1e-3
    assert np.isfinite(prices.power_price).all() and prices.carbon_price >= 0


def its_table(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    table = cs.table(instance, gap=0)
    assert table.objective["joint"] == same(schedule.objective)
    solved = table.objective.dropna()
    assert (solved <= schedule.objective + 1e-3).drop("no_carbon", errors="ignore").all()
    assert set(table.status[table.objective.isna()]) <= {"infeasible"}


def the_command_line(instance: cs.Instance, schedule: cs.Schedule, folder: Path) -> None:
    given, out = instance.save(folder / "instance"), folder / "day.nc"
    assert call("info", given).exit_code == 0
    assert call("solve", given, "--out", out, "--gap", 0).exit_code == 0
    assert json.loads((folder / "day.json").read_text())["objective"] == same(schedule.objective)
    assert call("verify", given, out).exit_code == 0
    assert call("diagnose", given).exit_code == 0
    assert call("certify", given, out, "--out", folder / "proof.json").exit_code == 0
    assert call("table", given, "--out", folder / "table.csv").exit_code == 0
    assert list(pd.read_csv(folder / "table.csv").iloc[:, 0]) == list(cs.METHODS)


ALWAYS = (in_a_folder, in_netcdf, a_schedule_in_a_file)  # a tenth of a second each
IN_TURN = (
    the_scenarios, the_figures, the_diagnosis, a_certificate, rolled, solved_again, by_columns,
    as_the_paper_states_it, its_prices, its_table, the_command_line, what_is_handed_on,
)  # fmt: skip


def pairs() -> Iterator[object]:
    """Yield every combination; each function that takes long is short for two of them."""
    for k, (kind, labels) in enumerate(itertools.product(KINDS, LABELS)):
        for f, function in enumerate((*ALWAYS, *IN_TURN)):
            long = function in IN_TURN and (k + 5 * f) % 13 != 0
            marks = [pytest.mark.long] * long
            name = f"{function.__name__}-without {kind}-{labels}"
            yield pytest.param(kind, labels, function, marks=marks, id=name)


@pytest.mark.parametrize(("kind", "labels", "function"), list(pairs()))
def test_works_without(kind, labels, function, tmp_path):
    function(*case(kind, labels), tmp_path)


# ------------------------------------------------------------------- many at once, and none at all


def test_one_model_goes_from_any_kind_to_any_other():
    again = cs.Reoptimiser(gap=0)
    for kind in KINDS:
        instance, schedule = case(kind, LABELS[len(kind) % 2])
        assert again.solve(instance).objective == same(schedule.objective)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


def test_a_sweep_has_a_row_for_every_kind(address, tmp_path):
    cases = {kind: case(kind, LABELS[len(kind) % 2]) for kind in KINDS}
    instances = {kind: instance for kind, (instance, _) in cases.items()}
    table = cs.sweep(instances, cache=tmp_path, cluster=address, gap=0, progress=False)
    assert list(table.instance) == list(KINDS)
    np.testing.assert_allclose(
        table.objective, [schedule.objective for _, schedule in cases.values()], atol=1e-3
    )


@pytest.mark.parametrize("of", ["none", "no method", "none solved"])
def test_a_sweep_without_a_result_has_its_columns(of, address, tmp_path):
    given = {"none": {}, "no method": {"a": cut_off()}, "none solved": {"a": cut_off()}}[of]
    methods = () if of == "no method" else ("joint",)
    table = cs.sweep(given, methods, cache=tmp_path, cluster=address, progress=False)
    assert list(table.status) == ["infeasible"] * (of == "none solved")
    for name in ("instance", "method", "objective", "emissions", "bound", "gap", "jobs", "runtime"):
        assert table[name].isna().sum() == (len(table) if name not in ("instance", "method") else 0)


def test_a_figure_of_no_schedule_is_empty():
    plt.switch_backend("Agg")
    axis = plots.stacked_benefit({}).axes[0]
    assert not [bar for bar in axis.patches if bar.get_height()]
    plt.close("all")


# ----------------------------------------------------------------------------- without any schedule


def cut_off() -> cs.Instance:
    """Return an instance with demand, and neither a grid nor generation."""
    return zero(*GRID, "generation_available")(made((), "timestamps"))


@pytest.mark.parametrize(
    "attempt",
    [
        cs.solve,
        lambda instance: cs.solve(instance, engine="column-generation"),
        lambda instance: cs.solve(instance, "energy_only"),
        lambda instance: cs.solve(instance, formulation="paper"),
        lambda instance: cs.Reoptimiser().solve(instance),
        lambda instance: cs.roll(instance, window=4, step=1),
        relaxation_prices,
    ],
    ids=["milp", "columns", "fixed workload", "paper", "again", "roll", "relaxation"],
)
def test_what_has_no_schedule_is_infeasible_by_every_way(attempt):
    with pytest.raises(cs.InfeasibleError):
        attempt(cut_off())


def test_without_power_the_diagnosis_and_the_command_line_say_so(tmp_path):
    diagnosis = cs.diagnose(cut_off())
    assert not diagnosis.feasible and "import limit" in str(diagnosis)
    assert set(cs.table(cut_off()).status) == {"infeasible"}
    given = cut_off().save(tmp_path / "instance")
    expected = {"info": 0, "diagnose": 1, "solve": 1, "table": 0}
    for command, code in expected.items():
        out = ["--out", tmp_path / "day.nc"] if command == "solve" else []
        result = call(command, given, *out)
        assert result.exit_code == code, result.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["instance"]


# ----------------------------------------------------------------------- properties of both formats


@given(
    without=st.sets(st.sampled_from(list(WITHOUT)), max_size=5),
    labels=st.sampled_from(LABELS),
    seed=st.integers(0, 10_000),
)
def test_any_combination_survives_both_formats_and_the_scenarios(
    without, labels, seed, tmp_path_factory
):
    instance, folder = made(tuple(sorted(without)), labels, seed), tmp_path_factory.mktemp("any")
    the_same_from_disk(instance, folder / "instance.nc")
    the_scenarios(instance, None, folder)


@pytest.mark.parametrize("labels", LABELS)
def test_empty_arrays_of_any_type_are_as_good_as_typed_ones(labels, tmp_path):
    """`[]` has floats for labels and values, in xarray as in NumPy."""
    typed = made(("jobs", "services"), labels)
    data = typed.data.drop_vars(
        [n for n, a in typed.data.items() if {"job", "service"} & {*a.dims}]
    )
    data = data.drop_vars(["job", "service"]).assign_coords(job=[], service=[])
    for name in set(typed.data) - set(data):
        dims = typed.data[name].dims
        data[name] = (dims, np.zeros([typed.data.sizes[d] for d in dims]))
    instance = cs.Instance(data)
    xr.testing.assert_identical(instance.data, typed.data)
    the_same_from_disk(instance, tmp_path / "instance")


def test_the_example_without_jobs_is_saved_and_read_again(default, tmp_path):
    """Timestamps of no job are a column all the same."""
    instance = cs.Instance(default.data.isel(job=slice(0)))
    for path in (tmp_path / "x", tmp_path / "x.nc"):
        the_same_from_disk(instance, path)
    assert (tmp_path / "x" / "job.csv").read_text().splitlines()[1:] == []
