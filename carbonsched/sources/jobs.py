"""Jobs of a cluster's log as jobs of an instance: whole periods and the same energy."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from carbonsched.errors import InstanceError, SuspiciousValueWarning
from carbonsched.sources.job_rows import JobRows, read_rows
from carbonsched.sources.log_profile import JobProfile
from carbonsched.sources.log_time import Periods, instant, many, shown
from carbonsched.sources.profile import find
from carbonsched.sources.text import SHOWN, some
from carbonsched.sources.whole_periods import because, placed

_IDS = 5  # of jobs left out for one reason, that a note names
MOST_KW = 10.0  # that a GPU with its share of a server may draw before it is asked about


@dataclass(frozen=True)
class Jobs:
    """Jobs on a horizon, and what became of the others.

    Attributes
    ----------
    data : pandas.DataFrame
        By job: `power` [MW], `duration` [periods], `release` and `deadline` (labels of periods in
        UTC: the first it may run in, the last), and `reward` [USD] where one was asked for.
    left_out : pandas.DataFrame
        The other jobs of the log: `job`, `row` in the file, `reason`.
    notes : tuple of str
        Each rule that was applied, with counts.
    licence, source : str
        Of the log.
    """

    data: pd.DataFrame
    left_out: pd.DataFrame
    notes: tuple[str, ...]
    licence: str
    source: str


def read_jobs(
    path: str | Path,
    profile: str | Path | JobProfile,
    times: pd.DatetimeIndex,
    step_hours: float | None = None,
    *,
    kw_per_gpu: float | None = None,
    zone: str | None = None,
    slack: float | str = 1.0,
    begin: pd.Timestamp | str | None = None,
    states: Sequence[str] | str | None = None,
    at_least_hours: float = 0.0,
    at_least_gpus: float = 0.0,
    reward_per_mwh: float | None = None,
    reward_per_gpu_hour: float | None = None,
) -> Jobs:
    r"""Read a log of jobs onto a horizon of whole periods.

    A job is released in the first period that begins when it arrives or later. It runs for its time
    rounded up to whole periods, at its power times the true time over the booked one, so that it
    keeps its energy: hourly periods at full power would book 24 % more for a public trace of which
    54 % of the jobs end within an hour. Its last period is the last that ends by its deadline.

    Parameters
    ----------
    path : str or Path
        The log; .gz, .zip and .xlsx are read too.
    profile : str, Path or JobProfile
        How it is written: "slurm", "pai", "philly", "acme", "jobs", ..., or a file of one's own
        (.toml).
    times : pandas.DatetimeIndex
        The periods, each by its start, in UTC.
    step_hours : float, optional
        Their length in h; needed of a single period, otherwise it must agree with `times`.
    kw_per_gpu : float, optional
        IT power of a busy GPU with its share of the server, in kW. It must be given unless the log
        has the jobs' power. Servers with eight A100 drew 0.61 to 0.63 kW a GPU at their 90th and
        95th percentile in the measurements of the Acme clusters (Hu et al., NSDI 2024).
    zone : str, optional
        The clock of the log's stamps, if neither they nor the profile tell it.
    slack : float or str
        Where the log has no deadline: a job may end by its arrival plus its time plus `slack` times
        its time; a length of time such as "24h" is added instead; "horizon": by the last period.
        Rounding never takes the last way to run a job: then its window is as long as the job.
    begin : pandas.Timestamp or str, optional
        The instant on which the zero of a log without dates falls (it must then be given), or to
        which the first arrival of a log with dates is moved. Without an offset: UTC.
    states : sequence of str or "all", optional
        The states that count, instead of the profile's.
    at_least_hours, at_least_gpus : float
        Jobs that ran for less or on fewer are left out.
    reward_per_mwh, reward_per_gpu_hour : float, optional
        What a job's `reward` is made of, in USD.

    Returns
    -------
    Jobs
        A log's jobs are each in `data` or in `left_out`. Horizons one after another share a log's
        jobs out without loss: a job belongs to the horizon in which its release lies.

    Raises
    ------
    InstanceError
        The log or what was asked for is faulty: every fault, by row and column; or no job is left.

    Examples
    --------
    >>> import tempfile
    >>> log = Path(tempfile.mkdtemp()) / "sacct.txt"
    >>> _ = log.write_text(
    ...     "JobID|Submit|Start|End|Elapsed|State|AllocTRES\n"
    ...     "71|2025-06-02T08:10:00|2025-06-02T08:20:00|2025-06-02T09:50:00|01:30:00|COMPLETED"
    ...     "|cpu=64,gres/gpu=16,node=2\n"
    ...     "71.batch|2025-06-02T08:20:00|2025-06-02T08:20:00|2025-06-02T09:50:00|01:30:00"
    ...     "|COMPLETED|cpu=32,gres/gpu=8,node=1\n"
    ... )
    >>> day = pd.date_range("2025-06-02", periods=24, freq="h")
    >>> read_jobs(log, "slurm", day, 1.0, kw_per_gpu=0.5, zone="Europe/Berlin").data.loc["71"]
    power                     0.006
    duration                      2
    release     2025-06-02 07:00:00
    deadline    2025-06-02 08:00:00
    Name: 71, dtype: object
    """
    model = profile if isinstance(profile, JobProfile) else find(profile, JobProfile)
    faults: list[str] = []
    periods = _periods(times, step_hours, faults)
    after = _after(slack, faults)
    start = _begin(begin, faults)
    faults += [
        f"{name}: {value:g} {unit} is not above 0"
        for name, value, unit in (("kw_per_gpu", kw_per_gpu, "kW"),)
        if value is not None and not 0 < value < np.inf
    ]
    if reward_per_mwh is not None and reward_per_gpu_hour is not None:
        faults.append("reward_per_mwh and reward_per_gpu_hour: give one of them")
    counting = () if states == "all" else (states,) if isinstance(states, str) else states
    rows = read_rows(path, model, faults, zone=zone, begin=start, states=counting)
    if kw_per_gpu is None and not rows.has_power:
        faults.append(
            "kw_per_gpu: the log has no power: give the IT power of a busy GPU with its share of "
            "the server, in kW"
        )
    faults += [
        f"{name}: the log does not tell how many GPUs a job had"
        for name, asked in (
            ("at_least_gpus", at_least_gpus),
            ("reward_per_gpu_hour", reward_per_gpu_hour is not None),
        )
        if asked and not rows.has_gpus
    ]
    frame: Any = rows.frame
    if not faults and kw_per_gpu is None:
        blank = frame[frame.kw.isna() & frame.reason.eq("")]
        faults += some(
            [f"row {row}: the job has no power: give kw_per_gpu" for row in blank.row[:SHOWN]],
            len(blank),
        )
    if faults or periods is None:
        raise InstanceError(faults, str(path))
    notes = list(rows.notes)
    frame["kw"] = _kilowatts(rows, kw_per_gpu, notes)
    _filter(frame, rows, at_least_hours, at_least_gpus)
    data = placed(frame, periods, after, notes)
    out = frame[frame.reason != ""]
    notes += _counted(out, len(frame))
    if data.empty:
        span = f"{shown(periods.labels[0])}, {periods.count} periods of {periods.hours:g} h"
        told = f"none of {many(len(frame), 'job')} is left on the horizon ({span})"
        raise InstanceError([told, *_counted(out, len(frame)), *_reach(frame)], str(path))
    if reward_per_mwh is not None:
        data["reward"] = data.power * data.duration * periods.hours * reward_per_mwh
    if reward_per_gpu_hour is not None:
        data["reward"] = data.gpus * data.seconds / 3600 * reward_per_gpu_hour
    return Jobs(
        data.drop(columns=["gpus", "seconds"]),
        out[["job", "row", "reason"]].reset_index(drop=True),
        tuple(notes),
        model.licence,
        model.source,
    )


def _periods(
    times: pd.DatetimeIndex, step_hours: float | None, faults: list[str]
) -> Periods | None:
    try:
        return Periods.of(times, step_hours)
    except ValueError as error:
        faults.append(str(error))
        return None


def _begin(begin: pd.Timestamp | str | None, faults: list[str]) -> pd.Timestamp | None:
    try:
        return None if begin is None else instant(begin)
    except ValueError:
        faults.append(f"begin: {begin!r} is no instant: write 2025-06-02 00:00")
        return None


def _after(slack: float | str, faults: list[str]) -> float | int | None:
    """Return the slack: a multiple of a job's time, ns, or None of the whole horizon."""
    if slack == "horizon":
        return None
    if isinstance(slack, str):
        try:
            length = pd.Timedelta(slack)
        except ValueError:
            length = pd.Timedelta(-1)
        if length is pd.NaT or length < pd.Timedelta(0):
            faults.append(f'slack: {slack!r} is no length of time: write 24h, or "horizon"')
            return None
        return int(length.as_unit("ns").value)
    if not 0 <= slack < np.inf:
        faults.append(f"slack: {slack:g} times a job's time is not 0 or more")
    return float(slack)


