"""Each check of the verifier fires on a schedule broken in just that way."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.core.schema import DECISIONS
from carbonsched.judge.report import Check


def test_a_sound_schedule_passes(rich):
    instance, schedule = rich
    report = cs.verify(instance, schedule)
    assert report.ok and not report.broken
    assert {equation for check in report.checks for equation in check.equation.split(",")} >= {
        str(k) for k in range(1, 17)
    }


def first(mask: xr.DataArray) -> dict:
    """Return the position of the first true entry."""
    return dict(zip(mask.dims, np.argwhere(mask.values)[0], strict=True))


def bump(data: xr.Dataset, name: str, by: float, where: xr.DataArray | None = None) -> None:
    """Add to one entry of a decision."""
    at = first(data[name] == data[name] if where is None else where)
    values = data[name].astype(float)
    values[at] = values[at] + by
    data[name] = values


def extra_run(p, d):
    """A job runs on a second site while it runs on its first."""
    at = first(d.run == 1)
    at["site"] = (at["site"] + 1) % p.sizes["site"]
    values = d.run.copy()
    values[at] = 1
    d["run"] = values


def second_start(p, d):
    bump(d, "start", 1, (d.start == 0) & (d.start.sum(["site", "time"]) == 1))


def outside_window(p, d):
    """A whole run is moved so that it begins one period before the job's release."""
    late = p.job[(p.release > 0).values & (d.start.sum(["site", "time"]) > 0).values][0]
    begin = int(d.start.sel(job=late).any("site").argmax("time"))
    shift = begin - int(p.release.sel(job=late)) + 1
    for name in ("run", "start", "stop"):
        values = d[name].copy()
        values.loc[{"job": late}] = np.roll(values.sel(job=late).values, -shift, axis=-1)
        d[name] = values


def forbidden_site(p, d):
    job, site = np.argwhere(~p.allowed.values)[0]
    for name in ("run", "start", "stop"):
        values = d[name].copy()
        moved = values[job].sum("site")
        values[job] = 0
        values[job, site] = moved
        d[name] = values


def interrupted(p, d):
    """A job of several periods pauses in the middle and makes up for it after its end."""
    job = int(np.flatnonzero((p.duration > 2).values & d.start.any(["site", "time"]).values)[0])
    site, begin = np.argwhere(d.start[job].values)[0]
    length = int(p.duration[job])
    values = d.run.copy()
    values[job, site, begin + 1] = 0
    values[job, site, begin + length if begin + length < p.sizes["time"] else begin - 1] = 1
    d["run"] = values


def longer(p, d):
    ended = (d.stop == 1) & (d.run == 0)
    bump(d, "run", 1, ended)


def both_ways(p, d):
    for name in ("importing", "exporting"):
        d[name] = xr.ones_like(d[name])


def circular(p, d, one="charge", other="discharge"):
    """Let equal powers go in and out, which the balance does not see."""
    idle = d[one] == 0
    for name in (one, other):
        bump(d, name, 3.0, idle)


def too_far(p, d):
    """Move demand from a near to a far site."""
    far = (p.latency > p.latency_limit).broadcast_like(d.route).transpose(*d.route.dims)
    at = first(far)
    values = d.route.copy()
    served = values[{k: v for k, v in at.items() if k != "site"}]
    donor = dict(at, site=int(served.argmax("site")))
    values[at] = values[donor]
    values[donor] = 0.0
    d["route"] = values


