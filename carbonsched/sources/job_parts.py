"""Rows of tasks or attempts put together to jobs, and ids that must be unique."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from carbonsched.sources.log_profile import JobProfile
from carbonsched.sources.log_time import many
from carbonsched.sources.text import SHOWN, some


def one_row_a_job(frame: Any, profile: JobProfile, notes: list[str], faults: list[str]) -> Any:
    """Return one row a job."""
    if profile.rows == "jobs":
        counting = frame[frame.reason == ""]
        twice = counting[counting.job.duplicated(keep=False)]
        ids = list(dict.fromkeys(twice.job))
        faults += some(
            [
                f"job {job!r} is told in rows {_these(twice.row[twice.job == job])}, and not the "
                "same each time: ids must be unique"
                for job in ids[:SHOWN]
            ],
            len(ids),
        )
        return frame.drop(columns="start")
    jobs = frame.groupby("job", sort=False)
    seconds = frame.seconds.clip(lower=0.0).fillna(0.0)
    work = pd.DataFrame(
        {
            "job": frame.job,
            "gpus": frame.gpus.fillna(0.0) * seconds,
            "kw": frame.kw * seconds,
            "seconds": seconds,
            "begin": frame.start.fillna(frame.arrival),
        }
    )
    work["end"] = work.begin + pd.to_timedelta(seconds.mul(1e9).round(), unit="ns")
    grouped = work.groupby("job", sort=False)
    if profile.rows == "tasks":
        span = (grouped.end.max() - grouped.begin.min()).dt.total_seconds()
    else:
        span = grouped.seconds.sum()
    whole = pd.DataFrame(
        {
            "row": jobs.row.first(),
            "arrival": jobs.arrival.min(),
            "deadline": jobs.deadline.min(),
            "seconds": span,
            "gpus": grouped.gpus.sum() / span.where(span > 0),
            "kw": grouped.kw.sum(min_count=1) / span.where(span > 0),
            "reason": jobs.reason.agg(lambda reasons: next(filter(None, reasons), "")),
        }
    )
    several = int((jobs.size() > 1).sum())
    if several:
        how = {
            "tasks": "tasks: from the first start to the last end, with the GPU hours of all",
            "attempts": "attempts: as long as all together, with the GPU hours of all",
        }[profile.rows]
        notes.append(f"{many(several, 'job')} with several {how}.")
    return whole.reset_index()


def _these(rows: Iterable[object]) -> str:
    numbers = [str(row) for row in rows]
    return ", ".join(numbers[:5]) + (", ..." if len(numbers) > 5 else "")
