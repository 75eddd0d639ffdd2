"""What scenarios answer, here or by workers, each of which keeps the programs of some warm."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from carbonsched.core.formulation import Formulation
from carbonsched.core.method import Method
from carbonsched.core.schema import PRICES
from carbonsched.core.tighten import tightened
from carbonsched.errors import InfeasibleError, extra
from carbonsched.judge.report import Report
from carbonsched.judge.verify import verify
from carbonsched.schedule import Schedule
from carbonsched.solver.decisions import schedule_of
from carbonsched.stochastic.extensive import extensive_data
from carbonsched.stochastic.recourse import Answer, Recourse
from carbonsched.stochastic.scenarios import Scenarios

if TYPE_CHECKING:
    from distributed import Client


@dataclass(frozen=True)
class Answers:
    """`Answer` of several scenarios: each attribute is over scenario first."""

    value: np.ndarray
    settled: np.ndarray
    short: np.ndarray
    turnover: np.ndarray
    prices: dict[str, np.ndarray]

    @classmethod
    def of(cls, answers: Sequence[Answer]) -> Answers:
        """Return the answers of scenarios, in order."""
        names = ("value", "settled", "short", "turnover")
        numbers = {name: np.array([getattr(one, name) for one in answers]) for name in names}
        prices = {name: np.array([one.prices[name] for one in answers]) for name in PRICES}
        return cls(**numbers, prices=prices)

    @classmethod
    def joined(cls, parts: Sequence[Answers]) -> Answers:
        """Return the answers of all, from those of parts in order."""
        names = ("value", "settled", "short", "turnover")
        numbers = {k: np.concatenate([getattr(part, k) for part in parts]) for k in names}
        prices = {k: np.concatenate([part.prices[k] for part in parts]) for k in PRICES}
        return cls(**numbers, prices=prices)


def data_of(scenarios: Scenarios, method: Method, formulation: Formulation) -> xr.Dataset:
    """Return the data of all scenarios, tightened: what differs is over `scenario` first."""
    return tightened(extensive_data(scenarios), method, formulation)


class Futures:
    """The programs of some scenarios, in one process.

    Parameters
    ----------
    scenarios : Scenarios
    method, formulation
    penalty : float
        As of `Recourse`.
    """

    def __init__(
        self, scenarios: Scenarios, method: Method, formulation: Formulation, penalty: float
    ) -> None:
        self.scenarios, self.method, self.formulation = scenarios, method, formulation
        data = data_of(scenarios, method, formulation)
        self._recourse = [Recourse(data.isel(scenario=k), penalty) for k in range(scenarios.size)]

    def answers(self, load: np.ndarray, within: float | None, seconds: float) -> Answers:
        """Return what every scenario says of a load, see `Recourse.answer`.

        Raises
        ------
        InfeasibleError
            One says that nothing can be, whatever is lacking.
        TimeoutError, SolverError
            The time is up, or HiGHS failed.
        """
        until = time.monotonic() + seconds
        found = []
        for label, recourse in zip(self.scenarios.labels, self._recourse, strict=True):
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if (answer := recourse.answer(load, within, left)) is None:
                raise InfeasibleError(f"scenario {label}: no schedule satisfies (1)-(16)")
            found.append(answer)
        return Answers.of(found)

    def penalise(self, factor: float) -> None:
        """Multiply the penalties for what is short."""
        for recourse in self._recourse:
            recourse.penalise(factor)

    def schedules(
        self, load: np.ndarray, within: float, start: xr.DataArray, about: dict[str, Any]
    ) -> dict[str, tuple[Schedule, Report]]:
        """Return each scenario's best schedule once jobs have their starts, judged, by label."""
        found = {}
        for (label, instance), recourse in zip(self.scenarios.each(), self._recourse, strict=True):
            solved = recourse.solution(load, within).assign(start=start)
            schedule = schedule_of(instance, solved, build_time=0.0, **about)
            schedule = replace(schedule, bound=schedule.objective)
            found[label] = schedule, verify(instance, schedule)
        return found


class Shared:
    """`Futures` of which workers hold a share each; it answers as one."""

    def __init__(self, client: Client, scenarios: Scenarios, *given: Any) -> None:
        names = list(client.scheduler_info(n_workers=-1)["workers"])[: scenarios.size]
        if not names:
            raise ValueError("workers: the client has none")
        shares = np.array_split(np.array(scenarios.labels, dtype=object), len(names))
        waiting = [
            client.submit(
                Futures, scenarios.chosen(share.tolist()), *given,
                workers=[name], actor=True, pure=False,
            )
            for name, share in zip(names, shares, strict=True)
        ]  # fmt: skip
        self._actors: list[Any] = [future.result() for future in waiting]

    def answers(self, load: np.ndarray, within: float | None, seconds: float) -> Answers:
        """Return what every scenario says of a load, see `Futures`."""
        asked = [actor.answers(load, within, seconds) for actor in self._actors]
        return Answers.joined([one.result() for one in asked])

    def penalise(self, factor: float) -> None:
        """Multiply the penalties for what is short."""
        for asked in [actor.penalise(factor) for actor in self._actors]:
            asked.result()

    def schedules(
        self, load: np.ndarray, within: float, start: xr.DataArray, about: dict[str, Any]
    ) -> dict[str, tuple[Schedule, Report]]:
        """Return each scenario's best schedule, judged, see `Futures`."""
        asked = [actor.schedules(load, within, start, about) for actor in self._actors]
        return {label: one for part in asked for label, one in part.result().items()}


@contextmanager
def futures(workers: int | Client, scenarios: Scenarios, *given: Any) -> Iterator[Futures | Shared]:
    """Hold the programs of scenarios in this process, in several, or on a cluster.

    Parameters
    ----------
    workers : int or distributed.Client
        Processes to start on this machine, or a cluster that is there.
    scenarios : Scenarios
    *given
        The other arguments of `Futures`.
    """
    if isinstance(workers, int):
        count = min(workers, scenarios.size)
        if count <= 1:
            yield Futures(scenarios, *given)
            return
        with extra("study", "more than one worker"):
            from distributed import Client, LocalCluster
        local = LocalCluster(
            n_workers=count, threads_per_worker=1, dashboard_address=":0",
            silence_logs=logging.ERROR,
        )  # fmt: skip
        with local, Client(local) as client:
            yield Shared(client, scenarios, *given)
        return
    yield Shared(workers, scenarios, *given)