CORRUPTIONS = {
    ("2", "IT power of the workload"): lambda p, d: bump(d, "it_power", 1.0),
    ("2", "IT capacity"): lambda p, d: bump(d, "it_power", 1e3),
    ("3", "facility power"): lambda p, d: bump(d, "facility_power", 1.0),
    ("4", "power balance"): lambda p, d: bump(d, "generate", -0.5, d.generate > 1),
    ("4", "generation available"): lambda p, d: bump(d, "generate", 1e3),
    ("4", "generation not negative"): lambda p, d: bump(d, "generate", -1e3),
    ("5", "grid_import within its limit"): lambda p, d: bump(d, "grid_import", 1e3),
    ("5", "grid_import not negative"): lambda p, d: bump(d, "grid_import", -1e3),
    ("5", "importing is 0 or 1"): lambda p, d: bump(d, "importing", 0.4, d.importing == 0),
    ("6", "grid_export within its limit"): lambda p, d: bump(d, "grid_export", 1e3),
    ("6", "grid_export not negative"): lambda p, d: bump(d, "grid_export", -1e3),
    ("6", "exporting is 0 or 1"): lambda p, d: bump(d, "exporting", 0.4, d.exporting == 0),
    ("7", "importing or exporting, not both"): both_ways,
    ("7", "import or export, not both"): lambda p, d: circular(p, d, "grid_import", "grid_export"),
    ("8", "one site at a time"): extra_run,
    ("8", "started at most once"): second_start,
    ("8", "runs within its window"): outside_window,
    ("8", "runs on allowed sites"): forbidden_site,
    ("8", "run is 0 or 1"): lambda p, d: bump(d, "run", -0.5, d.run == 1),
    ("8", "start is 0 or 1"): lambda p, d: bump(d, "start", -0.5, d.start == 1),
    ("8", "stop is 0 or 1"): lambda p, d: bump(d, "stop", -0.5, d.stop == 1),
    ("9", "run changes by start and stop"): lambda p, d: bump(d, "stop", -1, d.stop == 1),
    ("10", "runs without a break"): interrupted,
    ("10", "runs exactly its duration"): longer,
    ("11", "demand served"): lambda p, d: bump(d, "route", -0.1, d.route > 1),
    ("11", "route not negative"): lambda p, d: bump(d, "route", -1e3),
    ("12", "latency"): too_far,
    ("13", "state of charge"): lambda p, d: bump(d, "soc", 1.0),
    ("13", "final state of charge"): lambda p, d: d.update({"soc": d.soc - 50}),
    ("14", "battery not below its minimum"): lambda p, d: bump(d, "soc", -1e3),
    ("14", "battery not above its energy"): lambda p, d: bump(d, "soc", 1e4),
    ("15", "charge within its limit"): lambda p, d: bump(d, "charge", 1e3),
    ("15", "charge not negative"): lambda p, d: bump(d, "charge", -1e3),
    ("15", "discharge within its limit"): lambda p, d: bump(d, "discharge", 1e3),
    ("15", "discharge not negative"): lambda p, d: bump(d, "discharge", -1e3),
    ("15", "charge or discharge, not both"): circular,
}


@pytest.mark.parametrize(("broken", "corrupt"), CORRUPTIONS.items(), ids=map(str, CORRUPTIONS))
def test_each_check_fires(rich, broken, corrupt):
    instance, schedule = rich
    data = schedule.data.copy(deep=True)
    corrupt(instance.data, data)
    found = {(check.equation, check.row): check for check in cs.verify(
        instance, replace(schedule, data=data)
    ).broken}  # fmt: skip
    assert broken in found
    assert found[broken].worst > 0 and found[broken].label


@pytest.mark.parametrize("value", [-128, -1, 2, 127])
@pytest.mark.parametrize("name", ["run", "start", "stop", "importing"])
def test_bytes_that_are_no_binary_are_found(rich, name, value):
    """Proves: none wraps around, whatever is reckoned with it."""
    instance, schedule = rich
    data = schedule.data.copy(deep=True)
    assert data[name].dtype == np.int8
    data[name].values.flat[0] = value
    broken = {c.row: c for c in cs.verify(instance, replace(schedule, data=data)).broken}
    found = broken[f"{name} is 0 or 1"]
    assert found.worst == min(abs(value), abs(value - 1)) and found.label


def test_every_check_has_its_corruption(rich):
    elsewhere = {
        ("1", "objective as claimed"),
        ("16", "emissions as claimed"),
        ("16", "carbon budget"),
    }
    checks = {(check.equation, check.row) for check in cs.verify(*rich).checks}
    assert checks == set(CORRUPTIONS) | elsewhere


