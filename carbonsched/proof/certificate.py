r"""A certificate: a schedule and prices, which together prove how good the schedule is.

The schedule is a set of exact decisions, so that its benefit is a lower bound on the optimum; the
prices give an upper bound (`carbonsched.proof.exact_bound`). Both are stated, and both are
computed again from instance and certificate whenever one is checked: what a solver reported proves
nothing, and stands beside them as what it is, a report.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from carbonsched.core.first_fit import first_fit
from carbonsched.core.instance import Instance
from carbonsched.core.method import METHODS
from carbonsched.core.reach import require_routes
from carbonsched.currency import currency_of, in_currency
from carbonsched.errors import CertificateError, InfeasibleError
from carbonsched.io.digest import digest
from carbonsched.proof.exact_bound import certified_bound, snap_prices
from carbonsched.proof.exact_schedule import (
    Incumbent,
    emissions,
    follow,
    objective,
    turnover,
    violations,
)
from carbonsched.proof.file import STATED, read, write
from carbonsched.proof.rational import (
    as_float,
    decimals,
    exact_data,
    rational,
    rounded_down,
    rounded_up,
    written,
)
from carbonsched.proof.restated import left_by
from carbonsched.proof.text import LONGEST, line, quoted

DECIMALS = 6  # of a benefit, bound or emissions, to the safe side; below one as many figures
_FITS = 1e-8  # of a service's largest demand: how far routes may be off a fixed workload's split
_SHOWN = 20  # of a file's own texts that are not so
_TITLE = 48  # columns of a title in a report


@dataclass(frozen=True, eq=False, repr=False)
class Certificate:
    """What a schedule certainly earns, and what no schedule can exceed.

    Attributes
    ----------
    title : str
        Of the instance.
    instance : str
        Its digest, the SHA-256 of labels and values.
    method : str
        Of Table I.
    scope : dict of str to str
        The slots of that method, which say which schedules the bound is on. With the workload
        "first fit" it is on schedules with this one's placements and routes.
    objective, bound : Fraction
        Benefit of the schedule, USD, rounded down, and upper bound on that of any, rounded up.
    emissions : Fraction
        Left side of (16), tCO2e, rounded up.
    turnover : Fraction or None
        What the schedule earns and pays where it could have decided otherwise, USD, rounded up;
        not stated by certificates of versions before 0.2.
    missed : tuple of str
        Limits that the schedule misses in exact arithmetic, and by how much: as a rule, none.
    incumbent : Incumbent
        The schedule.
    prices : xarray.Dataset
        `carbonsched.core.schema.PRICES`, from which the bound follows.
    reported : dict
        What the solver said: solver, status, objective, bound, gap. No part of the proof.
    currency : str
        Of what is in USD by these words, where the instance states another; empty of a file, which
        does not state it.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> proof = cs.certify(instance, cs.solve(instance, gap=0))
    >>> proof.check(instance)  # raises if anything that it states is not so
    >>> proof.feasible, proof.objective <= proof.bound
    (True, True)
    """

    title: str
    instance: str
    method: str
    scope: dict[str, str]
    objective: Fraction
    bound: Fraction
    emissions: Fraction
    missed: tuple[str, ...]
    incumbent: Incumbent
    prices: xr.Dataset
    reported: dict[str, Any] = field(default_factory=dict)
    turnover: Fraction | None = None
    currency: str = ""

    @classmethod
    def of(
        cls,
        instance: Instance,
        method: str,
        scope: dict[str, str],
        incumbent: Incumbent,
        prices: xr.Dataset,
        reported: dict[str, Any],
    ) -> Certificate:
        """Return the certificate that decisions and prices make; all it states is computed."""
        left = left_by(instance.data, scope)
        data = exact_data(left)
        made = follow(data, incumbent)
        fixed = incumbent if scope["workload"] == "first fit" else None
        missed = [str(violation) for violation in violations(data, incumbent, made)]
        if fixed is not None:
            missed += _misfits(instance, fixed)
        prices = snap_prices(left, prices)
        return cls(
            title=title_of(instance),
            instance=digest(instance),
            method=method,
            scope=dict(scope),
            objective=_stated(rounded_down, objective(data, incumbent, made)),
            bound=_stated(rounded_up, certified_bound(left, prices, fixed)),
            emissions=_stated(rounded_up, emissions(data, made)),
            missed=tuple(missed),
            incumbent=incumbent,
            prices=prices,
            reported=reported,
            turnover=rounded_up(turnover(data, incumbent, made, fixed is not None), DECIMALS),
            currency=currency_of(instance.data),
        )

    @property
    def feasible(self) -> bool:
        """Whether the schedule keeps every limit in exact arithmetic."""
        return not self.missed

    @property
    def gap(self) -> float:
        """The certified root gap, from the objective to the bound, over the turnover.

        Over the objective, if the certificate does not state a turnover.

        The root's, because prices bound what can be earned before any branching. A solver that
        branched may report a smaller gap, which stands in `reported`.
        """
        distance = max(self.bound - self.objective, Fraction(0))
        size = abs(self.objective) if self.turnover is None else self.turnover
        return float(distance / max(size, rational(0.01)))

    def check(self, instance: Instance) -> None:
        """Compute everything again from the instance, without linopy or a solver.

        Raises
        ------
        CertificateError
            Lists everything that the certificate states and that is not so.
        """
        if digest(instance) != self.instance:
            raise CertificateError(["made for another instance, or the instance was changed"])
        if faults := _labels_apart(instance, self) + scope_apart(self.method, self.scope):
            raise CertificateError(faults)
        try:
            require_routes(left_by(instance.data, self.scope))
        except InfeasibleError as error:
            raise CertificateError([str(error)]) from error
        placed = replace(self.incumbent, decided=_labelled(instance, self.incumbent.decided))
        prices = _labelled(instance, self.prices)
        again = Certificate.of(instance, self.method, self.scope, placed, prices, self.reported)
        faults = [
            f"{name} is stated as {written(getattr(self, name))} "
            f"{in_currency(unit, again.currency)}, "
            f"but is {written(getattr(again, name))}"
            for name, unit in STATED.items()
            if getattr(self, name) is not None and getattr(self, name) != getattr(again, name)
        ]
        stated, found = dict.fromkeys(self.missed), dict.fromkeys(again.missed)
        faults += [f"not stated: {miss}" for miss in found if miss not in stated]
        wrong = [miss for miss in stated if miss not in found]
        faults += [f"stated, but not so: {quoted(miss, LONGEST)}" for miss in wrong[:_SHOWN]]
        if len(wrong) > _SHOWN:
            faults.append(f"stated, but not so: {len(wrong) - _SHOWN:,} more limits missed")
        if faults:
            raise CertificateError(faults)

    def report(self, currency: str = "") -> str:
        """Return what is proved, and apart from it what the solver said, in a few lines.

        Money is in the currency of the instance, which the file of a certificate does not state.
        """
        currency = currency or self.currency or _UNSTATED
        benefit, emitted = as_float(self.objective), as_float(self.emissions)
        earned = f"{benefit:z,.2f} {currency} and emits {emitted:,.3f} tCO2e"
        shown = "proved     a schedule that" if self.feasible else "computed   what misses limits"
        lines = [
            f"instance   {quoted(self.title or self.instance[:12], _TITLE)}, method {self.method}",
            f"{shown} earns {earned}",
            f"proved     no schedule earns more than {as_float(self.bound):z,.2f} {currency}",
        ]
        if self.feasible:
            of = " of the objective: the file states no turnover" * (self.turnover is None)
            most = max(as_float(self.bound) - benefit, 0.0)
            lines.append(f"proved     root gap {self.gap:.4%}{of}, or {most:,.2f} {currency}")
        if self.scope["workload"] == "first fit":
            lines[2] += " with this workload"
        lines = [part for text in lines for part in textwrap.wrap(text, 80, **_HANGING)]
        if self.reported.get("gap") is not None:
            lines.append(
                f"reported   by {quoted(str(self.reported.get('solver')))}: "
                f"gap {self.reported['gap']:.4%}, "
                "not part of the proof"
            )
        for miss in self.missed:
            lines += textwrap.wrap(f"missed     {line(miss, LONGEST)}", 80, **_HANGING)
        return "\n".join(lines)

    def save(self, path: str | Path) -> Path:
        """Write to a JSON file, atomically."""
        return write(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Certificate:
        """Read what `save` wrote; what it states is not yet checked.

        Raises
        ------
        CertificateError
            The file is no certificate, and why.
        """
        return cls(**read(Path(path)))

    def __repr__(self) -> str:
        misses = "" if self.feasible else f", {len(self.missed)} limits missed"
        most = f"{as_float(self.bound):z,.2f} {self.currency}".rstrip()
        return (
            f"<Certificate {self.method}: earns {as_float(self.objective):z,.2f} "
            f"{self.currency or _UNSTATED}, no schedule more than {most}, "
            f"certified root gap {self.gap:.4%}{misses}>"
        )


_UNSTATED = "of its instance's currency"
_HANGING: dict[str, Any] = {"subsequent_indent": " " * 11, "break_on_hyphens": False}


def title_of(instance: Instance) -> str:
    """Return the title of an instance as one printable line."""
    return line(str(instance.data.attrs.get("title", "")), LONGEST)


def _stated(rounded: Callable[[Fraction, int], Fraction], number: Fraction) -> Fraction:
    """Return a number as a certificate states it, rounded to the side that is safe."""
    size = abs(as_float(number))
    return rounded(number, decimals(size, DECIMALS) if 0 < size < 1 else DECIMALS)


def _labels_apart(instance: Instance, certificate: Certificate) -> list[str]:
    """Say which arrays of a certificate are not over the labels of an instance."""
    told = [
        f"{name}: other labels than the instance has"
        for part in (certificate.incumbent.decided, certificate.prices)
        for name in part.coords
        if list(map(str, part.indexes[name])) != list(map(str, instance.data.indexes[name]))
    ]
    return list(dict.fromkeys(told))


def scope_apart(method: str, scope: dict[str, str]) -> list[str]:
    """Say where a scope is not that of the method it is stated for, and so proves another thing."""
    wanted = asdict(METHODS[method])
    return [
        f"method {method} has {slot} {wanted[slot]!r}, not {value!r}"
        for slot, value in scope.items()
        if value != wanted[slot]
    ]


def _labelled(instance: Instance, arrays: xr.Dataset) -> xr.Dataset:
    """Return arrays over positions, or over labels as text, over the labels of an instance."""
    return arrays.assign_coords({dim: instance.data[dim] for dim in arrays.coords})


def _misfits(instance: Instance, incumbent: Incumbent) -> Iterator[str]:
    """Say where a workload is not the one that `first_fit` fixes."""
    try:
        fixed = first_fit(instance)
    except InfeasibleError as error:
        yield line(str(error), LONGEST)
        return
    placed = {tuple(map(int, at)) for at in np.argwhere(fixed.start.values > 0.5)}
    for job, _, _ in sorted(placed ^ set(incumbent.placements)):
        label = instance.data.indexes["job"][job]
        yield line(f"job {label}: not placed by first fit", LONGEST)
    apart = np.abs(incumbent.decided.route.astype(float) - fixed.route)
    if bool((apart > _FITS * instance.data.demand.max("time")).any()):
        yield "inference is not split in proportion to capacity"
