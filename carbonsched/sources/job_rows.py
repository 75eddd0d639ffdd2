"""A log of jobs as one row a job: steps skipped, tasks and attempts of a job put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from carbonsched.errors import InstanceError
from carbonsched.sources.job_parts import one_row_a_job
from carbonsched.sources.log_profile import JobProfile
from carbonsched.sources.log_time import lengths, many, moments, moved
from carbonsched.sources.nested_jobs import read_nested
from carbonsched.sources.text import SHOWN, Table, read_table, some

_KILOWATTS = {"W": 1e-3, "kW": 1.0, "MW": 1e3}


@dataclass(frozen=True)
class JobRows:
    """The jobs of a log, before they are placed on a horizon.

    Attributes
    ----------
    frame : pandas.DataFrame
        One row a job, with the columns `job`, `row` (in the file), `arrival` and `deadline` (UTC,
        NaT if none), `seconds` it ran, `gpus` and `kw` (NaN if the log does not tell), and `reason`
        it cannot count, or "".
    has_gpus, has_power : bool
        Whether the log has such a column.
    notes : tuple of str
        Each rule that was applied.
    """

    frame: pd.DataFrame
    has_gpus: bool
    has_power: bool
    notes: tuple[str, ...]


def read_rows(
    path: str | Path,
    profile: JobProfile,
    faults: list[str],
    *,
    zone: str | None = None,
    begin: pd.Timestamp | None = None,
    states: Sequence[str] | None = None,
) -> JobRows:
    """Read a log of jobs; what is wrong with its cells is added to `faults`.

    Parameters
    ----------
    path : str or Path
        The log.
    profile : JobProfile
        How it is written.
    faults : list of str
        Takes what is wrong, by row and column.
    zone : str, optional
        The clock of its stamps.
    begin : pandas.Timestamp, optional
        When its zero is; of a log with dates: when its first job arrives.
    states : sequence of str, optional
        Those that count, instead of the profile's; none: all.

    Raises
    ------
    InstanceError
        The file has not the columns of the profile.
    """
    columns = profile.jobs
    notes: list[str] = []
    numbers = None
    if profile.records:
        table, numbers = read_nested(Path(path), profile)
    else:
        table = _headed(read_table(path, profile.text, columns.id), profile)
    notes += table.notes
    known = _columns(table, profile)
    table = _without_steps(table, known["id"], profile, notes)
    if profile.time.relative and begin is None:
        faults.append(
            "begin: the log counts time from an instant that it does not tell: say which instant "
            "its 0 is to fall on"
        )

    def at(name: str) -> pd.Series:
        if name not in known:
            return pd.Series(pd.NaT, index=table.frame.index, dtype="datetime64[ns]")
        return moments(table, known[name], profile.time, faults, notes, zone=zone, begin=begin)

    frame = pd.DataFrame({"job": table.frame[known["id"]], "row": table.frame.index})
    if numbers is not None:
        frame["row"] = pd.Series(numbers, index=range(1, len(numbers) + 1))
    frame["start"] = at("start")
    frame["arrival"] = at("arrival") if "arrival" in known else frame.start
    if "arrival" not in known:
        notes.append("The log has no time of submission: jobs arrive when they started.")
    frame["deadline"] = at("deadline")
    frame["seconds"] = _seconds(table, known, at("end") - frame.start, profile, faults, notes)
    frame["gpus"] = _gpus(table, known, profile, faults)
    power = known.get("power")
    frame["kw"] = float("nan") if power is None else table.floats(power, faults)
    frame["kw"] *= _KILOWATTS[columns.power_unit]
    counting = _counting(table, known.get("state"), profile, states, faults)
    frame["reason"] = _reasons(table, known, frame, counting)
    faults += _wrong(frame, table, known)
    if not faults:
        frame = one_row_a_job(frame, profile, notes, faults)
        frame = _moved(frame, profile, begin, notes)
    return JobRows(frame, "gpus" in known, power is not None, tuple(notes))


def _headed(table: Table, profile: JobProfile) -> Table:
    """Return a table without a row that repeats the names of its columns."""
    names = list(profile.text.names)
    if names and table.frame.iloc[0].str.casefold().tolist() == [name.casefold() for name in names]:
        return Table(table.frame.iloc[1:], table.about, table.layout, table.where, table.notes)
    return table


def _columns(table: Table, profile: JobProfile) -> dict[str, str]:
    """Return which column of the file is which of the profile's."""
    columns = profile.jobs
    names = ("id", "arrival", "start", "end", "duration", "gpus", "power", "state", "deadline")
    found = {name: table.named(getattr(columns, name)) for name in names}
    known = {name: column for name, column in found.items() if column is not None}
    needed = {
        "id": bool(known.get("id")),
        "arrival": "arrival" in known or "start" in known,
        "duration": "duration" in known or {"start", "end"} <= set(known),
        "gpus": "gpus" in known or "power" in known,
        "state": "state" in known or not profile.states,
    }
    missing = [name for name, there in needed.items() if not there]
    faults = [
        f"it has no column {' or '.join(map(repr, _names(columns, name)))} ({_MEANING[name]})"
        for name in missing
    ]
    faults += [
        f"it has no column {name!r} (the number of GPUs is multiplied by it)"
        for name in columns.gpus_times
        if "gpus" in known and table.named([name]) is None
    ]
    if faults:
        there = ", ".join(map(repr, list(table.frame.columns)[:20]))
        raise InstanceError([*faults[:-1], f"{faults[-1]}; its columns are {there}"], table.where)
    return known


