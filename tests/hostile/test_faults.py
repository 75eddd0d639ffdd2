"""Faults from outside: a full disk, a kill in the middle of a save, a solver that lies.

Nothing is lost: there is always one whole version on disk, and no lie becomes a schedule.
"""

from __future__ import annotations

import errno
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import linopy
import numpy as np
import pytest
import xarray as xr
from linopy.constants import Result, Status
from linopy.solvers import Highs

import carbonsched as cs
from carbonsched.io import files, folder
from carbonsched.operate.reoptimise import Reoptimiser
from carbonsched.study import sweep as sweeps

# ------------------------------------------------------------------------------- a full disk

SMALL = {"old": lambda: cs.generate(2, 3, 1, 1, seed=1), "new": lambda: cs.generate(2, 3, 1, 1, 2)}


class FullDisk:
    """Counts the steps that need the disk, and fails at one of them, as a full disk would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int, error: BaseException) -> None:
        self.steps, self.at, self.error = 0, at, error
        for owner, name in (
            (folder, "_write_table"),
            (files, "to_disk"),
            (folder, "to_disk"),
            (os, "rename"),
            (os, "replace"),
        ):
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, step: Callable) -> Callable:
        def counted(*given: object) -> object:
            self.steps += 1
            if self.steps == self.at:
                raise self.error
            return step(*given)

        return counted


@pytest.mark.parametrize("target", ["folder", "file.nc"])
@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        pytest.param(KeyboardInterrupt(), marks=pytest.mark.long),
    ],
    ids=repr,
)
def test_a_save_that_fails_at_any_step_leaves_one_whole_version(target, error, tmp_path):
    """Proves: the former version until the step that counts, the new one from there on."""
    old, new = SMALL["old"](), SMALL["new"]()
    seen = []
    for at in range(1, 100):
        path = tmp_path / str(at) / target
        old.save(path)
        with pytest.MonkeyPatch.context() as patch:
            disk = FullDisk(patch, at, error)
            try:
                new.save(path)
            except (OSError, KeyboardInterrupt) as raised:
                assert raised is error
        held = cs.load(path).data
        seen.append(held.identical(new.data))
        if not seen[-1]:
            xr.testing.assert_identical(held, old.data)
            assert not list(path.parent.rglob("*.part")) and not list(path.parent.rglob(".saving*"))
        new.save(path)
        xr.testing.assert_identical(cs.load(path).data, new.data)
        assert not list(path.parent.rglob(".saved"))
        if disk.steps < at:
            break
    assert seen[-1] and not seen[0]
    assert seen == sorted(seen), "once the new version counts it goes on counting"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of a process are POSIX")
@pytest.mark.parametrize("target", ["folder", "file.nc"])
def test_a_disk_that_takes_only_so_many_bytes(target, tmp_path):
    """The operating system refuses to write, at several sizes: the former version stays whole."""
    old = SMALL["old"]()
    path = old.save(tmp_path / target)
    script = (
        "import resource, signal, sys, carbonsched as cs\n"
        "new = cs.generate(2, 3, 1, 1, 2)\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "for most in (0, 40, 300, 4000):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))\n"
        "    try: new.save(sys.argv[1])\n"
        "    except OSError: print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True)
    assert done.stdout.split() == ["refused"] * 4, done.stderr[-500:]
    xr.testing.assert_identical(cs.load(path).data, old.data)


def test_killed_in_the_middle_of_saving(tmp_path):
    """SIGKILL at many moments of a loop of saves: what is loaded is one of the two versions."""
    path, versions = tmp_path / "folder", [make() for make in SMALL.values()]
    versions[0].save(path)
    script = (
        "import sys, carbonsched as cs\n"
        "versions = [cs.generate(2, 3, 1, 1, seed) for seed in (1, 2)]\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    for version in versions: version.save(sys.argv[1])\n"
    )
    for pause in (0.0, 0.013, 0.029, 0.047):
        child = subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE)
        child.stdout.readline()
        time.sleep(pause)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        held = cs.load(path).data
        assert any(held.identical(version.data) for version in versions)
    xr.testing.assert_identical(cs.load(versions[1].save(path)).data, versions[1].data)


def test_what_a_killed_save_has_left_is_cleaned_when_nobody_needs_it(tmp_path):
    instance, old = SMALL["old"](), time.time() - 2 * files._STALE
    (tmp_path / ".saving-dead").mkdir()
    (tmp_path / ".saving-dead" / "site.csv").write_text("half")
    (tmp_path / ".saving-busy").mkdir()
    os.utime(tmp_path / ".saving-dead", (old, old))
    instance.save(tmp_path)
    assert not (tmp_path / ".saving-dead").exists() and (tmp_path / ".saving-busy").exists()
    (tmp_path / ".x.nc.dead.part").write_text("half")
    os.utime(tmp_path / ".x.nc.dead.part", (old, old))
    instance.save(tmp_path / "x.nc")
    assert not (tmp_path / ".x.nc.dead.part").exists()


def test_neither_devices_nor_folders_are_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe.nc")
    (tmp_path / "folder.nc").mkdir()
    for name in ("pipe.nc", "folder.nc"):
        with pytest.raises(FileExistsError, match="not a regular file"):
            SMALL["old"]().save(tmp_path / name)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FileExistsError, match="is not a folder"):
        SMALL["old"]().save(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_a_link_is_followed_not_replaced(tmp_path):
    (tmp_path / "link.nc").symlink_to(tmp_path / "file.nc")
    SMALL["old"]().save(tmp_path / "link.nc")
    assert (tmp_path / "link.nc").is_symlink()
    xr.testing.assert_identical(cs.load(tmp_path / "file.nc").data, SMALL["old"]().data)


# ------------------------------------------------------------------------------- a solver that lies

Lie = Callable[[linopy.Model, Result], Result]


def moved(shift: float | Callable[[np.ndarray], np.ndarray], *names: str) -> Lie:
    """Return the values of some variables, otherwise than they were found."""

    def lie(model: linopy.Model, result: Result) -> Result:
        primal = result.solution.primal.copy()
        for name in names or list(model.variables):
            if name in model.variables:
                labels = model.variables[name].labels.values
                labels = labels[labels >= 0]
                old = primal[labels]
                primal[labels] = shift(old) if callable(shift) else old + shift
        return replace(result, solution=replace(result.solution, primal=primal))

    return lie


def bounded(shift: Callable[[float], float]) -> Lie:
    """Claim another bound."""
    return lambda model, result: replace(
        result, report=replace(result.report, dual_bound=shift(result.report.dual_bound))
    )


def ended(condition: str) -> Lie:
    """Claim another end, with the solution as it is."""
    return lambda model, result: replace(
        result, status=Status.from_termination_condition(condition)
    )


def crash(model: linopy.Model, result: Result) -> Result:
    raise RuntimeError("segmentation fault")


def without_solution(model: linopy.Model, result: Result) -> Result:
    return replace(result, solution=None)


def of_length(change: Callable[[np.ndarray], np.ndarray]) -> Lie:
    return lambda model, result: replace(
        result, solution=replace(result.solution, primal=change(result.solution.primal))
    )


def rated(value: float) -> Lie:
    return lambda model, result: replace(result, solution=replace(result.solution, objective=value))


# What the solver says or does, and the errors that may come of it.
NONSENSE: dict[str, tuple[Lie, tuple[type[Exception], ...]]] = {
    "nothing is routed": (moved(lambda old: 0 * old, "route"), (cs.VerificationError,)),
    "all is zero": (moved(lambda old: 0 * old), (cs.VerificationError,)),
    "all is one": (moved(lambda old: 0 * old + 1), (cs.VerificationError,)),
    "more routed than asked": (moved(1.0, "route"), (cs.VerificationError,)),
    "power out of nothing": (moved(-5.0, "grid_import"), (cs.VerificationError,)),
    "negative power": (moved(lambda old: -old - 1, "generate"), (cs.VerificationError,)),
    "every job everywhere": (moved(lambda old: 0 * old + 1, "start"), (cs.VerificationError,)),
    "no job, and optimal": (
        moved(lambda old: 0 * old, "start"),
        (cs.SolverError, cs.VerificationError),
    ),
    "a battery never charged": (moved(3.0, "discharge"), (cs.VerificationError,)),
    "infinite power": (moved(math.inf, "grid_import"), (cs.SolverError,)),
    "no numbers": (moved(math.nan), (cs.SolverError,)),
    "one value is no number": (moved(math.nan, "generate"), (cs.SolverError,)),
    "too few values": (of_length(lambda primal: primal[:-3]), (cs.SolverError,)),
    "one value": (of_length(lambda primal: primal[:1]), (cs.SolverError,)),
    "values in a square": (of_length(lambda primal: primal[:4].reshape(2, 2)), (cs.SolverError,)),
    "no values": (of_length(lambda primal: primal[:0]), (cs.SolverError,)),
    "no solution": (without_solution, (cs.SolverError,)),
    "an objective that is no number": (rated(math.nan), (cs.SolverError,)),
    "a bound below the incumbent": (bounded(lambda bound: 0.9 * bound), (cs.SolverError,)),
    "a bound of minus infinity": (bounded(lambda bound: -math.inf), (cs.SolverError,)),
    "a bound far above, and optimal": (bounded(lambda bound: 1.5 * bound), (cs.SolverError,)),
    "a bound of infinity, and optimal": (bounded(lambda bound: math.inf), (cs.SolverError,)),
    "a bound that is no number": (bounded(lambda bound: math.nan), (cs.SolverError,)),
    "an error with a solution": (ended("internal_solver_error"), (cs.SolverError,)),
    "an end nobody knows": (ended("unknown"), (cs.SolverError,)),
    "a crash": (crash, (cs.SolverError,)),
}


@pytest.fixture
def lying(monkeypatch):
    """Make HiGHS lie from now on, in every run."""
    honest = Highs.solve

    def tell(lie: Lie) -> None:
        def solve(self: Highs, *given: object, **options: object) -> Result:
            result = honest(self, *given, **options)
            return lie(self.model, result)

        monkeypatch.setattr(Highs, "solve", solve)

    return tell


@pytest.fixture(scope="module")
def victim() -> cs.Instance:
    instance = cs.generate(2, 4, 2, 1, seed=3)
    schedule = cs.solve(instance, gap=0)
    assert schedule.benefit["training"] > 0 and schedule.objective > 0
    return instance


@pytest.mark.parametrize("name", NONSENSE)
def test_no_lie_becomes_a_schedule(name, victim, lying):
    """Proves: values, bound and status are each checked. Sensitivity: the honest run passes."""
    lie, errors = NONSENSE[name]
    lying(lie)
    with pytest.raises(errors):
        cs.solve(victim, gap=0.01)


@pytest.mark.parametrize(
    "name", ["a bound below the incumbent", "more routed than asked", "a crash"]
)
def test_a_reoptimiser_believes_no_lie_either(name, victim, lying):
    lie, errors = NONSENSE[name]
    reoptimiser = Reoptimiser(gap=0.01)
    assert reoptimiser.solve(victim).objective > 0
    lying(lie)
    with pytest.raises(errors):
        reoptimiser.solve(victim.replace(import_price=victim.data.import_price * 1.1))


def test_a_lie_told_once_is_put_right_by_the_second_run(victim, monkeypatch):
    honest, told = Highs.solve, []
    truth = cs.solve(victim, gap=0).objective

    def once(self: Highs, *given: object, **options: object) -> Result:
        result = honest(self, *given, **options)
        told.append(not told)
        return (
            NONSENSE["a bound below the incumbent"][0](self.model, result) if told[-1] else result
        )

    monkeypatch.setattr(Highs, "solve", once)
    assert cs.solve(victim, gap=0, polish=False).objective == pytest.approx(truth)
    assert len(told) == 2


def test_a_time_limit_without_an_incumbent(victim, lying):
    lying(lambda model, result: without_solution(model, ended("time_limit")(model, result)))
    with pytest.raises(cs.NoIncumbentError):
        cs.solve(victim, engine="milp")
    assert cs.solve(victim).objective > 0  # columns find one


@pytest.mark.parametrize("script", ["kill -9 $$", "exit 1", "echo nonsense", "echo x > $4"])
def test_a_solver_of_its_own_that_dies_or_writes_nonsense(script, victim, tmp_path, monkeypatch):
    """A program by the name of CBC that is killed, fails, says nothing, or writes what it likes."""
    program = tmp_path / "cbc"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(linopy, "available_solvers", ["highs", "cbc"])
    with pytest.raises(cs.CarbonschedError):
        cs.solve(victim, solver="cbc", time_limit=10)
    assert [path.name for path in tmp_path.iterdir()] == ["cbc"]


# ------------------------------------------------------------------------------- a sweep


class OneWorker:
    """A cluster whose worker dies on the first case that it is given."""

    def __init__(self, deaths: int) -> None:
        self.deaths = deaths

    def computed(self, cluster, workers, missing):
        for path, (instance, way) in missing.items():
            if self.deaths:
                self.deaths -= 1
                yield path, {"status": "crashed", "message": "KilledWorker"}
            else:
                yield path, sweeps.solve_row(instance, way)


def test_what_crashed_is_shown_and_tried_again(tmp_path, monkeypatch):
    cluster = OneWorker(deaths=1)
    monkeypatch.setattr(sweeps, "_computed", cluster.computed)
    instances = {"a": SMALL["old"](), "b": SMALL["new"]()}
    first = sweeps.sweep(instances, cache=tmp_path)
    assert list(first.status) == ["crashed", "optimal"]
    again = sweeps.sweep(instances, cache=tmp_path)
    assert list(again.status) == ["optimal", "optimal"]


@pytest.mark.parametrize("content", ["", '{"status": "opt', "[]", "\0", '{"status": "crashed"}'])
def test_a_row_of_the_cache_that_is_none_is_computed_again(content, tmp_path, monkeypatch):
    monkeypatch.setattr(sweeps, "_computed", OneWorker(0).computed)
    instances = {"a": SMALL["old"]()}
    first = sweeps.sweep(instances, cache=tmp_path)
    (row,) = tmp_path.rglob("*.json")
    row.write_text(content)
    again = sweeps.sweep(instances, cache=tmp_path)
    assert list(again.objective) == list(first.objective)
    assert json.loads(row.read_text())["status"] == "optimal"


def test_the_previous_file_outlives_a_full_disk(tmp_path, monkeypatch):
    path = tmp_path / "a" / "x.txt"
    with files.replacing(path) as temporary:
        temporary.write_text("former")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"), files.replacing(path) as temporary:
        temporary.write_text("new")
    assert [p.name for p in path.parent.iterdir()] == ["x.txt"] and path.read_text() == "former"
