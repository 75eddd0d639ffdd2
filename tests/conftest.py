"""Small instances by hand, and the ways a test solves them."""

from __future__ import annotations

import functools
import gc
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer.testing
import xarray as xr
from browser import FLAGS, chromium
from by_hand import ROOT, plain
from few import FEW
from hypothesis import settings

import carbonsched as cs
from carbonsched.core.schema import DECISIONS
from carbonsched.io import replacing
from carbonsched.solver import milp as solving

settings.load_profile("short")
gc.set_threshold(50_000, 20, 20)  # modules that are imported are no garbage to look for
# Labels that differ are an error, not left out; and labels known to be equal are not copied.
xr.set_options(arithmetic_join="exact")
# A command line is read from its functions once, as in a process, not at every call.
typer.testing._get_command = functools.cache(typer.testing._get_command)


@pytest.fixture
def make() -> Callable[..., cs.Instance]:
    """Return a maker of instances: `make(sites, periods, jobs, services, **values)`."""
    return lambda *sizes, **values: cs.Instance(plain(*sizes, **values))


def _solve(instance: cs.Instance, folder: Path, **options: object) -> cs.Schedule:
    return cs.solve(instance, gap=0, **options)


def _paper(instance: cs.Instance, folder: Path, **options: object) -> cs.Schedule:
    return cs.solve(instance, formulation="paper", gap=0, **options)


def _load_then_solve(instance: cs.Instance, folder: Path, **options: object) -> cs.Schedule:
    return cs.solve(cs.load(instance.save(folder / "instance")), gap=0, **options)


def _solve_then_load(instance: cs.Instance, folder: Path, **options: object) -> cs.Schedule:
    return cs.Schedule.load(cs.solve(instance, gap=0, **options).save(folder / "schedule.nc"))


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse a second run of `solve`, which states every row of (5)-(7) and (15) as printed.

    It would make good what a family leaves out.
    """
    attempt = solving._attempt

    def first(*given: object, **how: object) -> object:
        assert not how.get("cautious"), "the first run gave a broken schedule"
        return attempt(*given, **how)

    monkeypatch.setattr(solving, "_attempt", first)


_BY_DISK = [
    pytest.param(way, marks=pytest.mark.long) for way in (_load_then_solve, _solve_then_load)
]


@pytest.fixture(params=[_solve, _paper, *_BY_DISK])
def solved(
    request: pytest.FixtureRequest, tmp_path: Path, once: None
) -> Callable[..., cs.Schedule]:
    """Solve to optimality four ways: plainly, as the paper prints it, from disk, and via disk."""
    return lambda instance, **options: request.param(instance, tmp_path, **options)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Yield the system's Chromium, one for all tests of a worker."""
    api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    path = chromium()
    if path is None:
        pytest.skip("no Chromium here tries the pages: on Debian, `apt install chromium`")
    with api.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--agreement", metavar="FILE", help="write how far optima lie apart")
    parser.addoption("--every-case", action="store_true", help="leave out no case for being many")


@pytest.fixture
def opinion(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Leave a comparison of two optima with pytest: `opinion(kind, name, apart, infeasible)`."""
    return lambda *comparison: record_property("opinion", comparison)


class Agreement:
    """The comparisons of a run, wherever its workers made them, and the table of them."""

    def __init__(self, path: Path) -> None:
        self.path, self.rows = path, []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            found = [value for name, value in report.user_properties if name == "opinion"]
            self.rows += [(*comparison, report.passed) for comparison in found]

    def pytest_sessionfinish(self) -> None:
        columns = ["kind", "other", "apart", "infeasible", "agreed"]
        groups = pd.DataFrame(self.rows, columns=columns).groupby(["kind", "other"])
        table = groups.agg(
            instances=("apart", "size"),
            infeasible=("infeasible", "sum"),
            largest_relative_difference=("apart", "max"),
            agreed=("agreed", "sum"),
        )
        with replacing(self.path) as new:
            table.to_csv(new, float_format="%.3g", lineterminator="\n")


@pytest.hookimpl(tryfirst=True)
def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their argument: packed ones hold the hour, and workers must agree."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_finish() -> None:
    """Leave alone, when garbage is looked for, what imports and collection have made: it stays."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark as long what `FEW` leaves out of a test's cases, but those that are long already."""
    if config.getoption("--every-case"):
        return
    cases = defaultdict(list)
    for item in items:
        name = getattr(item, "originalname", item.name)
        if name in FEW and not item.get_closest_marker("long"):
            cases[name].append(item)
    for name, found in cases.items():
        kept = {k * len(found) // max(FEW[name], 1) for k in range(FEW[name])}
        for place in set(range(len(found))) - kept:
            found[place].add_marker(pytest.mark.long)


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--agreement")
    if path and not hasattr(config, "workerinput"):  # the workers report to this process
        config.pluginmanager.register(Agreement(Path(path)))


@pytest.fixture(scope="session")
def default() -> cs.Instance:
    return cs.load(ROOT / "data" / "default")


@pytest.fixture(scope="session")
def rich() -> tuple[cs.Instance, cs.Schedule]:
    """A schedule in which every decision is in use, to break one thing at a time."""
    instance = cs.generate(seed=0)
    schedule = cs.solve(instance, gap=0)
    idle = [name for name in DECISIONS if not schedule.data[name].any()]
    assert not idle, f"the example leaves {idle} unused"
    return instance, schedule


@pytest.fixture(scope="session")
def fleet() -> tuple[cs.Instance, cs.Schedule]:
    """A small fleet with dates, another currency, zones of its own and a job that is declined."""
    made = cs.generate(3, 8, 4, 2, seed=3, start="2025-03-30", step_hours=0.5)
    reward = made.data.reward.values * np.array([1, 0, 1, 1])
    zones = '{"site-1": "Europe/Berlin", "site-3": "America/New_York"}'
    about = {"currency": "EUR", "site_zones": zones, "title": "a fleet"}
    instance = cs.Instance(made.data.assign(reward=("job", reward)).assign_attrs(about))
    return instance, cs.solve(instance, gap=0)


@pytest.fixture(scope="session")
def numbered() -> tuple[cs.Instance, cs.Schedule]:
    """A small fleet whose periods are numbered quarters of an hour."""
    instance = cs.generate(2, 6, 3, 2, seed=1, step_hours=0.25)
    return instance, cs.solve(instance, gap=0)


@pytest.fixture
def written(tmp_path):
    """Write a project file, and files beside it, and return its path."""

    def write(text: str, **files: str):
        for name, content in files.items():
            (tmp_path / name.replace("_csv", ".csv")).write_text(textwrap.dedent(content))
        path = tmp_path / "fleet.yaml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def built(written):
    """Build what a text says."""
    return lambda text, **files: cs.project.build(written(text, **files))


@pytest.fixture
def faults(written):
    """Return the faults of a text, each with file and line."""

    def found(text: str, **files: str) -> tuple[str, ...]:
        with pytest.raises(cs.InstanceError) as caught:
            cs.project.build(written(text, **files))
        return caught.value.faults

    return found