def _kilowatts(rows: JobRows, kw_per_gpu: float | None, notes: list[str]) -> pd.Series:
    """Return the power of each job: as told, otherwise by its GPUs."""
    told = rows.frame.kw
    if kw_per_gpu is None:
        return told
    if kw_per_gpu > MOST_KW:
        asked = f"kw_per_gpu: {kw_per_gpu:,g} kW for one GPU: is the unit right?"
        warnings.warn(asked, SuspiciousValueWarning, stacklevel=3)
    by_gpus = told.isna()
    notes.append(
        f"Power is {kw_per_gpu:g} kW a GPU, as given, of {many(int(by_gpus.sum()), 'job')}."
    )
    return told.where(~by_gpus, rows.frame.gpus * kw_per_gpu)


def _filter(frame: pd.DataFrame, rows: JobRows, hours: float, gpus: float) -> None:
    """Say of jobs that draw nothing, or are less than asked for, why they are left out."""
    because(frame, "it ran for 0 s", frame.seconds.mul(1e9).round() <= 0)
    nothing = "no GPUs" if rows.has_gpus else "no power"
    because(frame, nothing, ~(frame.kw > 0))
    because(frame, f"under {hours:g} h", frame.seconds < hours * 3600)
    if rows.has_gpus:
        because(frame, f"under {gpus:g} GPUs", frame.gpus < gpus)


def _counted(out: pd.DataFrame, jobs: int) -> list[str]:
    """Return a sentence of how many jobs are left out, and why."""
    if out.empty:
        return []
    parts = [
        f"{number:,} ({reason}: {_some_ids(out.job[out.reason == reason])})"
        for reason, number in out.reason.value_counts().items()
    ]
    more = [f"and {len(parts) - 12} more reasons"] if len(parts) > 12 else []
    return [f"Left out are {len(out):,} of {many(jobs, 'job')}: {', '.join(parts[:12] + more)}."]


def _some_ids(ids: pd.Series) -> str:
    """Return the first ids, and how many more there are."""
    more = len(ids) - _IDS
    shown = [f"{job!s:.40}" for job in ids[:_IDS]]
    return ", ".join(shown) + (f", and {more:,} more" if more > 0 else "")


def _reach(frame: pd.DataFrame) -> list[str]:
    """Return from when to when the jobs of a log arrive."""
    if frame.arrival.isna().all():
        return []
    return [f"its jobs arrive from {shown(frame.arrival.min())} to {shown(frame.arrival.max())}"]
