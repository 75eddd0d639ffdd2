"""Calls side by side on the cores of this machine, whichever process dies.

The processes are forked from one that has imported what a call needs and has run nothing, so that
a second one costs next to no start: importing takes as long as a few small cases. Each holds one
call at a time. When a process dies, those that were under way are made once more, each in a
process of its own, and what dies there is the one to blame.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from multiprocessing.context import BaseContext
from typing import Any, TypeVar

Name = TypeVar("Name")
_LIBRARIES = ("carbonsched.study.case", "highspy", "linopy.solvers", "carbonsched.io.digest")


def side_by_side(
    function: Callable[..., Any], calls: Mapping[Name, tuple[Any, ...]], workers: int
) -> Iterator[tuple[Name, Any]]:
    """Yield the name of each call and what it returns, as they end, or the error that ended it."""
    left = dict(calls)
    while left:
        suspects: dict[Name, tuple[Any, ...]] = {}
        yield from _until_broken(function, left, suspects, workers)
        for name, arguments in suspects.items():
            died: dict[Name, tuple[Any, ...]] = {}
            yield from _until_broken(function, {name: arguments}, died, 1)
            if died:
                yield name, BrokenProcessPool("the process that worked on it died")


def _until_broken(
    function: Callable[..., Any],
    left: dict[Name, tuple[Any, ...]],
    suspects: dict[Name, tuple[Any, ...]],
    workers: int,
) -> Iterator[tuple[Name, Any]]:
    """Yield what ends, and take it from `left`; at a death `suspects` gets what was under way."""
    waiting, under_way = iter(list(left)), dict[Future[Any], Name]()
    with _pool(min(workers, len(left))) as pool:
        try:
            while True:
                for name in islice(waiting, workers - len(under_way)):
                    under_way[pool.submit(function, *left[name])] = name
                if not under_way:
                    return
                ended, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in ended:
                    error, name = future.exception(), under_way[future]
                    if isinstance(error, BrokenProcessPool):
                        raise error
                    del under_way[future], left[name]
                    yield name, future.result() if error is None else error
        except BrokenProcessPool:
            suspects |= {name: left.pop(name) for name in under_way.values()}


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(workers, mp_context=_context())
    try:
        yield pool
    except BaseException:  # whoever waits has gone: nobody will read what is still computed
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _context() -> BaseContext:
    """Return how processes start: from one with everything imported, where the system forks."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_LIBRARIES])
    return context
