"""Files of a source that are odd in one place, each read or told with its cure."""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from carbonsched.errors import InstanceError
from carbonsched.sources.columns import placeholders
from carbonsched.sources.files import decoded, workbook
from carbonsched.sources.job_rows import _counting, _found
from carbonsched.sources.latency import _directions, read_latency
from carbonsched.sources.log_profile import JobProfile, LogTime, RequestProfile
from carbonsched.sources.log_time import Periods, instant, moments, moved
from carbonsched.sources.nested_jobs import read_nested
from carbonsched.sources.profile import Layout, Time, Values, shipped
from carbonsched.sources.requests import read_requests
from carbonsched.sources.text import Table
from carbonsched.sources.times import _zone


def table(about: dict[str, str] | None = None, **columns: list[str]) -> Table:
    first = next(iter(columns.values()), [])
    frame = pd.DataFrame(columns, index=pd.RangeIndex(2, len(first) + 2))
    return Table(frame, about or {}, Layout(), "t.csv")


@pytest.mark.parametrize(
    ("times", "hours", "told"),
    [
        ([], None, "times: it needs at least one label, and no gap"),
        (["2025-01-01", None], None, "times: it needs at least one label, and no gap"),
        (["2025-01-02", "2025-01-01"], None, "times: the labels are not equally far apart"),
        (["2025-01-01", "2025-01-02", "2025-01-04"], None, "not equally far apart"),
        (["2025-01-01"], None, "step_hours: it is needed where there is one period only"),
        (["2025-01-01"], 0.0, "step_hours: 0 h is no length"),
        (["2025-01-01", "2025-01-02"], 1.0, "step_hours: 1 h, but the labels are 24 h apart"),
    ],
)
def test_labels_that_are_no_periods_are_refused(times, hours, told):
    with pytest.raises(ValueError, match=told):
        Periods.of(pd.DatetimeIndex(times), hours)


def test_a_single_period_is_as_long_as_is_said():
    periods = Periods.of(pd.DatetimeIndex(["2025-01-01T01:00+01:00"]), 0.5)
    assert (periods.count, periods.hours) == (1, 0.5)
    assert periods.start == pd.Timestamp("2025-01-01").value


def test_no_instant_is_none():
    with pytest.raises(ValueError, match="'NaT' is no instant"):
        instant("NaT")


def test_counts_of_time_are_told_where_they_are_of_another_unit():
    """Three seconds since 1970, and one that would be 300 years."""
    faults: list[str] = []
    log = table(at=["3", "1e10", "-"])
    found = moments(log, "at", LogTime(count="s"), faults, [])
    assert found.iloc[0] == pd.Timestamp("1970-01-01 00:00:03") and found.iloc[1:].isna().all()
    assert faults == ["row 3, column 'at': '1e10' is no time in s"]
    blank = moments(table(at=["-", ""]), "at", LogTime(), faults, [])
    assert blank.isna().all() and len(faults) == 1


def test_a_clock_that_there_is_not_is_told_once():
    faults: list[str] = []
    for _ in range(2):
        found = moments(table(at=["2025-01-01 00:00"]), "at", LogTime(), faults, [], zone="Mars/X")
        assert found.isna().all()
    assert len(faults) == 1 and "Mars/X" in faults[0]


def test_a_log_whose_zero_is_told_is_not_moved():
    notes: list[str] = []
    begin = pd.Timestamp("2025-01-01")
    relative = LogTime(count="s", since="unknown")
    when = pd.Series([pd.Timestamp("2025-01-01 03:00")])
    assert moved(when, relative, begin, "job", notes) == pd.Timedelta(0)
    assert notes == ["The log's zero is 2025-01-01 00:00 UTC, as asked."]
    assert moved(pd.Series([pd.NaT]), LogTime(), begin, "job", notes) == pd.Timedelta(0)
    assert len(notes) == 1


def test_the_clock_of_a_file_is_what_it_says_of_itself():
    """Its offset in seconds, or of the column that is read, whatever its case and blanks."""
    faults: list[str] = []
    told = Time(column="at", offset="utc offset")
    zone = _zone(table({"utc offset": "3600"}, at=["x"]), told, None, None, faults)
    assert zone is not None and zone.utcoffset(None) == timedelta(hours=1) and not faults
    for about in ({}, {"utc offset": "one"}):
        assert (
            _zone(table(about, at=["x"]), told, None, None, faults).utcoffset(None) == timedelta()
        )
    assert faults == ["the file does not say its 'utc offset' above the table"] * 2
    each = Time(column="at", zone={"MTU (CET)": "Europe/Berlin"})
    assert _zone(table(at=["x"]), each, "mtu  (cet)", None, []) == ZoneInfo("Europe/Berlin")
    assert _zone(table(at=["x"]), each, None, None, []) is None
    assert _zone(table(at=["x"]), each, None, "Mars/X", faults) is UTC
    assert len(faults) == 3 and "Mars/X" in faults[2]