@pytest.mark.parametrize(
    ("claim", "row"),
    [("objective", "objective as claimed"), ("emissions", "emissions as claimed")],
)
def test_false_claims_are_caught(rich, claim, row):
    instance, schedule = rich
    claims = {"objective": schedule.objective, "emissions": schedule.emissions}
    claims[claim] *= 1.001
    report = cs.verify(
        instance, SimpleNamespace(data=schedule.data, method=schedule.method, families=(), **claims)
    )
    assert [check.row for check in report.broken] == [row]


def test_a_missed_budget_is_caught(rich):
    instance, schedule = rich
    tight = instance.replace(carbon_budget=schedule.emissions - 1)
    (check,) = cs.verify(tight, schedule).broken
    assert (check.equation, check.row) == ("16", "carbon budget")
    assert check.worst == pytest.approx(1, rel=1e-3) and check.unit == "tCO2e"


@pytest.mark.parametrize("name", DECISIONS)
def test_a_value_that_is_no_number_is_caught(rich, name):
    instance, schedule = rich
    data = schedule.data.copy(deep=True)
    values = data[name].astype(float)
    values[first(values == values)] = np.nan
    data[name] = values
    assert not cs.verify(instance, replace(schedule, data=data)).ok


def test_decisions_over_other_labels_are_caught(rich):
    """A missing site must not vanish in an inner join."""
    instance, schedule = rich
    for data in (
        schedule.data.isel(site=slice(1, None)),
        schedule.data.drop_vars("soc"),
        schedule.data.assign_coords(time=schedule.data.time + 1),
        schedule.data.assign(soc=schedule.data.soc.isel(time=0, drop=True)),
    ):
        assert not cs.verify(instance, replace(schedule, data=data)).ok


def test_a_generous_limit_hides_nothing():
    """Rows are judged by their flows: a limit of a million MW must not blunt the check."""
    instance = cs.generate(seed=0)
    instance = instance.replace(import_limit=1e6, export_limit=0.0, charge_limit=1e6)
    schedule = cs.solve(instance)
    for name, by in (("grid_import", -9.0), ("charge", -9.0)):
        data = schedule.data.copy(deep=True)
        bump(data, name, by, data[name] == 0)
        rows = {check.row for check in cs.verify(instance, replace(schedule, data=data)).broken}
        assert f"{name} not negative" in rows
    with_bools = schedule.data.assign({n: schedule.data[n].astype(bool) for n in ("run", "start")})
    assert cs.verify(instance, replace(schedule, data=with_bools)).ok


def test_the_report_reads_well_and_raises(rich):
    instance, schedule = rich
    data = schedule.data.copy(deep=True)
    bump(data, "soc", 1.0)
    report = cs.verify(instance, replace(schedule, data=data))
    assert "(13) state of charge: broken by 1 MWh at site=site-1, time=" in str(report)
    assert list(report.table.columns) == ["equation", "row", "worst", "unit", "label", "ok"]
    with pytest.raises(cs.VerificationError, match="state of charge"):
        report.raise_if_broken()


def test_the_verifier_shares_no_code_with_the_model():
    import ast
    import inspect

    from carbonsched.judge import verify as module

    tree = ast.parse(inspect.getsource(module))
    imports = {
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    ours = {name for name in imports if name and name.startswith("carbonsched")}
    given = {"family", "instance", "method", "schema"}  # the family for its type only
    judge = {f"carbonsched.judge.{name}" for name in ("report", "scale")}
    core = {f"carbonsched.core.{name}" for name in given}
    words = {f"carbonsched.{name}" for name in ("bare", "currency", "errors", "keywords")}
    assert ours == judge | core | words
    assert not any(name and name.startswith("linopy") for name in imports)


def test_what_is_no_number_has_no_extent():
    worst = Check("4", "power balance", np.inf, "MW", "site=A", False)
    assert worst.extent == "not a number"
    assert replace(worst, unit="").extent == "cannot be checked"
    assert replace(worst, worst=0.25).extent == "broken by 0.25 MW"


def test_what_is_no_schedule_is_refused_by_name(default):
    for judged in (cs.verify, cs.plan, cs.certify):
        for wrong in (default, None, 3):
            with pytest.raises(TypeError, match="Schedule is needed, not"):
                judged(default, wrong)
