"""The jobs of a schedule as a calendar (iCalendar, RFC 5545): an event for each run."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

import pandas as pd

import carbonsched
from carbonsched.core.instance import Instance
from carbonsched.errors import extra
from carbonsched.judge.plan import plan
from carbonsched.proof.text import LONGEST, line
from carbonsched.schedule import Schedule


def calendar(instance: Instance, schedule: Schedule) -> bytes:
    """Return the calendar of the jobs that run, times in UTC: each reader sees its own clock.

    An event keeps its identifier when the plan is made anew, so that it moves in a calendar which
    has it already.

    Raises
    ------
    ValueError
        The periods are numbered, so that there are no dates; or the schedule is not one of this
        instance.
    MissingExtraError
        icalendar is not installed.
    """
    frame = plan(instance, schedule)
    if instance.data.indexes["time"].dtype.kind != "M":
        told = "a calendar needs dates, and the periods of this instance are numbered: give its "
        raise ValueError(f"{told}times as timestamps")
    with extra("export", "writing a calendar"):
        from icalendar import Calendar, Event
    title = line(str(instance.data.attrs.get("title", "")), LONGEST)
    made = Calendar()
    made.add("prodid", f"-//carbonsched//carbonsched {carbonsched.__version__}//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", title or "carbonsched")
    now = datetime.now(UTC)
    for job, row in frame.loc[frame.accepted].iterrows():
        event = Event()
        event.add("uid", f"{uuid5(NAMESPACE_URL, f'carbonsched:{title}:{job}')}@carbonsched")
        event.add("dtstamp", now)
        event.add("dtstart", _utc(row.start))
        event.add("dtend", _utc(row.end))
        event.add("summary", f"{job} on {row.site}")
        event.add("location", str(row.site))
        money = frame.attrs["units"]["reward"]
        about = f"IT power {row.power:,.4g} MW, reward {row.reward:,.0f} {money}"
        event.add("description", f"{about}{', required' * (row.reason == 'required')}")
        event.add("transp", "TRANSPARENT")  # nobody is busy while it runs
        made.add_component(event)
    return made.to_ical()


def _utc(at: pd.Timestamp) -> datetime:
    return at.to_pydatetime(warn=False).replace(tzinfo=UTC)
