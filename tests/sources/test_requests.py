"""Requests counted by period, against numpy's histogram and by hand."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbonsched.errors import InstanceError
from carbonsched.sources.log_profile import RequestProfile
from carbonsched.sources.profile import shipped
from carbonsched.sources.requests import read_requests

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("CARBONSCHED_SHARED", ROOT.parent / "shared" / "data"))
HOURS = pd.date_range("2024-05-10", periods=6, freq="h")


def burst(folder: Path, seconds: list[float], answer: int = 20) -> Path:
    rows = ["Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type"]
    rows += [f"{at!r},ChatGPT,100,{answer},{100 + answer},API log" for at in seconds]
    path = folder / "BurstGPT.csv"
    path.write_text("\n".join(rows))
    return path


@given(
    st.lists(st.integers(0, 20_000_000), min_size=2, max_size=200),
    st.sampled_from([5, 15, 60]),
    st.integers(-3, 3),
)
def test_counts_are_those_of_a_histogram(
    tmp_path_factory: pytest.TempPathFactory, ms: list[int], minutes: int, ahead: int
) -> None:
    step = minutes * 60_000
    ms = [0, 24_000_000, *ms]
    path = burst(tmp_path_factory.mktemp("log"), [at / 1000 for at in ms])
    zero = pd.Timestamp("2024-05-10 00:07:30")
    start = pd.Timestamp("2024-05-10") + ahead * pd.Timedelta(minutes=minutes)
    times = pd.date_range(start, periods=30, freq=f"{minutes}min")
    edges = (start - zero) // pd.Timedelta("1ms") + step * np.arange(31)
    expected = np.histogram(ms, edges)[0].astype(float)
    if edges[-1] == 24_000_000:  # numpy's last bin holds its right edge too
        expected[-1] -= ms.count(24_000_000)
    whole = (edges[:-1] >= -step // 100) & (edges[1:] <= 24_000_000 + step // 100)
    found = read_requests(path, "burstgpt", times, begin=zero)
    np.testing.assert_array_equal(found.data.values, np.where(whole, expected, np.nan))
    tokens = read_requests(path, "burstgpt", times, begin=zero, per="token")
    np.testing.assert_array_equal(tokens.data.values, 120 * np.where(whole, expected, np.nan))
    assert (found.kind, found.unit, tokens.unit) == ("count", "requests", "tokens")


def azure(folder: Path, stamps: list[str], name: str = "azure.csv") -> Path:
    rows = ["TIMESTAMP,ContextTokens,GeneratedTokens", *(f"{stamp},300,10" for stamp in stamps)]
    path = folder / name
    path.write_text("\n".join(rows))
    return path


def test_part_filled_ends_are_missing_and_told(tmp_path: Path) -> None:
    stamps = [f"2024-05-10 0{h}:{m}:00.1234567" for h in range(1, 5) for m in (20, 40)]
    found = read_requests(azure(tmp_path, stamps), "azure-llm", HOURS)
    np.testing.assert_array_equal(found.data.values, [np.nan, np.nan, 2, 2, np.nan, np.nan])
    told = " ".join(found.notes)
    assert "8 requests, from 2024-05-10 01:20 UTC to 2024-05-10 04:40 UTC" in told
    assert "first period, from 2024-05-10 01:00 UTC, is filled in part only (2 requests)" in told
    assert "last period, from 2024-05-10 04:00 UTC, is filled in part only (2 requests)" in told
    assert "does not cover 2 of 6 periods" in told
    with pytest.raises(InstanceError, match="no value from"):
        found.on(HOURS)
    assert found.on(HOURS[2:4]).data.values.tolist() == [2, 2]


def test_a_log_that_begins_with_its_period_is_whole(tmp_path: Path) -> None:
    stamps = ["2024-05-10 00:00:00.009930+00:00", "2024-05-10 01:59:59.900001+00:00"]
    found = read_requests(azure(tmp_path, stamps), "azure-llm", HOURS[:3])
    np.testing.assert_array_equal(found.data.values, [1, 1, np.nan])


def test_order_and_repeats_do_not_matter(tmp_path: Path) -> None:
    stamps = ["2024-05-10 02:00", "2024-05-10 00:00", "2024-05-10 01:30", "2024-05-10 01:30"]
    found = read_requests(azure(tmp_path, stamps), "azure-llm", HOURS[:2])
    assert found.data.values.tolist() == [1, 2]


def test_a_zone_is_taken_as_given(tmp_path: Path) -> None:
    stamps = ["2024-05-10 02:00", "2024-05-10 02:30", "2024-05-10 03:00"]
    found = read_requests(azure(tmp_path, stamps), "azure-llm", HOURS[:1], 1.0, zone="+02:00")
    assert found.data.values.tolist() == [2]


def test_a_dated_log_is_moved(tmp_path: Path) -> None:
    stamps = ["2023-11-16 18:15", "2023-11-16 18:45", "2023-11-16 19:15"]
    path = azure(tmp_path, stamps)
    found = read_requests(path, "azure-llm", HOURS[:1], 1.0, begin=HOURS[0])
    assert found.data.values.tolist() == [2]
    assert any("its first request came at 2023-11-16 18:15 UTC" in note for note in found.notes)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("Timestamp,Request tokens,Response tokens\n5,-3,1\nsoon,4,x\n")
    with pytest.raises(InstanceError) as error:
        read_requests(path, "burstgpt", HOURS, per="token")
    told = "\n".join(error.value.faults)
    for words in (
        "begin: the log counts time from an instant",
        "row 3, column 'Timestamp': 'soon' is no number",
        "row 2, column 'Request tokens': -3 tokens are less than none",
        "row 3, column 'Response tokens': 'x' is no number",
    ):
        assert words in told
    with pytest.raises(InstanceError, match="it covers none of the periods as a whole"):
        read_requests(burst(tmp_path, [0.0, 9.0]), "burstgpt", HOURS, begin=HOURS[0])
    strange = shipped(RequestProfile)["azure-llm"].model_copy(update={"column": ("timestamped",)})
    with pytest.raises(InstanceError, match="no row has the column 'timestamped'"):
        read_requests(path, strange, HOURS)


def test_the_traces_of_azure() -> None:
    path = SHARED / "tokens_azure2023" / "raw" / "AzureLLMInferenceTrace_code.csv.gz"
    if not path.exists():
        pytest.skip(f"there is no {path.name} beside the repository")
    with gzip.open(path, "rt") as file:
        raw = pd.read_csv(file, parse_dates=["TIMESTAMP"])
    times = pd.date_range("2023-11-16 18:00", periods=18, freq="5min")
    found = read_requests(path, "azure-llm", times, per="token")
    tokens = (raw.ContextTokens + raw.GeneratedTokens).groupby(raw.TIMESTAMP.dt.floor("5min")).sum()
    inner = found.data.to_series().dropna()
    assert len(inner) == 10  # 18:20 to 19:10, of a log from 18:17 to 19:14
    assert (inner == tokens.reindex(inner.index)).all()


def test_what_is_asked_wrongly_is_told_at_once(tmp_path: Path) -> None:
    path = burst(tmp_path, [1.0, 2.0])
    with pytest.raises(InstanceError) as caught:
        read_requests(path, "burstgpt", HOURS, 0.5, begin="soon", per="word")
    told = "\n".join(caught.value.faults)
    for part in ("begin: 'soon' is no instant", "per: 'word' is neither"):
        assert part in told
    with pytest.raises(InstanceError, match="begin: the log counts time from an instant"):
        read_requests(path, "burstgpt", HOURS)
    other = tmp_path / "other.csv"
    other.write_text("when,tokens\n2024-05-10 00:10,5\n")
    with pytest.raises(InstanceError, match="no row has the column 'timestamp'"):
        read_requests(other, "burstgpt", HOURS, begin="2024-05-10")


def test_tokens_need_their_columns_and_rows_a_time(tmp_path: Path) -> None:
    path = tmp_path / "azure.csv"
    path.write_text("TIMESTAMP,ContextTokens\n2024-05-10 00:10:00,5\n2024-05-10 05:10:00,6\n")
    with pytest.raises(InstanceError, match=r"it has no column 'GeneratedTokens' \(tokens\)"):
        read_requests(path, "azure-llm", HOURS, per="token")
    path.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n,5,1\n,6,1\n")
    with pytest.raises(InstanceError, match="has no time"):
        read_requests(path, "azure-llm", HOURS)
    rows = [f"2024-05-10 0{hour}:10:00,5,1" for hour in range(6)]
    path.write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *rows, ",9,9"]))
    counted = read_requests(path, "azure-llm", HOURS[1:5])
    assert counted.data.values.tolist() == [1.0] * 4
    assert any("Without a time, and not counted: 1 request" in note for note in counted.notes)


def test_a_profile_without_tokens_counts_requests_only(tmp_path: Path) -> None:
    form = tmp_path / "door.toml"
    about = 'title = "door"\nkind = "requests"\nsource = "ours"\nlicence = "ours"\n'
    form.write_text(about + 'column = "at"\n[time]\nzone = "UTC"\n')
    log = tmp_path / "door.csv"
    log.write_text("at\n2024-05-10 00:10:00\n2024-05-10 05:10:00\n")
    with pytest.raises(InstanceError, match="names no columns of tokens"):
        read_requests(log, form, HOURS, per="token")
