"""Which limits contradict each other: an irreducible set, by family, label and hour.

The rows that say what a power system is - balance (4), state of charge (13), no negative power -
always hold. The members are the limits that data set: together they have no solution, and without
any one of them the others have. HiGHS proves infeasibility by multipliers of rows (Farkas); limits
without a multiplier take no part, unless only the integers of required jobs are infeasible, which
multipliers cannot prove. What is left goes through a deletion filter (Chinneck and Dravnieks,
1991): families first, then sites, services and jobs, then single hours, so that the set found needs
few families before it needs few hours.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd

from carbonsched.core.schema import PARAMETERS
from carbonsched.diagnosis.elastic import Elastic
from carbonsched.diagnosis.feasibility import ROWS

_ZERO = 1e-9  # a Farkas multiplier below it, of the largest, is none


@dataclass(frozen=True)
class Conflict:
    """Limits that cannot all be met, none of which can be spared.

    Attributes
    ----------
    members : pandas.DataFrame
        A row a limit: `limit` (the parameter), `equation`, `label` (site, service or job, empty
        for the fleet), `time` (label of the period, missing if the limit is of the whole horizon).
    irreducible : bool
        Whether each member was found to be needed. False if the time ran out first: still a
        conflict, with members that it may not need.
    """

    members: pd.DataFrame
    irreducible: bool


def find_conflict(elastic: Elastic, time_limit: float) -> Conflict:
    """Return an irreducible conflict of a program that is infeasible.

    Parameters
    ----------
    elastic : Elastic
        Infeasible as it stands.
    time_limit : float
        Seconds after which no more members are tried.
    """
    search = _Filter(elastic, time.monotonic() + time_limit)
    finished = all(
        search.thin(by) for by in (["limit"], ["limit", "label"], ["limit", "label", "at"])
    )
    search.settle()
    members = search.members[search.kept].reset_index(drop=True)
    members["equation"] = [int(PARAMETERS[name].equation) for name in members.limit]
    told = pd.DataFrame(members[["limit", "equation", "label", "time"]])
    return Conflict(told, finished)


class _Filter:
    """A deletion filter: what is left out for good once the others are infeasible without it."""

    def __init__(self, elastic: Elastic, until: float) -> None:
        self.elastic, self.until = elastic, until
        self.members = _members(elastic)
        self.kept = np.ones(len(self.members), bool)
        self._relaxed = True  # whether fewer limits may have no solution in fractions either
        self._position = self.members.position.to_numpy()
        self._service = self.members.label.where(self.members.limit == "latency_limit").to_numpy()
        with suppress(TimeoutError):  # it is infeasible all the same
            self._shrink()

    def thin(self, by: list[str]) -> bool:
        """Try to leave out each group in turn; return whether the time was enough for all."""
        groups = self.members.groupby(by, sort=False).indices
        for index in groups.values():
            if not self.kept[index].any():
                continue
            if time.monotonic() > self.until:
                return False
            trial = self.kept.copy()
            trial[index] = False
            try:
                if self._infeasible(trial):
                    self.kept = trial
                    self._relaxed = self.elastic.proved
                    if self._relaxed:
                        self._shrink()
            except TimeoutError:
                return False
        return True

    def settle(self) -> None:
        """State all limits again."""
        self.elastic.drop(np.zeros(0, int))

    def _infeasible(self, kept: np.ndarray) -> bool:
        rows, services = self._position[~kept], self._service[~kept]
        self.elastic.drop(rows, services[pd.notna(services)])
        left = max(self.until - time.monotonic(), 0.0)
        return self.elastic.infeasible(left, self._relaxed)

    def _shrink(self) -> None:
        """Keep only what HiGHS's proof uses, if there is one and that is a proof, too."""
        if not self._infeasible(self.kept):
            raise ValueError("the limits do not contradict each other")
        self._relaxed = self.elastic.proved
        if not self._relaxed:
            return
        weight = np.abs(self.elastic.certificate())
        used = weight > _ZERO * weight.max()
        trial = self.kept & ((self._position < 0) | used[self._position])
        if trial.sum() < self.kept.sum() and self._infeasible(trial):
            self.kept = trial


def _members(elastic: Elastic) -> pd.DataFrame:
    """Return every limit: its name, `label`, `time`, `at` (period), and `position`.

    The position in HiGHS is -1 for the latency limit of a service, which is no row of its own.
    """
    data, frames = elastic.data, []
    for name, row in ROWS.items():
        if row not in elastic.rows:
            continue
        rows = elastic.rows[row]
        if name == "latency_limit":
            held = (rows >= 0).any(["site", "time"])
            labels = held.service.values[held.values]
            frames.append(pd.DataFrame({"limit": name, "label": labels, "at": -1, "position": -1}))
            continue
        rows = rows if rows.ndim else rows.expand_dims(fleet=[""])
        stated = rows >= 0
        if name == "demand":
            stated &= data.demand > 0
        frame = rows.rename("position").to_dataframe().reset_index()[stated.values.ravel()]
        label = frame[next(dim for dim in rows.dims if dim != "time")]
        at = (
            data.indexes["time"].get_indexer(pd.Index(frame["time"])) if "time" in rows.dims else -1
        )
        frames.append(
            frame.assign(limit=name, label=label, at=at)[["limit", "label", "at", "position"]]
        )
    members = pd.concat(frames, ignore_index=True)
    times = pd.Series(data.indexes["time"], dtype=object)
    return members.assign(time=times.reindex(members["at"]).to_numpy())
