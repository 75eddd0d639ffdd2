"""Workers that hold a share of the scenarios each answer as one, without a cluster to ask."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_futures import drawn

import carbonsched as cs
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import METHODS
from carbonsched.stochastic.futures import Answers, Futures, Shared, futures

HOW = (METHODS["joint"], Formulation(), 1e4)


class Later:
    """What a worker will have answered."""

    def __init__(self, value: object) -> None:
        self._value = value

    def result(self) -> object:
        return self._value


class Actor:
    """Programs that another process would hold."""

    def __init__(self, held: Futures) -> None:
        self.held = held

    def __getattr__(self, name: str):
        return lambda *given: Later(getattr(self.held, name)(*given))


class Cluster:
    """A client of so many workers, each of which is this process."""

    def __init__(self, count: int) -> None:
        self.names, self.asked = [f"worker {k}" for k in range(count)], []

    def scheduler_info(self, n_workers: int) -> dict:
        return {"workers": dict.fromkeys(self.names)}

    def submit(self, make, scenarios, *given, workers, actor, pure) -> Later:
        assert actor and not pure
        self.asked.append((*workers, list(scenarios.labels)))
        return Later(Actor(make(scenarios, *given)))


@pytest.fixture(scope="module")
def three() -> cs.Scenarios:
    return drawn(9, 3)


def test_two_workers_answer_as_one_process(three):
    cluster = Cluster(2)
    with futures(cluster, three, *HOW) as shared, futures(1, three, *HOW) as alone:
        assert isinstance(shared, Shared) and isinstance(alone, Futures)
        assert cluster.asked == [
            ("worker 0", ["future 0", "future 1"]), ("worker 1", ["future 2"])
        ]  # fmt: skip
        load = np.full(three.instance.data.cooling.shape, 1e3)  # more than there is
        one, other = (of.answers(load, 0.0, 60.0) for of in (alone, shared))
        same(one, other)
        assert (one.short > 0).all()
        for of in (alone, shared):
            of.penalise(10.0)
        dear = shared.answers(load, 0.0, 60.0)
        same(dear, alone.answers(load, 0.0, 60.0))
        assert (dear.value < one.value).all()


def same(one: Answers, other: Answers) -> None:
    for name in ("value", "settled", "short", "turnover"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name, price in one.prices.items():
        np.testing.assert_array_equal(price, other.prices[name])


def test_schedules_of_all_workers_are_together_and_judged(three):
    data = three.instance.data
    start = 0.0 * data.reward.rename("start") * data.cooling
    about = {
        "solver": "highs", "versions": {}, "status": "optimal", "method": HOW[0],
        "formulation": HOW[1], "bound": np.nan, "runtime": 0.0,
    }  # fmt: skip
    start = start.transpose("job", "site", "time")
    none = np.zeros(data.cooling.shape)
    with futures(Cluster(3), three, *HOW) as shared:
        found = shared.schedules(none, 0.0, start, about)
    assert list(found) == list(three.labels)
    for schedule, report in found.values():
        assert report.ok and schedule.bound == schedule.objective
        assert not schedule.data.start.any()


def test_without_a_worker_it_is_said(three):
    with (
        pytest.raises(ValueError, match="workers: the client has none"),
        futures(Cluster(0), three, *HOW),
    ):
        pass


def test_no_time_is_told_apart_and_what_cannot_be_names_its_scenario(three, monkeypatch):
    held = Futures(three.chosen(["future 1"]), *HOW)
    load = np.zeros(three.instance.data.cooling.shape)
    with pytest.raises(TimeoutError):
        held.answers(load, None, 0.0)
    monkeypatch.setattr(held._recourse[0], "answer", lambda *given: None)
    with pytest.raises(cs.InfeasibleError, match=r"^scenario future 1: no schedule"):
        held.answers(load, None, 60.0)
