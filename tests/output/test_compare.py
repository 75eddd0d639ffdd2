"""Two schedules side by side: jobs by hand, and changes that add up."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from by_hand import plain

import carbonsched as cs


def test_changes_add_up(fleet):
    instance, before = fleet
    after = cs.solve(instance, "compute_only", gap=0)
    change = cs.compare(instance, before, after)
    assert change.terms.change.sum() == pytest.approx(after.objective - before.objective)
    assert change.terms.before.sum() == pytest.approx(before.objective)
    emitted = after.emissions - before.emissions
    assert change.sites.emissions.sum() == pytest.approx(emitted)
    assert change.hours.emissions.sum() == pytest.approx(emitted)
    assert change.hours.cost.sum() == pytest.approx(change.sites.cost.sum())
    assert change.hours.grid_import.sum() == pytest.approx(change.sites["import"].sum())
    assert change.terms.attrs["units"]["change"] == "EUR" and "EUR" in repr(change)


def test_nothing_changes_from_a_schedule_to_itself(fleet):
    instance, schedule = fleet
    change = cs.compare(instance, schedule, schedule)
    assert not change.moved.size and set(change.jobs.change) <= {"same", "declined"}
    assert not change.terms.change.any() and not change.sites.any().any()
    assert not np.signbit(change.hours.values).any()


@cache
def cheap_in(hour, site, **values):
    """Return an instance in which one job runs in one hour at one site, and its schedule."""
    price = np.full((2, 4), 50.0)
    price[site, hour] = 10.0
    instance = cs.Instance(plain(2, 4, 1, import_price=price, **values))
    return instance, cs.solve(instance, gap=0)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ((1, 0, {}), (1, 0, {}), "same"),
        ((1, 0, {}), (1, 1, {}), "moved"),
        ((1, 0, {}), (2, 0, {}), "later"),
        ((2, 0, {}), (0, 1, {}), "moved, earlier"),
        ((1, 0, {}), (1, 0, {"reward": 0}), "newly declined"),
        ((1, 0, {"reward": 0}), (1, 0, {}), "newly run"),
        ((1, 0, {"reward": 0}), (1, 0, {"reward": 0}), "declined"),
        ((0, 0, {}), (0, 0, {"duration": 2}), "longer"),
    ],
)
def test_a_job_in_words(before, after, said):
    (given, first), (later, second) = (cheap_in(h, s, **v) for h, s, v in (before, after))
    change = cs.compare(given, first, second, later)
    assert change.jobs.change["j0"] == said
    assert change.terms.change.sum() == pytest.approx(second.objective - first.objective)


def test_jobs_that_only_one_has(make):
    few, many = make(1, 2, 1), make(1, 2, 2)
    first, second = (cs.solve(i, gap=0) for i in (few, many))
    assert cs.compare(few, first, second, many).jobs.change.to_dict() == {"j0": "same", "j1": "new"}
    assert cs.compare(many, second, first, few).jobs.change["j1"] == "gone"


def test_what_cannot_be_compared(fleet, numbered):
    with pytest.raises(ValueError, match="one is in EUR, the other in USD"):
        cs.compare(*fleet, numbered[1], numbered[0])
    euros = cs.Instance(numbered[0].data.assign_attrs(currency="EUR"))
    with pytest.raises(ValueError, match="one has timestamps"):
        cs.compare(*fleet, numbered[1], euros)
    with pytest.raises(ValueError, match="not one of this instance"):
        cs.compare(fleet[0], fleet[1], numbered[1])


def test_a_former_plan_is_valued_by_the_numbers_it_is_compared_on(make):
    """One job of 10 MW for an hour: 50 USD/MWh when it was solved, 80 where it is compared."""
    then = make(1, 2, 1, import_price=50.0, power=10.0, reward=5000.0)
    now = then.replace(import_price=80.0)
    before, after = cs.solve(then, gap=0), cs.solve(now, gap=0)
    change = cs.compare(now, before, after)
    drawn = float(before.data.grid_import.sum())
    assert before.benefit["import"] == pytest.approx(-50 * drawn)
    assert change.terms.before["import"] == pytest.approx(-80 * drawn)
    assert change.terms.change.sum() == pytest.approx(-change.sites.cost.sum(), abs=1e-6)
    assert change.stated == {"before": before.objective}
    assert not cs.compare(then, before, after, now).stated


def test_what_an_unknown_family_earns_is_as_stated(make, tmp_path):
    class Bonus(cs.Family):
        name = "bonus"

        def worth(self, data):
            return {"bonus": {"start": 7.0 + 0 * data.allowed * data.import_price}}

    given = make(1, 2, 1, reward=5000.0)
    path = cs.solve(given, gap=0, families=[*cs.FAMILIES, Bonus()]).save(tmp_path / "day.nc")
    change = cs.compare(given, cs.Schedule.load(path), cs.Schedule.load(path, [Bonus()]))
    assert list(change.terms.loc["bonus"]) == pytest.approx([7, 7, 0]) and not change.stated
