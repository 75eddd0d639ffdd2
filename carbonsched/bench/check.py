"""A submission is accepted by proof: what it earns and bounds is computed again, exactly.

Neither linopy nor a solver is needed. Whatever a schedule, a certificate or a file states of itself
counts for nothing: an interval [value, bound] is stated here, in which the optimum certainly lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import xarray as xr

from carbonsched.bench.submission import (
    ABOUT,
    CERTIFICATE,
    FILES,
    PRICES,
    SCHEDULE,
    Submission,
    SubmissionError,
)
from carbonsched.core.instance import Instance
from carbonsched.core.method import METHODS
from carbonsched.core.schema import PRICES as PRICE_DIMS
from carbonsched.errors import CarbonschedError, CertificateError
from carbonsched.io.netcdf import read_netcdf
from carbonsched.io.store import load_schedule
from carbonsched.judge.verify import verify
from carbonsched.proof.certificate import DECIMALS, Certificate
from carbonsched.proof.exact_schedule import follow, objective, turnover, violations
from carbonsched.proof.no_schedule import bound_by, without_schedule
from carbonsched.proof.rational import as_float, exact_data, rounded_down, rounded_up, written
from carbonsched.proof.restated import left_by
from carbonsched.proof.rounding import snap
from carbonsched.schedule import Schedule

METHOD = "joint"  # every entry is on the whole model
_SHOWN = 20  # limits missed by one file


@dataclass(frozen=True)
class Proved:
    """What a submission proves.

    Attributes
    ----------
    submission : Submission
    value : Fraction or None
        What its schedule certainly earns, USD, rounded down; None without one.
    bound : Fraction or None
        What no schedule exceeds, USD, rounded up; None of a submission without a proof of it.
    turnover : Fraction or None
        What a gap is relative to, USD, see `carbonsched.Schedule`.
    infeasible : bool
        Whether it is proved that there is no schedule.
    """

    submission: Submission
    value: Fraction | None = None
    bound: Fraction | None = None
    turnover: Fraction | None = None
    infeasible: bool = False

    @property
    def outcome(self) -> str:
        """What is proved, in a few words."""
        if self.infeasible:
            return "no schedule"
        if self.submission.infeasible:
            return "no schedule: claimed, not proved"
        return "schedule" if self.value is not None else "bound"

    @property
    def gap(self) -> float:
        """Width of the interval over the turnover; infinite where it is open."""
        return gap(self.value, self.bound, self.turnover)

    def __str__(self) -> str:
        if self.submission.infeasible:
            return self.outcome
        low, high = (("open" if end is None else written(end)) for end in (self.value, self.bound))
        wide = f", {self.gap:.4%} of the turnover" if np.isfinite(self.gap) else ""
        return f"[{low}, {high}] USD{wide}"


def gap(value: Fraction | None, bound: Fraction | None, turned: Fraction | None) -> float:
    """Return the width of an interval over a turnover; infinite where it is open."""
    if value is None or bound is None or turned is None:
        return float("inf")
    return as_float(max(bound - value, Fraction(0)) / max(turned, Fraction(1, 100)))


def check(folder: Path, instance: Instance) -> Proved:
    """Return what a submission proves of an instance.

    Parameters
    ----------
    folder : Path
        Of the submission, see `carbonsched.bench.submission`.
    instance : Instance
        The one that it names.

    Raises
    ------
    SubmissionError
        Something in it is not so, or claims more than is proved; every fault is listed.
    """
    submission = Submission.read(folder)
    faults = [
        f"{path.name}: no part of a submission"
        for path in sorted(folder.iterdir())
        if path.name not in FILES or not path.is_file()
    ]
    if submission.infeasible:
        proved, more = _of_none(folder, instance, submission)
    else:
        proved, more = _of_schedule(folder, instance, submission)
    if faults := [*faults, *more, *_overclaimed(submission, proved)]:
        raise SubmissionError(faults, str(folder))
    return proved


def _of_none(folder: Path, instance: Instance, submission: Submission) -> tuple[Proved, list[str]]:
    """Check what says that there is no schedule."""
    faults = [
        f"{name}: not with a claim that there is no schedule"
        for name in (SCHEDULE, CERTIFICATE)
        if (folder / name).exists()
    ]
    prices, more = _prices(folder, instance)
    infeasible = prices is not None and without_schedule(instance, prices)
    if prices is not None and not infeasible:
        more.append(
            f"{PRICES}: the bound is not below what every schedule earns, so proves nothing"
        )
    return Proved(submission, infeasible=infeasible), [*faults, *more]


def _of_schedule(
    folder: Path, instance: Instance, submission: Submission
) -> tuple[Proved, list[str]]:
    """Check schedule, certificate and prices, whichever are there."""
    faults: list[str] = []
    values: list[tuple[Fraction, Fraction]] = []
    bounds: list[Fraction] = []
    missed: list[str] = []
    if (folder / SCHEDULE).exists():
        judged, missed, faults = _schedule(folder / SCHEDULE, instance)
        values += judged
    if (folder / CERTIFICATE).exists():
        certificate, more = _certificate(folder / CERTIFICATE, instance)
        faults += more
        if certificate is not None:
            bounds.append(certificate.bound)
            if certificate.feasible:
                values.append((certificate.objective, certificate.turnover or Fraction(0)))
            else:
                missed += [f"{CERTIFICATE}: {miss}" for miss in certificate.missed[:_SHOWN]]
    prices, more = _prices(folder, instance)
    faults += more
    if prices is not None:
        bounds.append(rounded_up(bound_by(instance, prices), DECIMALS))
    if not values:
        faults += missed
    if not (values or bounds or faults):
        faults.append(f"neither {SCHEDULE} nor {CERTIFICATE} nor {PRICES}: nothing is proved")
    value, turned = max(values) if values else (None, None)
    return Proved(submission, value, min(bounds, default=None), turned), faults


def _schedule(
    path: Path, instance: Instance
) -> tuple[list[tuple[Fraction, Fraction]], list[str], list[str]]:
    """Return value and turnover of a file's schedule, limits missed, and faults."""
    try:
        schedule = load_schedule(path)
    except (CarbonschedError, OSError, ValueError) as error:
        return [], [], [f"{SCHEDULE}: {error}"]
    earned, missed, faults = judged(schedule, instance)
    missed, faults = ([f"{SCHEDULE}: {text}" for text in texts] for texts in (missed, faults))
    return [] if earned is None else [earned], missed, faults