def test_an_encoding_is_one_that_there_is_and_the_file_is_in():
    with pytest.raises(InstanceError, match="'klingon' is no encoding"):
        decoded(b"a", Layout(encoding="klingon"), "t.csv")
    with pytest.raises(InstanceError, match="it is not written in ascii"):
        decoded("\u00e9".encode(), Layout(encoding="ascii"), "t.csv")
    with pytest.raises(InstanceError, match="it is not written in utf-8"):
        decoded(b"\xff\0", Layout(), "t.csv")
    assert decoded(b"\xe9", Layout(), "t.csv")[0] == "\u00e9"  # as Windows-1252


def test_what_is_no_workbook_is_told(tmp_path):
    with pytest.raises(InstanceError, match="it is no workbook that can be read"):
        list(workbook(b"PK\x03\x04", Layout(), tmp_path / "t.xlsx"))


@pytest.mark.parametrize(("text", "told"), [("{", "it is no JSON"), ("[1]", "no list of jobs")])
def test_what_is_no_list_of_jobs_is_told(tmp_path, text, told):
    path = tmp_path / "jobs.json"
    path.write_text(text)
    with pytest.raises(InstanceError, match=told):
        read_nested(path, next(iter(shipped(JobProfile).values())))


def test_a_list_of_jobs_is_a_row_an_attempt(tmp_path):
    form = next(one for one in shipped(JobProfile).values() if one.records)
    path = tmp_path / "jobs.json"
    machine = {form.gpu_list: ["a", "b"]}
    tried = {form.records: [{"n": "1", form.machines: [machine, machine, "x"]}, {"n": "2"}, "x"]}
    path.write_text(json.dumps([{"id": "j"} | tried, {"id": "k"}]))
    found, numbers = read_nested(path, form)
    assert numbers == [1, 1, 2]
    assert found.frame["id"].tolist() == ["j", "j", "k"]
    assert found.frame[form.gpu_list].tolist() == ["4", "0", "0"]


def test_cells_that_a_column_says_are_none_are_missing():
    """A flag as a text or as a number; a column that is not there says nothing."""
    log = table(flag=["1.0", "0", "1"], value=["5", "6", "7"])
    numbers = pd.Series([5.0, 6.0, 7.0], index=log.frame.index)
    found, notes = placeholders(log, Values(columns="value", placeholder={"flag": "1"}), numbers)
    assert found.isna().tolist() == [True, False, True]
    assert notes == ["2 values whose flag is 1 are placeholders: missing."]
    for of in ({"other": "1"}, {"flag": "9"}):
        same, notes = placeholders(log, Values(columns="value", placeholder=of), numbers)
        assert same.tolist() == numbers.tolist() and notes == []


def test_numbers_in_a_text_are_those_of_the_first_pattern_that_is_found():
    cells = pd.Series(["gpu=2,gpu=3", "gres:4", "none"], index=[7, 8, 9])
    found = _found(cells, (r"gpu=(\d+)", r":(\d+)"))
    assert found.to_dict() == {7: 5.0, 8: 4.0, 9: 0.0}


def test_states_need_a_column_that_tells_them():
    form, faults = shipped(JobProfile)["jobs"], list[str]()
    assert _counting(table(id=["a"]), None, form, ["done"], faults) is None
    assert faults == ["states: the log does not tell how jobs ended"]
    assert _counting(table(id=["a"]), None, form, [], faults) is None and len(faults) == 1


def test_latencies_to_itself_are_no_less_than_nothing(tmp_path):
    path = tmp_path / "latency.csv"
    path.write_text("Source,East,West\nEast,,71\nWest,71,\n")
    with pytest.raises(InstanceError, match="to_itself: -1 ms is not 0 or more"):
        read_latency(path, to_itself=-1.0)
    found = read_latency(path, to_itself=2.0)
    assert np.diag(found).tolist() == [2.0, 2.0]
    assert not any("directions" in note for note in found.attrs["notes"])
    names = pd.Index(["a", "b"])
    assert _directions(pd.DataFrame([[0.0, 5.0], [5.0, 0.0]], names, names)) == []


def test_an_instant_that_requests_begin_at_must_be_one(tmp_path):
    path, form = tmp_path / "requests.csv", next(iter(shipped(RequestProfile)))
    (column, *_) = shipped(RequestProfile)[form].column
    path.write_text(f"{column},Tokens\n2025-01-01 00:00,1\n")
    periods = pd.date_range("2025-01-01", periods=2, freq="1h")
    with pytest.raises(InstanceError, match="begin: 'soon' is no instant: write 2025-06-02 00:00"):
        read_requests(path, form, periods, begin="soon", zone="UTC")
