"""Why an instance has no schedule, and the least that would give it one."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from carbonsched.core.build import added, require_families
from carbonsched.core.families import FAMILIES
from carbonsched.core.family import Family
from carbonsched.core.instance import Instance, derived, require_instance
from carbonsched.core.method import Method, method_of
from carbonsched.core.schema import LIMITS
from carbonsched.diagnosis.amounts import listed
from carbonsched.diagnosis.arithmetic import Finding, find_impossible, place_in_turn
from carbonsched.diagnosis.conflict import Conflict, find_conflict
from carbonsched.diagnosis.elastic import Elastic
from carbonsched.diagnosis.feasibility import Plan
from carbonsched.diagnosis.remedies import Remedy, least_change, least_together, movable
from carbonsched.diagnosis.words import conflict_sentences, remedy_sentence
from carbonsched.errors import InfeasibleError, SolverError
from carbonsched.keywords import named_keywords
from carbonsched.solver.decisions import running

LAST = "demand"  # not serving is the remedy of last resort: most often enough


@dataclass(frozen=True)
class Diagnosis:
    """What `diagnose` found. Printed, it is a report.

    Attributes
    ----------
    instance : Instance
    method : Method
    feasible : bool
        Whether there is a schedule after all; then the rest is empty.
    findings : tuple of Finding
        What arithmetic on the data alone shows to be impossible.
    conflict : Conflict or None
        An irreducible set of limits that contradict each other. There may be others.
    remedies : tuple of Remedy
        One a parameter: the least change of it that is enough by itself. What could not be
        decided in time is left out.
    together : tuple of Remedy
        Where no parameter but demand is enough by itself: changes that are enough together.
    families : tuple of str
        Added families, by name: what they forbid takes no part in the diagnosis.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> diagnosis = cs.diagnose(instance.replace(carbon_budget=1.0))
    >>> [remedy.parameter for remedy in diagnosis.remedies if remedy.enough]
    ['carbon_budget', 'demand']
    """

    instance: Instance = field(repr=False)
    method: Method
    feasible: bool
    findings: tuple[Finding, ...] = ()
    conflict: Conflict | None = None
    remedies: tuple[Remedy, ...] = ()
    together: tuple[Remedy, ...] = ()
    families: tuple[str, ...] = ()

    def remedy(self, parameter: str) -> Remedy:
        """Return the remedy of one parameter.

        Raises
        ------
        KeyError
            The method leaves that parameter no part, or the instance is feasible.
        """
        return {remedy.parameter: remedy for remedy in self.remedies}[parameter]

    def sentences(self) -> dict[str, list[str]]:
        """Return the report by heading: sentences with labels, hours and units."""
        data = self.instance.data
        enough = [r for r in self.remedies if r.enough]
        rest = [r.parameter for r in self.remedies if not r.enough]
        least = [remedy_sentence(data, remedy) for remedy in enough]
        if rest:
            least.append(f"not enough by itself: {listed([LIMITS[name].words for name in rest])}")
        report = {
            "impossible": [finding.sentence for finding in self.findings],
            CONFLICT: [] if self.conflict is None else conflict_sentences(data, self.conflict),
            "least change, any one of": least,
            "or together": [remedy_sentence(data, remedy) for remedy in self.together],
        }
        return {heading: lines for heading, lines in report.items() if lines}

    def summary(self) -> str:
        """Return the report in a few lines, as the message of an error."""
        if self.feasible and self.families:
            return f"  (1)-(16) alone leave a schedule: what there is none for is {self._own}"
        if self.feasible:
            return "  a diagnosis finds a schedule: try another solver or formulation"
        report, data = self.sentences(), self.instance.data
        said = report.get("impossible") or ["; ".join(report[CONFLICT])]
        lines = [f"  - {sentence}" for sentence in said[:_SHOWN]]
        if len(said) > _SHOWN:
            lines.append(f"  - and {len(said) - _SHOWN} more")
        least = [
            remedy_sentence(self.instance.data, r, brief=True) for r in self.remedies if r.enough
        ]
        lines += [f"  least change: {', or '.join(least)}"] if least else []
        if self.together:
            both = [remedy_sentence(data, r, brief=True) for r in self.together]
            shed = any(remedy.parameter == LAST for remedy in self.together)
            lines.append(f"  {'together' if shed else 'without shedding demand'}: {listed(both)}")
        return "\n".join(lines)

    @property
    def _own(self) -> str:
        return f"what the family {', '.join(self.families)} asks for"

    def __str__(self) -> str:
        title = f"{self.instance.data.attrs.get('title', 'instance')}, {self.method}"
        if self.feasible:
            apart = f" by (1)-(16); no part in this takes {self._own}" if self.families else ""
            return f"{title}: there is a schedule{apart}"
        blocks = [f"{title}: no schedule"]
        for heading, lines in self.sentences().items():
            blocks.append("\n  - ".join([f"{heading}:", *lines]))
        return "\n".join(blocks)


_SHOWN = 4  # findings in a summary
CONFLICT = "in conflict (one set from which nothing can be spared; there may be others)"


@named_keywords
def diagnose(
    instance: Instance,
    method: str | Method = "joint",
    *,
    families: Iterable[Family] = FAMILIES,
    time_limit: float = 60.0,
) -> Diagnosis:
    """Explain why an instance has no schedule, and what would restore one.

    Three stages: arithmetic on the data; an irreducible conflict of limits in the program that
    decides feasibility (`carbonsched.diagnosis.feasibility`: a linear one, unless jobs are
    required); and, with slacks in the same program, the least change of each parameter, confirmed
    on the changed instance.

    Parameters
    ----------
    instance : Instance
    method : str or Method
        Of `carbonsched.METHODS`, or a value of your own.
    families : iterable of Family
        As in `carbonsched.solve`. What added ones forbid takes no part, and the report says so.
    time_limit : float
        Seconds for the deletion filter of the conflict, and, where jobs are required, for each
        program with their placements.

    Returns
    -------
    Diagnosis

    Raises
    ------
    SolverError
        HiGHS could not decide whether there is a schedule.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> diagnosis = cs.diagnose(instance.replace(carbon_budget=1.0))
    >>> diagnosis.feasible
    False
    >>> cured = diagnosis.remedy("carbon_budget").apply(instance)
    >>> cs.diagnose(cured).feasible
    True
    """
    require_instance(instance)
    chosen = method_of(method)
    own = tuple(family.name for family in added(require_families(families)))
    try:
        elastic = _program(instance, chosen, time_limit)
        infeasible = elastic.infeasible()
    except TimeoutError:
        raise SolverError(
            f"required jobs: no answer within {time_limit:g} s whether there is a schedule"
        ) from None
    if not infeasible:
        return Diagnosis(instance, chosen, feasible=True, families=own)

    def holds(changed: xr.Dataset) -> bool:
        if chosen.workload == "first fit":  # the fixed workload follows the change
            other = derived(changed, instance.extra)
            return not _program(other, chosen, time_limit).infeasible()
        return elastic.holds(changed)

    data = instance.data
    remedies: dict[str, Remedy] = {}
    for name in movable(chosen, data):
        with suppress(TimeoutError):
            remedies[name] = least_change(elastic, data, name, holds)
    together: tuple[Remedy, ...] = ()
    if not any(remedy.enough for name, remedy in remedies.items() if name != LAST):
        others = [name for name in remedies if name != LAST]
        tried = [others] if LAST in remedies and remedies[LAST].enough else [others, [*remedies]]
        for names in tried:
            with suppress(TimeoutError):
                together = together or least_together(elastic, data, names, holds)
    return Diagnosis(
        instance,
        chosen,
        feasible=False,
        findings=tuple(find_impossible(data, chosen)),
        conflict=find_conflict(elastic, time_limit),
        remedies=tuple(remedies.values()),
        together=together,
        families=own,
    )


def _program(instance: Instance, chosen: Method, seconds: float) -> Elastic:
    """Return the program that decides; of `energy_only`, the first that fails.

    Its workload must find room without batteries before there is one, inference first and then job
    by job; then the energy side, jobs included, must keep to the budget.
    """
    data = instance.data
    if chosen.workload == "optimised":
        return Elastic(data, chosen, seconds=seconds)
    held = ("battery_min", "battery_final")  # comes later
    room = data.assign({name: np.minimum(data[name], data.battery_initial) for name in held})
    without = replace(chosen, storage="idle", carbon="none")
    try:
        start, unplaced = place_in_turn(data)
    except InfeasibleError:
        return Elastic(room, without, Plan(xr.zeros_like(data.cooling)))
    plan = Plan(_job_power(data, start), undecided=unplaced)
    return Elastic(room, without, plan, seconds) if unplaced else Elastic(data, chosen, plan)


def _job_power(data: xr.Dataset, start: xr.DataArray) -> xr.DataArray:
    """Return the IT power of jobs that start as given, MW over (site, time)."""
    return (data.power * running(start, data.duration)).sum("job").transpose("site", "time")
