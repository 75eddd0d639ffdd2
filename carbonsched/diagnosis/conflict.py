"""Which limits contradict each other: an irreducible set, by family, label and hour.

The rows that say what a power system is - balance (4), state of charge (13), no negative power -
always hold. The members are the limits that data set: together they have no solution, and without
any one of them the others have. HiGHS proves infeasibility by multipliers of rows (Farkas); limits
without a multiplier take no part. What is left goes through a deletion filter (Chinneck and
Dravnieks, 1991): families first, then sites and services, then single hours, so that the set found
needs few families before it needs few hours.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from carbonsched.diagnosis.elastic import Elastic

# Row of a limit -> its equation and parameter; what stands first is left out first if it can be.
LIMITS = {
    "storage:final": (13, "battery_initial"),
    "limit:battery_min": (14, "battery_min"),
    "limit:battery_energy": (14, "battery_energy"),
    "limit:charge_limit": (15, "charge_limit"),
    "limit:discharge_limit": (15, "discharge_limit"),
    "carbon:budget": (16, "carbon_budget"),
    "limit:latency": (12, "latency_limit"),
    "limit:generation_available": (4, "generation_available"),
    "limit:import_limit": (5, "import_limit"),
    "power:capacity": (2, "it_capacity"),
    "inference:demand": (11, "demand"),
}
_ZERO = 1e-9  # a Farkas multiplier below it, of the largest, is none


@dataclass(frozen=True)
class Conflict:
    """Limits that cannot all be met, none of which can be spared.

    Attributes
    ----------
    members : pandas.DataFrame
        A row a limit: `limit` (the parameter), `equation`, `label` (site or service, empty for the
        fleet), `time` (label of the period, missing if the limit is of the whole horizon).
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
    search = _Filter(elastic)
    until = time.monotonic() + time_limit
    finished = all(
        search.thin(by, until) for by in (["row"], ["row", "label"], ["row", "label", "at"])
    )
    search.settle()
    found = search.members[search.kept].reset_index(drop=True)
    named = pd.DataFrame(LIMITS, index=["equation", "limit"]).T
    found = found.join(named, on="row")[["limit", "equation", "label", "time"]]
    return Conflict(found, finished)


class _Filter:
    """A deletion filter: what is left out for good once the others are infeasible without it."""

    def __init__(self, elastic: Elastic) -> None:
        self.elastic = elastic
        self.members = _members(elastic)
        self.kept = np.ones(len(self.members), bool)
        self._shrink()

    def thin(self, by: list[str], until: float) -> bool:
        """Try to leave out each group in turn; return whether the time was enough for all."""
        groups = self.members.groupby(by, sort=False).indices
        for index in groups.values():
            if not self.kept[index].any():
                continue
            if time.monotonic() > until:
                return False
            trial = self.kept.copy()
            trial[index] = False
            if self._infeasible(trial):
                self.kept = trial
                self._shrink()
        return True

    def settle(self) -> None:
        """State all limits again."""
        self.elastic.drop(np.zeros(0, int))

    def _infeasible(self, kept: np.ndarray) -> bool:
        out = self.members[~kept]
        services = out.label[out["row"] == "limit:latency"]
        self.elastic.drop(out.position[out.position >= 0].to_numpy(), services)
        return self.elastic.infeasible()

    def _shrink(self) -> None:
        """Keep only what HiGHS's proof uses, if that is a proof."""
        if not self._infeasible(self.kept):
            raise ValueError("the limits do not contradict each other")
        weight = np.abs(self.elastic.certificate())
        used = weight > _ZERO * weight.max()
        position = self.members.position.to_numpy()
        trial = self.kept & ((position < 0) | used[position])
        if trial.sum() < self.kept.sum() and self._infeasible(trial):
            self.kept = trial


def _members(elastic: Elastic) -> pd.DataFrame:
    """Return every limit: name of its `row`, `label`, `time`, `at` (period), and `position`.

    The position in HiGHS is -1 for the latency limit of a service, which is no row of its own.
    """
    data, frames = elastic.data, []
    for name in LIMITS:
        if name not in elastic.rows:
            continue
        rows = elastic.rows[name]
        if name == "limit:latency":
            held = (rows >= 0).any(["site", "time"])
            labels = held.service.values[held.values]
            frames.append(pd.DataFrame({"row": name, "label": labels, "at": -1, "position": -1}))
            continue
        rows = rows if rows.ndim else rows.expand_dims(fleet=[""])
        stated = rows >= 0
        if name == "inference:demand":
            stated &= data.demand > 0
        frame = rows.rename("position").to_dataframe().reset_index()[stated.values.ravel()]
        label = frame[next(dim for dim in rows.dims if dim != "time")]
        at = data.indexes["time"].get_indexer(frame["time"]) if "time" in rows.dims else -1
        frames.append(
            frame.assign(row=name, label=label, at=at)[["row", "label", "at", "position"]]
        )
    members = pd.concat(frames, ignore_index=True)
    times = pd.Series(data.indexes["time"], dtype=object)
    return members.assign(time=members["at"].map(times))