_MEANING = {
    "id": "what tells jobs apart",
    "arrival": "when a job arrived or started",
    "duration": "how long it ran, or its start and its end",
    "gpus": "how many GPUs it had, or its power",
    "state": "how it ended",
}


def _names(columns: Any, name: str) -> Iterable[str]:
    instead = {"arrival": ["start"], "duration": ["end"], "gpus": ["power"]}.get(name, [])
    return [one for part in (name, *instead) for one in getattr(columns, part)]


def _without_steps(table: Table, column: str, profile: JobProfile, notes: list[str]) -> Table:
    """Return a table without rows that are parts of a job, and without rows told twice."""
    frame: Any = table.frame
    if profile.skip:
        steps = frame[column].str.contains(profile.skip, regex=True).astype(bool)
        if steps.any():
            notes.append(
                f"Steps of jobs, which are told whole, are skipped: {many(steps.sum(), 'row')}."
            )
        frame = frame[~steps]
    if not profile.records:
        twice = frame.duplicated()
        if twice.any():
            notes.append(f"Repeats of another row are dropped: {many(twice.sum(), 'row')}.")
        frame = frame[~twice]
    if frame.empty:
        raise InstanceError(["it has no job"], table.where)
    return Table(frame, table.about, table.layout, table.where, table.notes)


def _seconds(
    table: Table,
    known: Mapping[str, str],
    between: pd.Series,
    profile: JobProfile,
    faults: list[str],
    notes: list[str],
) -> pd.Series:
    """Return how long each row ran: as told, otherwise from its start to its end."""
    between = between.dt.total_seconds()
    if "duration" not in known:
        return between
    told = lengths(table, known["duration"], profile.jobs.duration_unit, faults)
    differ = ((told - between).abs() > 1.0).sum()
    if differ:
        notes.append(
            f"The column {known['duration']!r} is not the end less the start in {differ:,} of "
            f"{many((told.notna() & between.notna()).sum(), 'row')}: the column counts."
        )
    return told.where(told.notna(), between)


