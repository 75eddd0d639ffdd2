"""A job that is running when the horizon begins: what it needs, and that it is told so."""

from __future__ import annotations

import pytest

import carbonsched as cs

DAY = {"reward": [500.0, 5000.0], "startup_cost": 70.0, "import_price": [[50, 40, 10, 10]]}


@pytest.mark.parametrize("engine", ["milp", "column-generation"])
def test_a_running_job_runs_on_where_it_is_and_pays_no_start(make, engine):
    """Proves: two periods more at A, at 50 and 40, though later and B are cheaper.

    The other job starts in a cheap period, beside it or after it: 10 MW at 10, and 70 to start.
    """
    prices = [DAY["import_price"][0], [1] * 4]
    instance = make(2, 4, 2, 0, duration=[2, 1], **DAY | {"import_price": prices})
    begun = cs.already_running(instance, {"j0": ("A", 2)})
    schedule = cs.solve(begun, gap=0, engine=engine)
    assert schedule.data.run.sel(job="j0").values.tolist() == [[1, 1, 0, 0], [0, 0, 0, 0]]
    assert schedule.benefit["startup"] == -70
    assert schedule.objective == pytest.approx(500 - 10 * 90 + 5000 - 70 - 10)
    proof = cs.certify(begun, schedule)
    assert proof.feasible and proof.bound >= proof.objective


def test_a_running_job_is_rolled_on(make):
    """Proves: three of its four periods lie in the first window alone, one period committed."""
    instance = make(1, 6, 2, 0, duration=[4, 1], reward=[0.0, 5000.0], startup_cost=70.0)
    begun = cs.already_running(instance, {"j0": ("A", 3)})
    rolled = cs.roll(begun, window=3, step=1, gap=0)
    assert rolled.data.run.sel(job="j0", site="A").values.tolist() == [1, 1, 1, 0, 0, 0]
    assert rolled.objective == pytest.approx(5000 - 70 - 4 * 100)
    longer = cs.already_running(instance, {"j0": ("A", 4)})
    rolled = cs.roll(longer, window=3, step=1, gap=0)  # beyond its first window, too
    assert rolled.data.run.sel(job="j0", site="A").values.tolist() == [1, 1, 1, 1, 0, 0]
    assert rolled.objective == pytest.approx(5000 - 70 - 5 * 100)


def long_beyond(instance, periods):
    """Return the instance with a job whose window ends long after the horizon."""
    return instance.replace(duration=periods, deadline=periods)


def test_no_more_can_be_left_than_there_was(make):
    with pytest.raises(cs.InstanceError, match="job j0: 3 periods left, and it lasts 2 in all"):
        cs.already_running(make(1, 3, 1, 0, duration=2), {"j0": ("A", 3)})


def test_what_runs_beyond_the_horizon_takes_all_of_it(make):
    begun = cs.already_running(long_beyond(make(1, 3, 1, 0), 40), {"j0": ("A", 40)})
    assert begun.data.duration.values.tolist() == [3]
    assert cs.solve(begun).data.run.values.ravel().tolist() == [1, 1, 1]


def test_other_jobs_stay_as_they_are(make):
    instance = make(
        2,
        4,
        2,
        1,
        duration=[2, 1],
        allowed=[[True, True], [False, True]],
        **DAY | {"import_price": 9},
    )
    begun = cs.already_running(instance, {"j0": ("B", 2)})
    for name in begun.data:
        kept = begun.data[name], instance.data[name]
        if "job" in begun.data[name].dims:
            kept = tuple(part.sel(job="j1") for part in kept)
        assert kept[0].equals(kept[1]), name
    assert cs.already_running(instance, {}).data.equals(instance.data)


def test_what_is_said_wrongly_is_named_all_at_once(make):
    with pytest.raises(cs.InstanceError) as error:
        cs.already_running(make(1, 3, 1, 0), {"j0": ("Z", 0), "j7": ("A", 1.5), "j8": 3})
    assert list(error.value.faults) == [
        "job j0: no such site, Z",
        "job j0: 0 periods left, expected a whole number of at least 1",
        "j7: no such job",
        "job j7: 1.5 periods left, expected a whole number of at least 1",
        "j8: no such job",
        "job j8: 3, expected its site and the periods left",
    ]
    with pytest.raises(cs.InstanceError, match="job j0: power 300 MW, no allowed site has that"):
        cs.already_running(make(2, 3, 1, 0, power=300, it_capacity=[1, 400]), {"j0": ("A", 1)})
    with pytest.raises(TypeError):
        cs.already_running(None, {})


def test_running_jobs_in_conflict_are_told_as_what_they_are(make):
    """Proves: 60 and 45 MW in the second of three hours, when the site is curtailed to 100."""
    instance = make(
        2, 3, 2, 1, power=[60.0, 45.0], it_capacity=[[120, 100, 120], [500] * 3], demand=1,
        latency=[[1, 99]], duration=[3, 2],
    )  # fmt: skip
    begun = cs.already_running(instance, {"j0": ("A", 3), "j1": ("A", 2)})
    found = cs.diagnose(begun)
    told = "A lacks IT capacity for what must run there, j0 and j1 beside inference: period 1 6 MW"
    assert told in str(found)
    assert "(8) required jobs: j0 and j1" in str(found)
    assert found.remedy("it_capacity").amount == pytest.approx(6, rel=1e-4)
    assert found.remedy("required").amount == 1
    short = begun.replace(it_capacity=500.0, import_limit=100.0)
    assert "A lacks power from grid, generation and battery for what must run" in str(
        cs.diagnose(short)
    )
    for name in ("it_capacity", "required"):
        assert cs.diagnose(found.remedy(name).apply(begun)).feasible


@pytest.mark.parametrize("running", [["job-1"], {"job-1": (["site-1"], 1)}, None])
def test_what_names_no_running_jobs_is_refused(running):
    with pytest.raises(cs.InstanceError, match="already_running: 1 fault"):
        cs.already_running(cs.generate(2, 4, 2, 1), running)
