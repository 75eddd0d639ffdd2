"""A plan over scenarios: what is committed once, and a schedule for each future."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.family import Family
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import Method
from carbonsched.judge.report import Check, Report
from carbonsched.judge.verify import verify
from carbonsched.keywords import require_kinds
from carbonsched.schedule import Schedule, relative
from carbonsched.stochastic.outlook import Outlook, expectation, mean_of_worst
from carbonsched.stochastic.scenarios import Scenarios

_WITHIN = 1e-6  # of a budget: what emissions may exceed it by and still keep it
_LESS = 1e-9  # of a probability: what sums lose


@dataclass(frozen=True, repr=False)
class ScenarioSchedule:
    """What `solve` returns of scenarios.

    Attributes
    ----------
    schedules : dict of str to Schedule
        The schedule of each scenario, by its label. All have the same starts. Where the budget
        holds only in expectation or in some scenarios, their method is without (16).
    first : xarray.Dataset
        What is decided before any scenario is known: `start`, and what an added family commits.
    probability : xarray.DataArray
        Of each scenario, together 1.
    budgets : xarray.DataArray
        The carbon budget of each scenario, tCO2e.
    outlook : Outlook
        `risk`, `tail` and `budget`: what it was chosen by.
    bound : float
        The solver's upper bound on the objective of any plan, USD.
    method : Method
    runtime, build_time : float
        Seconds of solving, all scenarios' dispatch included, and of building the model.
    status : str
        "optimal" (to the gap asked for), "time_limit" (the incumbent) or "stopped".

    Examples
    --------
    >>> import carbonsched as cs
    >>> day = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> dear = {"import_price": 2 * day.data.import_price}
    >>> futures = cs.Scenarios.of(day, {"usual": {}, "dear": dear})
    >>> plan = cs.solve(futures, gap=0.001)
    >>> plan.cvar < plan.expected and plan.verify(futures).ok
    True
    """

    schedules: dict[str, Schedule]
    first: xr.Dataset
    probability: xr.DataArray
    budgets: xr.DataArray
    outlook: Outlook
    bound: float
    method: Method
    runtime: float
    build_time: float
    status: str

    @classmethod
    def of(
        cls,
        scenarios: Scenarios,
        schedules: Mapping[str, Schedule],
        *,
        first: xr.Dataset,
        outlook: Outlook,
        **about: Any,
    ) -> ScenarioSchedule:
        """Return the plan that schedules of some scenarios make.

        Parameters
        ----------
        scenarios : Scenarios
        schedules : dict of str to Schedule
            Of each scenario.
        first : xarray.Dataset
        outlook : Outlook
        **about
            The other attributes.
        """
        given = xr.Dataset({"budget": scenarios.instance.data.carbon_budget})
        if "carbon_budget" in scenarios.data:
            given["budget"] = scenarios.data.carbon_budget
        budgets = given.budget.drop_attrs().broadcast_like(scenarios.probability)
        return cls(
            schedules={label: schedules[label] for label in scenarios.labels},
            first=first, probability=scenarios.probability, budgets=budgets, outlook=outlook,
            **about,
        )  # fmt: skip

    @property
    def start(self) -> xr.DataArray:
        """Where and when each job starts in every scenario, 0 or 1 over (job, site, time)."""
        return next(iter(self.schedules.values())).data.start

    @property
    def data(self) -> xr.Dataset:
        """All decisions, those of jobs once, the others over `scenario` too."""
        shared = [*self.first, "run", "stop"]
        each = [one.data for one in self.schedules.values()]
        of_each = xr.concat([data.drop_vars(shared) for data in each], self.probability.scenario)
        return of_each.merge(each[0][shared])

    @property
    def benefit(self) -> xr.DataArray:
        """What each scenario earns (1), USD."""
        return self._of_each([one.objective for one in self.schedules.values()], "benefit")

    @property
    def emitted(self) -> xr.DataArray:
        """What each scenario emits, tCO2e."""
        return self._of_each([one.emissions for one in self.schedules.values()], "emissions")

    @property
    def expected(self) -> float:
        """Expected benefit, USD."""
        return expectation(self.benefit, self.probability)

    @property
    def cvar(self) -> float:
        """Mean benefit of the worst futures, of probability `tail` in all, USD."""
        return mean_of_worst(self.benefit, self.probability, self.outlook.tail)

    @property
    def objective(self) -> float:
        """What is maximised, expectation and `cvar` by the weight of risk, USD."""
        return self.outlook.value(self.benefit, self.probability)

    @property
    def emissions(self) -> float:
        """Expected emissions, tCO2e."""
        return expectation(self.emitted, self.probability)

    @property
    def emissions_cvar(self) -> float:
        """Mean emissions of the futures that emit most, of probability `tail` in all, tCO2e."""
        return mean_of_worst(self.emitted, self.probability, self.outlook.tail, worst="most")

    @property
    def within_budget(self) -> float:
        """Probability of the scenarios that keep their budget."""
        kept = self.emitted <= self.budgets + _WITHIN * np.abs(self.budgets)
        return 1.0 - float(self.probability.where(~kept, 0.0).sum())

    @property
    def turnover(self) -> float:
        """Expected turnover, USD, to which the gap is relative, see `carbonsched.Schedule`."""
        each = [one.turnover for one in self.schedules.values()]
        return expectation(self._of_each(each, "turnover"), self.probability)

    @property
    def distance(self) -> float:
        """How much better than this one a plan may be at most, USD."""
        return max(self.bound - self.objective, 0.0) if math.isfinite(self.bound) else math.nan

    @property
    def gap(self) -> float:
        """Distance relative to what is expected to be decided."""
        return relative(self.distance, self.turnover)

    @property
    def gap_of_objective(self) -> float:
        """Distance relative to the objective."""
        return relative(self.distance, self.objective)

    def gap_to(self, gap_of: str) -> float:
        """Return the gap by the name of what it is relative to, "decided" or "objective"."""
        return self.gap if gap_of == "decided" else self.gap_of_objective

    @property
    def currency(self) -> str:
        """ISO code of what is in USD by these words, where the instance states another."""
        return self._any.currency

    @property
    def formulation(self) -> Formulation:
        """How the schedules were stated."""
        return self._any.formulation

    @property
    def solver(self) -> str:
        """Who solved it."""
        return self._any.solver

    @property
    def versions(self) -> dict[str, str]:
        """Of carbonsched, linopy and the solver."""
        return self._any.versions

    @property
    def families(self) -> tuple[Family, ...]:
        """Those added to the paper's."""
        return self._any.families

    @property
    def _any(self) -> Schedule:
        return next(iter(self.schedules.values()))

    def _of_each(self, values: list[float], name: str) -> xr.DataArray:
        return xr.DataArray(values, {"scenario": self.probability.scenario}, name=name)

    def verify(self, scenarios: Scenarios, tolerance: float = 1e-5) -> Report:
        """Judge each scenario's schedule against its own instance, and what all must share.

        Parameters
        ----------
        scenarios : Scenarios
            Those that it is a plan for, by label.
        tolerance : float
            As of `carbonsched.verify`.

        Returns
        -------
        Report
            The checks of every scenario, its label before theirs; that what is committed is the
            same in all; and that the budget holds as it should.

        Raises
        ------
        ValueError
            The plan is for other scenarios.
        """
        if list(self.schedules) != scenarios.labels:
            raise ValueError("the plan is for other scenarios than these")
        return self.judged(
            {
                label: verify(one, self.schedules[label], tolerance)
                for label, one in scenarios.each()
            },
            tolerance,
        )

    def judged(self, reports: Mapping[str, Report], tolerance: float = 1e-5) -> Report:
        """Return what was said of each scenario's schedule, by label, and of what all share."""
        checks: list[Check] = []
        unjudged: tuple[str, ...] = ()
        for label, report in reports.items():
            where = f"scenario {label}"
            checks += [
                replace(check, label=f"{where}, {check.label}" if check.label else where)
                for check in report.checks
            ]
            unjudged = tuple(dict.fromkeys((*unjudged, *report.unjudged)))
        checks += [self._shared(tolerance), *self._budget(tolerance)]
        return Report(tuple(checks), unjudged)

    def _shared(self, tolerance: float) -> Check:
        """Check that what is committed is the same in every scenario."""
        worst, where = 0.0, ""
        for label, one in self.schedules.items():
            for name, committed in self.first.items():
                off = float(np.abs(one.data[str(name)] - committed).max()) if committed.size else 0
                if off > worst:
                    worst, where = off, f"scenario {label}, {name}"
        sizes = [float(np.abs(of).max()) for of in self.first.values() if of.size]
        ok = worst <= tolerance * max([1.0, *sizes])
        return Check("", "committed in every scenario", worst, "1", where, ok)

    def _budget(self, tolerance: float) -> list[Check]:
        """Check (16) where it holds over scenarios together; in each, it is each one's own."""
        if self.outlook.apart or self.method.carbon == "none":
            return []
        if self.outlook.budget == "expected":
            most = expectation(self.budgets, self.probability)
            excess = self.emissions - most if math.isfinite(most) else 0.0
            ok = excess <= tolerance * max(abs(most), self.emissions)
            return [Check("16", "expected carbon budget", max(excess, 0.0), "tCO2e", "", ok)]
        missing = float(self.outlook.budget) - self.within_budget
        return [Check("16", "share within budget", max(missing, 0.0), "1", "", missing <= _LESS)]

    def summary(self) -> dict[str, Any]:
        """Return all but decisions as plain values."""
        known = math.isfinite(self.bound)
        return {
            "objective": self.objective,
            "expected": self.expected,
            "cvar": self.cvar,
            "bound": self.bound if known else None,
            "distance": self.distance if known else None,
            "gap": self.gap if known else None,
            "gap_of_objective": self.gap_of_objective if known else None,
            "emissions": self.emissions,
            "emissions_cvar": self.emissions_cvar,
            "within_budget": self.within_budget,
            "risk": self.outlook.risk,
            "tail": self.outlook.tail,
            "budget": self.outlook.budget,
            "status": self.status,
            "method": self.method.name,
            "runtime": self.runtime,
            "build_time": self.build_time,
            "scenarios": {
                label: {
                    "probability": float(self.probability.sel(scenario=label)),
                    "benefit": one.objective,
                    "emissions": one.emissions,
                }
                for label, one in self.schedules.items()
            },
        }

    def save(self, path: str | Path) -> Path:
        """Write to NetCDF, atomically: the file is whole or not there."""
        from carbonsched.stochastic.plan_file import save_plan

        require_kinds(path=(path, str))
        return save_plan(self, Path(path))

    @classmethod
    def load(cls, path: str | Path, families: Iterable[Family] = ()) -> ScenarioSchedule:
        """Read what `save` wrote.

        Parameters
        ----------
        path : path
        families : iterable of Family
            The families that the plan names, to judge it by: a file never makes code run.

        Raises
        ------
        FileNotFoundError, InstanceError
            Nothing is there, or no NetCDF file.
        ValueError
            The file holds no plan over scenarios, or one that is damaged, and where.
        """
        from carbonsched.stochastic.plan_file import load_plan

        require_kinds(path=(path, str))
        return load_plan(Path(path), families)

    def __repr__(self) -> str:
        gap = f"gap {self.gap:.2%} ({self.distance:,.0f} {self.currency})"
        count = len(self.schedules)
        return (
            f"<ScenarioSchedule {self.method}: {count} scenario{'s' * (count != 1)}, expected "
            f"{self.expected:z,.0f} {self.currency}, worst {self.outlook.tail:.0%} "
            f"{self.cvar:z,.0f} {self.currency}, {self.emissions:z,.1f} tCO2e, {self.status}, "
            f"{gap if math.isfinite(self.bound) else 'no bound'}, {self.runtime:.2f} s>"
        )
