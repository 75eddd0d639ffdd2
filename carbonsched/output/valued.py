"""What a schedule earns and emits by the numbers of the instance that it is shown with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from carbonsched.core.families import FAMILIES
from carbonsched.core.family import accounts
from carbonsched.core.instance import Instance
from carbonsched.judge.verify import mismatches
from carbonsched.output.words import CENT, amount, standing_by_file
from carbonsched.schedule import Schedule

_GRAM = 1e-6  # tCO2e: less is no difference


@dataclass(frozen=True)
class Valued:
    """A schedule by the numbers of an instance, and as its file states it.

    Attributes
    ----------
    schedule : Schedule
        Terms and emissions by the instance. Where these are others than stated it was solved for
        other numbers, and has no bound: that of its file is one of those.
    stated : Schedule
        As it was given.
    """

    schedule: Schedule
    stated: Schedule

    @property
    def changed(self) -> bool:
        """Whether it was solved for other numbers."""
        return self.schedule is not self.stated

    @property
    def note(self) -> str:
        """By whose numbers money and emissions are told, and what was stated where it differs."""
        told = "as of the instance given"
        if not self.changed:
            return told
        stated = self.stated
        money = f"{amount(stated.objective)} {stated.currency}"
        own = f"{money} and {amount(stated.emissions, 3)} tCO2e"
        return f"{told}: it was solved for other numbers, and its file states {own}"

    @property
    def standing(self) -> str:
        """How good the schedule is by what its file says; of other numbers that is nothing."""
        if self.changed:
            return "unknown: it was solved for other numbers"
        return standing_by_file(self.stated)


def valued(instance: Instance, schedule: Schedule) -> Valued:
    """Return what a schedule earns and emits by the numbers of an instance.

    What a family earns or emits that is known by its name only is as the schedule states it.

    Raises
    ------
    ValueError
        The schedule is not one of this instance.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> schedule = cs.solve(instance, gap=0)
    >>> twice = instance.replace(import_price=2 * instance.data.import_price)
    >>> dear = valued(twice, schedule).schedule
    >>> dear.benefit["import"] / schedule.benefit["import"], valued(instance, schedule).changed
    (2.0, False)
    """
    if apart := "; ".join(why for _, why in mismatches(instance.data, schedule.data)):
        raise ValueError(f"the schedule is not one of this instance: {apart}")
    benefit, emitted = accounts((*FAMILIES, *schedule.families), instance.data, schedule.data)
    emissions = float(emitted.sum())
    if not all(family.judged for family in schedule.families):
        benefit, emissions = schedule.benefit | benefit, schedule.emissions
    least = max(CENT, 1e-6 * abs(schedule.objective))
    grams = max(_GRAM, 1e-6 * abs(schedule.emissions))
    if _alike(benefit, schedule.benefit, least) and abs(emissions - schedule.emissions) <= grams:
        return Valued(schedule, schedule)  # to the last digit
    made = replace(schedule, benefit=benefit, emissions=emissions, bound=math.nan, prices=None)
    return Valued(made, schedule)


def _alike(one: Mapping[str, float], other: Mapping[str, float], least: float) -> bool:
    terms = one.keys() | other.keys()
    return all(abs(one.get(term, 0.0) - other.get(term, 0.0)) <= least for term in terms)
