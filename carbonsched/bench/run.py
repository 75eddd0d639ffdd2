"""Solve an instance in a given way and make a submission of what came out."""

from __future__ import annotations

import math
import platform
import shutil
import tempfile
import time
import warnings
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import xarray as xr

import carbonsched as cs
from carbonsched.bench.check import Proved, check
from carbonsched.bench.methods import WAYS, schedule_by
from carbonsched.bench.submission import CERTIFICATE, PRICES, SCHEDULE, Submission
from carbonsched.bounds.relaxation import root_prices
from carbonsched.core.instance import Instance
from carbonsched.core.method import METHODS
from carbonsched.errors import InfeasibleError, SuspiciousValueWarning
from carbonsched.io import write_netcdf
from carbonsched.processor import cores
from carbonsched.proof.certify import certify
from carbonsched.proof.exact_bound import snap_prices

STEEP = 1e5  # USD/tCO2e, at which what a budget lacks outweighs all that could be earned


def machine() -> str:
    """Return what machine this is, in words."""
    return f"{platform.machine() or 'unknown'}, {platform.system()}, {cores()} cores"


def run(
    name: str,
    instance: Instance,
    way: str,
    folder: Path,
    *,
    time_limit: float = 60.0,
    gap: float = 0.001,
    by: str = "carbonsched",
    on: str = "",
    proof: bool = True,
) -> Proved:
    """Solve an instance and write a submission, checked, to a new folder.

    Parameters
    ----------
    name : str
        Of the instance, in the table of the benchmark.
    instance : Instance
    way : str
        Of `carbonsched.bench.methods.WAYS`.
    folder : Path
        To be made; it is whole or not there.
    time_limit, gap : float
        Asked of the solver; of a rolling plan the time of each window.
    by, on : str
        Who submits, and on what machine; by default what the system says of itself.
    proof : bool
        Whether to make a certificate too, which takes a solve of the relaxation.

    Returns
    -------
    Proved
        The submission claims just that.

    Raises
    ------
    FileExistsError
        The folder is there already.
    CarbonschedError
        No schedule was found, and no proof that there is none was looked for.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} exists: give another name")
    begun = time.perf_counter()
    schedule: cs.Schedule | None = None
    with suppress(InfeasibleError):
        schedule = schedule_by(way, instance, time_limit, gap)
    seconds = time.perf_counter() - begun
    submission = Submission(
        instance=name,
        entry=way,
        by=by,
        method=WAYS[way].words,
        machine=on or machine(),
        date=datetime.now(UTC).date(),
        seconds=round(seconds, 3),
        infeasible=schedule is None,
        versions={"carbonsched": cs.__version__} if schedule is None else schedule.versions,
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        if schedule is None:
            prices = contradicting_prices(instance) if proof else None
            if prices is not None:
                write_netcdf(prices, part / PRICES)
        else:
            schedule.save(part / SCHEDULE)
            if proof:
                certify(instance, schedule).save(part / CERTIFICATE)
        submission.write(part)
        proved = check(part, instance)
        claimed = replace(submission, value=proved.value, bound=proved.bound)
        claimed.write(part)
        part.chmod(0o755)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return replace(proved, submission=claimed)


def contradicting_prices(instance: Instance) -> xr.Dataset | None:
    """Return prices by which a carbon budget is shown to be too small for any schedule.

    They are those of the relaxation in which a tonne has a steep price and no limit. None where
    that relaxation has none: what contradicts is another row, and nothing here proves it.
    """
    data = instance.data
    if not math.isfinite(data.carbon_budget.item()):
        return None
    with warnings.catch_warnings(action="ignore", category=SuspiciousValueWarning):
        steep = instance.replace(
            import_price=data.import_price + STEEP * data.carbon_intensity,
            generation_cost=data.generation_cost + STEEP * data.generation_carbon,
            carbon_budget=np.inf,
        )
    prices = root_prices(steep, METHODS["joint"])
    if not len(prices):
        return None
    return snap_prices(data, prices.assign(carbon_price=STEEP))