def judged(
    schedule: Schedule, instance: Instance
) -> tuple[tuple[Fraction, Fraction] | None, list[str], list[str]]:
    """Judge a schedule twice: by every row within a tolerance, and then exactly.

    It is judged as of the whole model, whatever method it names.

    Returns
    -------
    earned : tuple of Fraction, or None
        What it earns, rounded down, and turns over, rounded up, USD, of a schedule that keeps all
        limits exactly once its decisions are moved within them.
    missed : list of str
        Limits that it then misses.
    faults : list of str
        Rows that it breaks.
    """
    if schedule.families:
        return None, [], ["has families beside the paper's"]
    report = verify(instance, replace(schedule, method=METHODS[METHOD]))
    if not report.ok:
        broken = [
            f"({check.equation}) {check.row}: {check.extent} {check.label}".rstrip()
            for check in report.broken
        ]
        return None, [], broken
    data = exact_data(left_by(instance.data, asdict(METHODS[METHOD])))
    incumbent = snap(data, schedule.data.astype(float))
    made = follow(data, incumbent)
    if missed := violations(data, incumbent, made):
        return None, [str(miss) for miss in missed[:_SHOWN]], []
    earned = rounded_down(objective(data, incumbent, made), DECIMALS)
    return (earned, rounded_up(turnover(data, incumbent, made), DECIMALS)), [], []


def _certificate(path: Path, instance: Instance) -> tuple[Certificate | None, list[str]]:
    """Return a certificate all of which is so, or its faults."""
    try:
        certificate = Certificate.load(path)
        certificate.check(instance)
    except CertificateError as error:
        return None, [f"{CERTIFICATE}: {fault}" for fault in error.faults]
    except OSError as error:
        return None, [f"{CERTIFICATE}: {error}"]
    if certificate.method != METHOD:
        told = f"of the method {certificate.method}, and the benchmark is on {METHOD}"
        return None, [f"{CERTIFICATE}: {told}"]
    return certificate, []


def _prices(folder: Path, instance: Instance) -> tuple[xr.Dataset | None, list[str]]:
    """Return the prices of a file, if there is one, or what is wrong with it."""
    path = folder / PRICES
    if not path.exists():
        return None, []
    try:
        prices = read_netcdf(path)
    except (CarbonschedError, OSError) as error:
        return None, [f"{PRICES}: {error}"]
    faults = [f"{PRICES}: {fault}" for fault in _misfits(prices, instance.data)]
    return (None, faults) if faults else (prices[list(PRICE_DIMS)], [])


def _misfits(prices: xr.Dataset, data: xr.Dataset) -> Iterator[str]:
    for name, dims in PRICE_DIMS.items():
        if name not in prices:
            yield f"{name}: missing"
        elif set(prices[name].dims) != set(dims) or prices[name].dtype.kind not in "iuf":
            yield f"{name}: expected numbers over {', '.join(dims) or 'nothing'}"
    for dim in ("site", "time"):
        if dim in prices.dims and not (
            dim in prices.indexes and prices.indexes[dim].equals(data.indexes[dim])
        ):
            yield f"labels of {dim} differ"


def _overclaimed(submission: Submission, proved: Proved) -> Iterator[str]:
    """Say where a submission claims more than it proves."""
    for name, proof, sign in (("value", proved.value, 1), ("bound", proved.bound, -1)):
        claimed = getattr(submission, name)
        if claimed is None:
            continue
        if proof is None:
            yield f"{ABOUT}: a {name} of {written(claimed)} is claimed, and nothing proves one"
        elif sign * (claimed - proof) > 0:
            yield f"{ABOUT}: a {name} of {written(claimed)} is claimed, proved is {written(proof)}"