def _gpus(
    table: Table, known: Mapping[str, str], profile: JobProfile, faults: list[str]
) -> pd.Series:
    """Return the number of GPUs of each row, NaN where none of the columns tells one."""
    columns = profile.jobs
    found = pd.Series(float("nan"), index=table.frame.index)
    for name in columns.gpus if "gpus" in known else ():
        column = table.named([name])
        if column is None:
            continue
        if columns.gpus_pattern:
            cells: Any = table.frame[column]
            numbers = _found(cells, columns.gpus_pattern).where(~table.is_gap(cells))
        else:
            numbers = table.floats(column, faults)
        found = found.where(found.notna(), numbers)
    for name in columns.gpus_times:
        column = table.named([name])
        if column is not None:
            found = found * table.floats(column, faults)
    return found * columns.gpus_scale


def _found(cells: Any, patterns: Iterable[str]) -> pd.Series:
    """Return the sum of what the first pattern that is found at all finds in each cell."""
    numbers = pd.Series(float("nan"), index=range(len(cells)))
    texts = cells.reset_index(drop=True)
    for pattern in patterns:
        finds = texts.str.extractall(pattern)[0].astype(float)
        numbers = numbers.fillna(finds.groupby(level=0).sum())
    return pd.Series(numbers.fillna(0.0).to_numpy(), index=cells.index)


def _counting(
    table: Table,
    column: str | None,
    profile: JobProfile,
    states: Sequence[str] | None,
    faults: list[str],
) -> pd.Series | None:
    """Return how each row ended where that counts, "" of rows that do; None if all do."""
    count = profile.states if states is None else states
    if not count:
        return None
    if column is None:
        faults.append("states: the log does not tell how jobs ended")
        return None
    ended: Any = table.frame[column].str.split().str[0].fillna("not told")
    wanted = {one.casefold() for one in count}
    there = {str(one).casefold(): str(one) for one in ended.unique()}
    for one in states or ():
        if one.casefold() not in there:
            known = ", ".join(sorted(there.values())[:SHOWN])
            faults.append(f"states: no job is in state {one!r}; there are {known}")
    return ended.mask(ended.str.casefold().isin(wanted), "")


def _reasons(
    table: Table, known: Mapping[str, str], frame: pd.DataFrame, ended: pd.Series | None
) -> pd.Series:
    """Return why a row cannot count, or ""."""
    reason = pd.Series("", index=frame.index, dtype="object")

    def because(what: pd.Series | str, where: pd.Series) -> None:
        reason.mask(where & reason.eq(""), what, inplace=True)

    if ended is not None:
        because("state " + ended, ended.ne(""))
    arrivals: Any = table.frame[known.get("arrival", known.get("start"))]
    because("no time of arrival", table.is_gap(arrivals))
    because("arrived in an hour that the clocks skip", frame.arrival.isna())
    because("no duration: not started, still running or not logged", frame.seconds.isna())
    because("it ends before it starts", frame.seconds < 0)
    return reason


def _wrong(frame: Any, table: Table, known: Mapping[str, str]) -> list[str]:
    """Return rows without a name, and with an amount below 0."""
    faults: list[str] = []
    nameless = frame[table.is_gap(frame.job)]
    faults += some([f"row {row}: the job has no id" for row in nameless.row[:SHOWN]], len(nameless))
    for name, unit in (("gpus", "GPUs"), ("kw", "kW")):
        below = frame[frame[name] < 0]
        faults += some(
            [
                f"row {row}, column {known.get('gpus' if name == 'gpus' else 'power')!r}: "
                f"{value:g} {unit} is less than nothing"
                for row, value in zip(below.row[:SHOWN], below[name], strict=False)
            ],
            len(below),
        )
    return faults


def _moved(frame: Any, profile: JobProfile, begin: pd.Timestamp | None, notes: list[str]) -> Any:
    """Return jobs of a log with dates moved so that its first job arrives at `begin`."""
    move = moved(frame.arrival, profile.time, begin, "job", notes)
    return frame.assign(arrival=frame.arrival + move, deadline=frame.deadline + move)
