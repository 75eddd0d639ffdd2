"""What a profile says of a log: rows of jobs or of requests, and how their instants are written."""

from __future__ import annotations

import re
from typing import Literal, Self

from carbonsched.errors import extra
from carbonsched.sources.layout import Names, Part, Pattern
from carbonsched.sources.profile import Described

with extra("sources", "reading files of your own"):
    from pydantic import Field, model_validator


class LogTime(Part):
    """How a log writes instants.

    Attributes
    ----------
    zone : str, optional
        The clock of its stamps: an IANA name, "UTC" or "+02:00". Not needed where each stamp
        carries its offset. Not stated: it must be given when a log is read.
    format : tuple of str
        As `datetime.strptime` takes it; ISO 8601 is always read.
    count : {"s", "ms", "min", "h"}, optional
        Cells are no stamps but numbers of this unit.
    since : {"epoch", "unknown"}
        From when they count: 1970-01-01 in UTC, or an instant that is not told, so that `begin`
        must be given when a log is read.
    """

    zone: str | None = None
    format: Names = ()
    count: Literal["s", "ms", "min", "h"] | None = None
    since: Literal["epoch", "unknown"] = "epoch"

    def dated(self, format: str | None) -> Self:
        """Return it with another form of stamps, if one is given; ValueError if it has none."""
        if format is None:
            return self
        if self.count:
            raise ValueError(f"format: the log counts time in {self.count}, and has no stamps")
        return self.model_copy(update={"format": (format,)})

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.count and (self.zone or self.format):
            raise ValueError("counts of time have no zone and no format")
        if self.since == "unknown" and not self.count:
            raise ValueError("since is for counts of time: state count")
        return self

    @property
    def relative(self) -> bool:
        """Whether its zero is not told."""
        return self.since == "unknown"


class JobColumns(Part):
    """Which column of a log of jobs means what; several names are those it may have.

    Attributes
    ----------
    id : tuple of str
        What tells jobs apart.
    arrival, start, end : tuple of str
        When it was submitted, began and ended. Without an arrival, its start is taken.
    duration, duration_unit
        How long it ran: numbers of the unit, or d-hh:mm:ss. Without it: from start to end.
    gpus : tuple of str
        Columns of which the first that has a value counts.
    gpus_pattern : tuple of str
        Regular expressions for what a cell of `gpus` says, of which the first that is found counts;
        the numbers of all its finds are added.
    gpus_times : tuple of str
        Columns by which the number is multiplied, such as that of the instances.
    gpus_scale : float
        What it is multiplied by besides, such as 0.01 of a percentage.
    power, power_unit
        Power of the whole job while it runs.
    state : tuple of str
        How it ended; the words after the first do not matter.
    deadline : tuple of str
        The instant by which it must have ended.
    """

    id: Names
    arrival: Names = ()
    start: Names = ()
    end: Names = ()
    duration: Names = ()
    duration_unit: Literal["s", "ms", "min", "h"] = "s"
    gpus: Names = ()
    gpus_pattern: tuple[Pattern, ...] = ()
    gpus_times: Names = ()
    gpus_scale: float = Field(1.0, gt=0)
    power: Names = ()
    power_unit: Literal["W", "kW", "MW"] = "kW"
    state: Names = ()
    deadline: Names = ()

    @model_validator(mode="after")
    def _enough(self) -> Self:
        if not (self.arrival or self.start):
            raise ValueError("state arrival or start")
        if not self.duration and not (self.start and self.end):
            raise ValueError("state duration, or start and end")
        if not (self.gpus or self.power):
            raise ValueError("state gpus or power")
        for pattern in self.gpus_pattern:
            if re.compile(pattern).groups != 1:
                raise ValueError("gpus_pattern has one group, the number")
        return self


class JobProfile(Described):
    """A profile of a log of jobs.

    Attributes
    ----------
    states : tuple of str
        The states that count, of those that a job may end in.
    skip : str, optional
        A regular expression: rows whose id has it are parts of a job that is told whole elsewhere.
    rows : {"jobs", "tasks", "attempts"}
        What a row is: a job; a task of one, which runs beside the job's others; or an attempt,
        which ran before or after the job's others.
    records, machines, gpu_list : str, optional
        Of a JSON list of jobs: where a job's attempts are, where the machines of one, and where
        the list of GPUs of each.
    """

    kind: Literal["jobs"]
    jobs: JobColumns
    time: LogTime = LogTime()
    states: Names = ()
    skip: Pattern | None = None
    rows: Literal["jobs", "tasks", "attempts"] = "jobs"
    records: str | None = None
    machines: str | None = None
    gpu_list: str | None = None

    @model_validator(mode="after")
    def _states_have_a_column(self) -> Self:
        if self.states and not self.jobs.state:
            raise ValueError("states need the column jobs.state")
        if self.records and not (self.machines and self.gpu_list and self.rows == "attempts"):
            raise ValueError('records need machines, gpu_list, and rows = "attempts"')
        return self


class RequestProfile(Described):
    """A profile of a log of requests.

    Attributes
    ----------
    column : tuple of str
        When a request came.
    tokens : tuple of str
        Columns whose sum is the tokens of a request.
    """

    kind: Literal["requests"]
    column: Names = Field(min_length=1)
    tokens: Names = ()
    time: LogTime = LogTime()


class LatencyProfile(Described):
    """A profile of latencies between places: a wide matrix, or a long table of pairs.

    Attributes
    ----------
    origin, destination, value : tuple of str
        Names of the columns. A table that has all three is one of pairs; otherwise each column but
        that of the origins is a destination.
    unit : {"ms", "s", "us"}
        Of every value.
    """

    kind: Literal["latency"]
    origin: Names = ()
    destination: Names = ()
    value: Names = ()
    unit: Literal["ms", "s", "us"] = "ms"
