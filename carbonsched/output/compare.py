"""Two schedules side by side: what changes in money, jobs, energy and hours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from carbonsched.core.instance import Instance
from carbonsched.currency import currency_of
from carbonsched.judge.plan import plan
from carbonsched.keywords import named_keywords
from carbonsched.output.energy import by_site, flows
from carbonsched.output.valued import valued
from carbonsched.schedule import Schedule


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """What changes from one schedule to another; every change is after less before.

    Attributes
    ----------
    terms : pandas.DataFrame
        By term of the objective (1): `before`, `after` and `change`, in the currency, each schedule
        valued by its instance, as sites and hours are. The changes add up to that of the objective.
    jobs : pandas.DataFrame
        By job: `change` in words, and `site`, `start` and `end` of either. A job is "same",
        "moved" to another site, "earlier", "later", both of these, "newly declined", "newly run",
        "declined" in both, "new" or "gone".
    sites : pandas.DataFrame
        By site: change of each column of `carbonsched.energy`.
    hours : pandas.DataFrame
        By period: change of energy, emissions and cost of all sites together.
    stated : dict of str to float
        The objective that "before" or "after" states of its own, where its terms or emissions are
        others than its instance makes them: it was solved for other numbers.
    """

    terms: pd.DataFrame
    jobs: pd.DataFrame
    sites: pd.DataFrame
    hours: pd.DataFrame
    stated: dict[str, float] = field(default_factory=dict)

    @property
    def moved(self) -> pd.DataFrame:
        """The jobs that are not as they were."""
        return self.jobs.loc[~self.jobs.change.isin(("same", "declined"))]

    def __repr__(self) -> str:
        unit = self.terms.attrs["units"]["change"]
        change = self.terms.change.sum()
        return (
            f"<Comparison: {change:+z,.2f} {unit}, {len(self.moved)} of {len(self.jobs)} jobs "
            f"changed, {self.sites.emissions.sum():+z,.3f} tCO2e>"
        )


@named_keywords
def compare(
    instance: Instance, before: Schedule, after: Schedule, instance_after: Instance | None = None
) -> Comparison:
    """Compare two schedules of one instance, or one before and one after its numbers changed.

    Parameters
    ----------
    instance : Instance
    before, after : Schedule
    instance_after : Instance, optional
        What `after` is a schedule of, by default the same. Sites, jobs and periods are matched by
        label; what only one has counts as nothing in the other.

    Returns
    -------
    Comparison
        By term of the objective, job, site and hour.

    Raises
    ------
    ValueError
        A schedule is not one of its instance, or the two are in different currencies or tell
        time in different ways.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> joint, without = (cs.solve(instance, m, gap=0) for m in ("joint", "no_battery"))
    >>> change = cs.compare(instance, joint, without)
    >>> bool(abs(change.terms.change.sum() - (without.objective - joint.objective)) < 1e-6)
    True
    """
    later = instance if instance_after is None else instance_after
    money = currency_of(instance.data)
    if currency_of(later.data) != money:
        told = f"one is in {money}, the other in {currency_of(later.data)}"
        raise ValueError(f"not to be compared: {told}")
    kinds = {given.data.indexes["time"].dtype.kind == "M" for given in (instance, later)}
    if len(kinds) > 1:
        raise ValueError("not to be compared: one has timestamps, the other numbered periods")
    # or say whose schedule is none
    by_period = [(instance, flows(instance, before)), (later, flows(later, after))]
    here = {"before": valued(instance, before), "after": valued(later, after)}
    terms = _apart(*(pd.Series(one.schedule.benefit, dtype=float) for one in here.values()))
    terms.attrs["units"] = dict.fromkeys(terms, money)
    stated = {when: one.stated.objective for when, one in here.items() if one.changed}
    return Comparison(
        terms=terms,
        jobs=_jobs(plan(instance, before), plan(later, after)),
        sites=_change(*(by_site(given, frame) for given, frame in by_period)),
        hours=_change(*(_of_all_sites(given, frame) for given, frame in by_period)),
        stated=stated,
    )


def _apart(before: pd.Series, after: pd.Series) -> pd.DataFrame:
    labels = before.index.union(after.index, sort=False)
    frame = pd.DataFrame({"before": before, "after": after}, labels).fillna(0.0)
    return frame.assign(change=frame.after - frame.before) + 0.0


def _change(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return after less before by label, in the order of before; what one lacks is nothing."""
    labels = before.index.union(after.index, sort=False)
    made = after.reindex(labels).fillna(0.0) - before.reindex(labels).fillna(0.0) + 0.0
    made.attrs["units"] = before.attrs["units"]
    return made


def _of_all_sites(instance: Instance, frame: pd.DataFrame) -> pd.DataFrame:
    """Return energy, MWh, emissions and cost of all sites by period."""
    powers = [name for name, unit in frame.attrs["units"].items() if unit == "MW"]
    spent = frame.assign(**{name: frame[name] * instance.data.step_hours.item() for name in powers})
    units = frame.attrs["units"] | dict.fromkeys(powers, "MWh")
    made: Any = spent.drop(columns="soc").groupby(level="time").sum()
    made.attrs["units"] = {name: units[name] for name in made}
    return made


def _jobs(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    labels = before.index.union(after.index, sort=False)
    parts = {
        f"{name}_{when}": frame[name].reindex(labels)
        for name in ("site", "start", "end")
        for when, frame in (("before", before), ("after", after))
    }
    made = pd.DataFrame(parts, labels)
    made.insert(0, "change", [_words(job, before, after) for job in labels])
    made.attrs["units"] = {
        f"{name}_{when}": before.attrs["units"][name]
        for name in ("start", "end")
        for when in ("before", "after")
    }
    return made


def _words(job: str, before: pd.DataFrame, after: pd.DataFrame) -> str:
    if job not in after.index:
        return "gone"
    new = after.loc[job]
    if job not in before.index:
        return "new" if new.accepted else "new, declined"
    old = before.loc[job]
    if not (old.accepted and new.accepted):
        return {
            (True, False): "newly declined",
            (False, True): "newly run",
            (False, False): "declined",
        }[bool(old.accepted), bool(new.accepted)]
    said = ["moved"] if old.site != new.site else []
    if new.start != old.start:
        said.append("earlier" if new.start < old.start else "later")
    elif new.end != old.end:
        said.append("shorter" if new.end < old.end else "longer")
    return ", ".join(said) or "same"
