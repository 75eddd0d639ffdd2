"""The jobs of a project as arrays over (job): single ones, and those of logs."""

from __future__ import annotations

import math
from datetime import tzinfo
from typing import Any

import pandas as pd

from carbonsched.io.zones import zone_of
from carbonsched.project.amounts import Lasting, PerEnergy, Periods
from carbonsched.project.faults import named
from carbonsched.project.gathered import At, Source
from carbonsched.project.horizon import instant
from carbonsched.project.model import Job, JobLog, Terms
from carbonsched.project.series import Reader
from carbonsched.sources import read_jobs
from carbonsched.sources.log_profile import JobProfile

_TYPES: dict[str, Any] = {
    "power": float,
    "duration": int,
    "release": "datetime64[ns]",
    "deadline": "datetime64[ns]",
    "reward": float,
    "startup_cost": float,
    "required": bool,
}
_FROM_LOG = ("power", "duration", "release", "deadline")
KEYS = {name: (name,) for name in (*_TYPES, "allowed")}  # which key says a quantity
_NEAR = 1e-9  # of a period: what is rounding


def job_frame(reader: Reader) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the jobs, a row each, and where they may run, a column a site.

    The first has `power` (MW), `duration` (periods), `release` and `deadline` (labels), `reward`,
    `startup_cost` and `required`.
    """
    given = reader.project.given
    rows: dict[str, dict[str, Any]] = {}
    for name, job in given.jobs.items():
        at: At = ("jobs", name)
        hours = _hours(job.duration, reader)
        timed = _timed(at, job, reader) if job.running is None else _left(at, job, reader)
        rows[name] = _worth(job, timed, job.power * hours)
        if job.running is not None:  # it has started, there, and nobody can decide otherwise
            fixed = {"required": True, "startup_cost": 0.0, "allowed_sites": [job.running.site]}
            rows[name] |= fixed
    for k, log in enumerate(given.job_logs):
        for name, row in _of_log(("job_logs", k), log, reader).items():
            if name in rows:
                told = f"job {name}: the name is taken by another entry"
                reader.gathered.faults.append(reader.project.fault(("job_logs", k), told))
            rows[name] = row
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=[*_TYPES, "allowed_sites"])
    allowed = pd.DataFrame(
        {site: [of is None or site in of for of in frame.allowed_sites] for site in given.sites},
        index=frame.index,
        dtype=bool,
    )
    return frame.drop(columns="allowed_sites").astype(_TYPES), allowed


def _worth(terms: Terms, timed: dict[str, Any], energy: float) -> dict[str, Any]:
    """Return a job with what it is worth, by its IT energy, MWh, where that is so stated."""
    reward: Any = terms.reward or 0.0
    if isinstance(reward, PerEnergy):
        reward = reward.per_mwh * energy
    return timed | {
        "reward": reward,
        "startup_cost": terms.startup_cost,
        "required": terms.required,
        "allowed_sites": terms.allowed,
    }


def _timed(at: At, job: Job, reader: Reader) -> dict[str, Any]:
    """Return when a job may run, for how many periods, and at which power.

    A time that is no whole number of periods is rounded up, at a power that keeps the energy.
    """
    exact = _hours(job.duration, reader) / reader.hours
    periods, power = _whole(at, job.power, exact, reader)
    release, deadline, step = reader.times[0], reader.times[-1], reader.step
    zone = _zone(job, reader)
    with reader.gathered.at((*at, "release")):
        if job.release is not None:
            release = _label(instant(job.release, zone), reader, up=True)
    with reader.gathered.at((*at, "deadline")):
        if job.deadline is not None:
            deadline = _label(instant(job.deadline, zone), reader, up=False) - step
    return {"power": power, "duration": periods, "release": release, "deadline": deadline}


def _left(at: At, job: Job, reader: Reader) -> dict[str, Any]:
    """Return what is left of a job that is running, from the first period on and without a choice.

    One that runs beyond the horizon takes all of it.
    """
    times: Any = reader.times
    running = job.running
    assert running is not None
    whole, done, power, periods = _hours(job.duration, reader), 0.0, job.power, 1
    with reader.gathered.at((*at, "running")):
        if running.done is not None:
            done = _hours(running.done, reader)
        else:
            begun: Any = times[0] - instant(running.started or "", _zone(job, reader))
            done = begun.total_seconds() / 3600
            if done <= 0:
                told = "that is no time before the horizon: give `release` in place of `running`"
                raise ValueError(f"started {running.started}: {told}")
        if whole - done <= _NEAR * reader.hours:
            told = f"it has run for {done:.6g} h of {whole:.6g} h: nothing of it is left"
            raise ValueError(f"{told}, so leave it out")
        periods, power = _whole(at, job.power, (whole - done) / reader.hours, reader)
        told = f"running on {running.site}, {whole - done:.6g} h of {whole:.6g} h are left"
        if periods > len(times):
            periods, power = len(times), job.power
            told += ", more than the horizon"
        reader.gathered.notes.append(f"{named(at)}: {told}; what starting it costs has been paid")
    with reader.gathered.at((*at, "deadline")):
        if job.deadline is not None:
            due = _label(instant(job.deadline, _zone(job, reader)), reader, up=False)
            if due < times[periods - 1] + reader.step:
                raise ValueError(f"{job.deadline}: it is running, and what is left ends after that")
    return {
        "power": power,
        "duration": periods,
        "release": times[0],
        "deadline": times[periods - 1],
    }


def _hours(lasting: Lasting | Periods, reader: Reader) -> float:
    return lasting.hours if isinstance(lasting, Lasting) else lasting.count * reader.hours


def _whole(at: At, power: float, exact: float, reader: Reader) -> tuple[int, float]:
    """Return periods, rounded up, and the power at which they take the same energy."""
    periods = max(math.ceil(exact - _NEAR), 1)
    if abs(exact - periods) > _NEAR:
        power = power * exact / periods
        told = f"{exact:.4g} periods become {periods}, at {power:.6g} MW for the same energy"
        reader.gathered.notes.append(f"{named(at)}: {told}")
    return periods, power


def _zone(job: Job, reader: Reader) -> tzinfo | None:
    name = job.zone or reader.project.given.horizon.zone
    return zone_of(name) if name else None


def _label(moment: pd.Timestamp, reader: Reader, *, up: bool) -> pd.Timestamp:
    """Return the begin of a period that is nearest to an instant, not before it or not after it."""
    first: Any = reader.times[0]
    whole, rest = divmod(moment - first, reader.step)
    return first + (whole + bool(up and rest)) * reader.step


def _of_log(at: At, log: JobLog, reader: Reader) -> dict[str, dict[str, Any]]:
    """Return the jobs of a log by name."""
    with reader.gathered.at((*at, "file"), log.file):
        read = read_jobs(
            reader.project.file(log.file),
            reader.log_profile(log, log.profile, JobProfile),
            reader.times,
            reader.hours,
            kw_per_gpu=log.kw_per_gpu,
            zone=log.zone,
            slack=log.slack,
            begin=log.begin,
            states="all" if log.states == ["all"] else log.states,
            at_least_hours=log.at_least_hours,
            at_least_gpus=log.at_least_gpus,
        )
        about = *log.credited(read.source, read.licence), read.notes
        reader.gathered.sources.append(Source(named(at), log.file, _FROM_LOG, *about))
        return {
            str(name): _worth(log, row.to_dict(), row.power * row.duration * reader.hours)
            for name, row in read.data[list(_FROM_LOG)].iterrows()
        }
    return {}
