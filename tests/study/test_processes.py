"""Calls side by side: each ends with its answer, its error, or the news that its process died."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures.process import BrokenProcessPool

import pytest

from carbonsched.study.processes import side_by_side


def divided(by: int | None) -> float:
    if by is None:
        os.kill(os.getpid(), signal.SIGKILL)
    return 6 / by


@pytest.mark.parametrize("workers", [1, 2])
def test_every_call_ends_though_processes_die(workers):
    """Proves: an error is that of its call, and a death is blamed on the call that caused it."""
    given = {"two": 2, "zero": 0, "dies": None, "three": 3, "dies too": None, "one": 1}
    ended = dict(side_by_side(divided, {name: (by,) for name, by in given.items()}, workers))
    assert ended.keys() == given.keys()
    assert [ended[name] for name in ("two", "three", "one")] == [3, 2, 6]
    assert isinstance(ended["zero"], ZeroDivisionError)
    assert all(isinstance(ended[name], BrokenProcessPool) for name in ("dies", "dies too"))


def slept(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def test_whoever_stops_waiting_leaves_no_process_at_work():
    begun = time.monotonic()
    calls = side_by_side(slept, {"soon": (0.0,), "late": (60.0,)}, 2)
    assert next(calls)[0] == "soon"
    calls.close()
    assert time.monotonic() - begun < 40
