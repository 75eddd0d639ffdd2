"""Jobs of logs against values by hand, brute force over whole periods, and real files if there."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbonsched.errors import InstanceError, SuspiciousValueWarning
from carbonsched.sources.jobs import Jobs, read_jobs
from carbonsched.sources.layout import Layout
from carbonsched.sources.log_profile import JobProfile
from carbonsched.sources.log_time import lengths
from carbonsched.sources.profile import shipped
from carbonsched.sources.text import Table

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("CARBONSCHED_SHARED", ROOT.parent / "shared" / "data"))
DAY = pd.date_range("2025-06-02", periods=24, freq="h")
SECONDS = shipped(JobProfile)["jobs-in-seconds"]

SACCT = """\
JobID|Submit|Start|End|Elapsed|State|AllocTRES
10|2025-06-02T08:10:00|2025-06-02T08:20:00|2025-06-02T09:50:00|01:30:00|COMPLETED|billing=64,cpu=64,gres/gpu:a100=16,gres/gpu=16,gres/gpuutil=90,node=2
10.batch|2025-06-02T08:20:00|2025-06-02T08:20:00|2025-06-02T09:50:00|01:30:00|COMPLETED|cpu=32,gres/gpu=8,node=1
10.0|2025-06-02T08:20:01|2025-06-02T08:20:01|2025-06-02T09:50:00|01:29:59|COMPLETED|cpu=64,gres/gpu=16,node=2
11|2025-06-02T08:10:00|2025-06-02T08:20:00|2025-06-02T08:40:00|00:20:00|CANCELLED by 1000|gres/gpu=8
12|2025-06-02T08:10:00|Unknown|Unknown|00:00:00|PENDING|
13|2025-06-02T09:00:00|2025-06-02T09:00:00|2025-06-02T10:00:00|01:00:00|COMPLETED|cpu=64,node=1
14_3|2025-06-02T09:00:00|2025-06-02T09:00:00|2025-06-02T13:00:00|03:00:00|COMPLETED|gres/gpu:h100=4,gres/gpu:a100=4
14_3|2025-06-02T09:00:00|2025-06-02T09:00:00|2025-06-02T13:00:00|03:00:00|COMPLETED|gres/gpu:h100=4,gres/gpu:a100=4
15|2025-06-02T03:00:00|2025-06-02T03:00:00|2025-06-04T04:00:00|2-01:00:00|COMPLETED|gres/gpu=8
16|2025-06-02T23:10:00|2025-06-02T23:20:00|2025-06-03T02:50:00|03:30:00|COMPLETED|gres/gpu=8
17|2025-06-03T23:10:00|2025-06-03T23:20:00|2025-06-03T23:50:00|00:30:00|COMPLETED|gres/gpu=8
18|2025-06-01T23:10:00|2025-06-01T23:20:00|2025-06-01T23:50:00|00:30:00|COMPLETED|gres/gpu=8
19|2025-06-02T20:00:00|2025-06-02T21:00:00|2025-06-02T21:00:00|00:00:00|COMPLETED|gres/gpu=8
20|2025-06-02T20:00:00|2025-06-02T21:00:00|2025-06-02T22:00:00|RUNNING_LATE|FAILED|gres/gpu=8
"""


def sacct(folder: Path, text: str = SACCT, **more: object) -> Jobs:
    log = folder / "sacct.txt"
    log.write_text(text.replace("RUNNING_LATE", "01:00:00"))
    return read_jobs(log, "slurm", DAY, 1.0, **{"kw_per_gpu": 0.5, "zone": "UTC"} | more)


def said(jobs: Jobs, words: str) -> bool:
    return any(words in note for note in jobs.notes)


def test_slurm_by_hand(tmp_path: Path) -> None:
    jobs = sacct(tmp_path)
    assert list(jobs.data.index) == ["10", "14_3", "18"]
    ten = jobs.data.loc["10"]
    assert ten.power == pytest.approx(16 * 0.5e-3 * 1.5 / 2)  # 1.5 h booked as 2
    assert (ten.duration, ten.release) == (2, pd.Timestamp("2025-06-02 09:00"))
    assert ten.deadline == pd.Timestamp("2025-06-02 10:00")  # 11:10 is its deadline
    array = jobs.data.loc["14_3"]
    assert array.power == pytest.approx(8 * 0.5e-3)  # types are added where there is no total
    assert (array.duration, array.release) == (3, pd.Timestamp("2025-06-02 09:00"))
    assert array.deadline == pd.Timestamp("2025-06-02 14:00")
    assert jobs.data.release["18"] == DAY[0]  # it arrived in the last 50 minutes before
    assert jobs.left_out.set_index("job").reason.to_dict() == {
        "11": "state CANCELLED",
        "12": "state PENDING",
        "13": "no GPUs",
        "15": "longer than the horizon",
        "16": "arrives after the last period began",  # at 23:10, so not before 00:00
        "17": "arrives after the last period began",
        "20": "state FAILED",
        "19": "it ran for 0 s",
    }
    assert jobs.left_out.set_index("job").row["13"] == 7
    assert said(jobs, "skipped: 2 rows")
    assert said(jobs, "dropped: 1 row.")
    assert said(
        jobs, "The column 'Elapsed' is not the end less the start in 1 of 10 rows"
    )  # the array job was suspended


def test_what_arrived_in_the_last_period_before_the_horizon_belongs_to_it(tmp_path: Path) -> None:
    text = SACCT.replace("2025-06-01T23:10:00", "2025-06-01T23:00:01")
    assert sacct(tmp_path, text).data.release["18"] == DAY[0]
    text = SACCT.replace("2025-06-01T23:10:00", "2025-06-01T23:00:00")
    reason = sacct(tmp_path, text).left_out.set_index("job").reason["18"]
    assert reason == "arrives before the horizon"


def test_states_are_asked_for(tmp_path: Path) -> None:
    assert {"10", "11"} <= set(sacct(tmp_path, states=["completed", "Cancelled"]).data.index)
    assert {"10", "11", "20"} <= set(sacct(tmp_path, states="all").data.index)
    with pytest.raises(InstanceError, match="no job is in state 'DONE'; there are CANCELLED"):
        sacct(tmp_path, states=["DONE"])


def test_least_sizes_and_rewards(tmp_path: Path) -> None:
    jobs = sacct(tmp_path, at_least_gpus=9, reward_per_gpu_hour=2.0)
    assert jobs.data.reward.to_dict() == {"10": pytest.approx(16 * 1.5 * 2)}
    assert jobs.left_out.set_index("job").reason["14_3"] == "under 9 GPUs"
    jobs = sacct(tmp_path, at_least_hours=2, reward_per_mwh=100.0)
    assert jobs.data.reward.to_dict() == {"14_3": pytest.approx(8 * 0.5e-3 * 3 * 100)}
    assert jobs.left_out.set_index("job").reason["10"] == "under 2 h"


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    text = SACCT.replace("03:00:00", "3 hours").replace("2025-06-02T09:00:00|2025", "June 2|2025")
    with pytest.raises(InstanceError) as error:
        sacct(tmp_path, text, kw_per_gpu=-1.0, slack="soon", zone=None, begin="tomorrow night")
    told = "\n".join(error.value.faults)
    for words in (
        "kw_per_gpu: -1 kW",
        "slack: 'soon' is no length of time",
        "begin: 'tomorrow night' is no instant",
        "row 8, column 'Elapsed': '3 hours' is no length of time",
        "row 7, column 'Submit': 'June 2' is no time",
        "time zone",
    ):
        assert words in told


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"kw_per_gpu": None}, "kw_per_gpu: the log has no power: give the IT power of a busy GPU"),
        ({"zone": None}, "have no time zone: give one"),
        ({"slack": -0.5}, "slack: -0.5 times"),
        ({"reward_per_mwh": 1.0, "reward_per_gpu_hour": 1.0}, "give one of them"),
        ({"at_least_hours": 100.0}, "none of 11 jobs is left"),
    ],
)
def test_what_is_not_stated_is_not_guessed(tmp_path: Path, more: dict, words: str) -> None:
    with pytest.raises(InstanceError, match=words):
        sacct(tmp_path, **more)


def test_watts_given_as_kilowatts_are_asked_about(tmp_path: Path) -> None:
    with pytest.warns(SuspiciousValueWarning, match="620 kW for one GPU: is the unit right?"):
        sacct(tmp_path, kw_per_gpu=620.0)


@pytest.mark.parametrize("slack", ["24h", 1e300, "90000 days"])
def test_slack_as_a_length_of_time(tmp_path: Path, slack: float | str) -> None:
    ten = sacct(tmp_path, slack=slack).data.loc["10"]
    assert ten.deadline == DAY[-1]
    assert sacct(tmp_path, slack="90min").data.deadline["10"] == DAY[10]  # 11:10
    assert sacct(tmp_path, slack="0h").data.deadline["10"] == DAY[10]  # 09:00 and two periods
    assert sacct(tmp_path, slack="horizon").data.deadline.eq(DAY[-1]).all()


def test_ids_are_unique_among_those_that_count(tmp_path: Path) -> None:
    again = (
        "10|2025-06-02T07:00:00|2025-06-02T07:00:00|2025-06-02T08:00:00|01:00:00|{}|gres/gpu=8\n"
    )
    jobs = sacct(tmp_path, SACCT + again.format("NODE_FAIL"))  # requeued, and told twice
    assert jobs.data.duration["10"] == 2
    with pytest.raises(InstanceError, match="job '10' is told in rows 2, 16, and not the same"):
        sacct(tmp_path, SACCT + again.format("COMPLETED"))


def test_local_clocks(tmp_path: Path) -> None:
    ten = sacct(tmp_path, zone="America/New_York").data.loc["10"]
    assert ten.release == pd.Timestamp("2025-06-02 13:00")  # 08:10 EDT is 12:10 UTC
    header = SACCT.splitlines()[0]
    night = pd.date_range("2025-11-02", periods=24, freq="h")
    log = tmp_path / "autumn.txt"  # 01:30 twice: the second in order is an hour later
    log.write_text(
        f"{header}\n"
        "0|2025-11-02T00:30:00|2025-11-02T01:30:00|2025-11-02T01:50:00|00:20:00|COMPLETED|gres/gpu=8\n"
        "1|2025-11-02T01:30:00|2025-11-02T01:30:00|2025-11-02T01:10:00|00:40:00|COMPLETED|gres/gpu=8\n"
        "2|2025-11-02T01:20:00|2025-11-02T01:20:00|2025-11-02T02:20:00|01:00:00|COMPLETED|gres/gpu=8\n"
    )
    jobs = read_jobs(log, "slurm", night, zone="America/New_York", kw_per_gpu=1.0)
    assert list(jobs.data.release.dt.hour) == [5, 6, 7]
    assert said(jobs, "repeat on 2025-11-02")


def test_labels_with_a_zone_and_steps_that_are_rounded(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(SACCT.replace("RUNNING_LATE", "01:00:00"))
    times = pd.date_range("2025-06-02", periods=288, freq="5min", tz="UTC")
    jobs = read_jobs(tmp_path / "a.txt", "slurm", times, 0.0833, kw_per_gpu=0.5, zone="UTC")
    assert jobs.data.duration["10"] == 18
    assert jobs.data.release["10"] == pd.Timestamp("2025-06-02 08:10", tz="UTC")
    with pytest.raises(InstanceError, match=r"1 h, but the labels are 0\.0833333 h apart"):
        read_jobs(tmp_path / "a.txt", "slurm", times, 1.0, kw_per_gpu=0.5, zone="UTC")
    with pytest.raises(InstanceError, match="not equally far apart"):
        read_jobs(tmp_path / "a.txt", "slurm", times[[0, 1, 3]], kw_per_gpu=0.5, zone="UTC")


PAI = """\
a,ps,1.0,Terminated,3600.0,10800.0,600.0,29.3,,CPU
a,worker,2.0,Terminated,5400.0,10800.0,400.0,29.3,50.0,V100
b,tensorflow,1.0,Terminated,1800.0,2400.0,600.0,29.3,800.0,MISC
c,worker,4.0,Failed,1800.0,2400.0,600.0,29.3,100.0,T4
c,chief,1.0,Terminated,1800.0,2400.0,600.0,29.3,100.0,T4
d,worker,4.0,Running,1800.0,,600.0,29.3,100.0,T4
e,worker,1.0,Terminated,1800.0,3600.0,600.0,29.3,,CPU
"""


def test_tasks_of_pai(tmp_path: Path) -> None:
    log = tmp_path / "pai_task_table.csv"
    log.write_text(PAI)
    jobs = read_jobs(log, "pai", DAY, kw_per_gpu=1.0, begin=DAY[0])
    a = jobs.data.loc["a"]
    assert a.duration == 2  # from 01:00 to 03:00, with one GPU from 01:30
    assert a.release == DAY[1]
    assert a.power * a.duration * 1000 == pytest.approx(1.5)  # kWh: 1 GPU for 1.5 h
    b = jobs.data.loc["b"]
    assert (b.power, b.duration) == (pytest.approx(8e-3 / 6), 1)
    assert (b.release, b.deadline) == (DAY[1], DAY[1])
    reasons = jobs.left_out.set_index("job").reason
    assert reasons.to_dict() == {"c": "state Failed", "d": "state Running", "e": "no GPUs"}
    assert said(jobs, "2 jobs with several tasks")
    header = ",".join(shipped(JobProfile)["pai"].text.names)
    log.write_text(f"{header}\n{PAI}")  # somebody put the headings above it
    pd.testing.assert_frame_equal(
        read_jobs(log, "pai", DAY, kw_per_gpu=1.0, begin=DAY[0]).data, jobs.data
    )
    with pytest.raises(InstanceError, match="begin: the log counts time from an instant"):
        read_jobs(log, "pai", DAY, kw_per_gpu=1.0)


def philly() -> list[dict]:
    def attempt(start: str | None, end: str | None, *gpus: int) -> dict:
        detail = [
            {"ip": f"m{k}", "gpus": [f"gpu{g}" for g in range(n)]} for k, n in enumerate(gpus)
        ]
        return {"start_time": start, "end_time": end, "detail": detail}

    submitted = "2017-10-07 01:00:00"
    return [
        {
            "status": "Pass",
            "jobid": "one",
            "submitted_time": submitted,
            "attempts": [
                attempt("2017-10-07 01:12:00", "2017-10-07 02:12:00", 8, 8),
                attempt("2017-10-07 05:00:00", "2017-10-07 05:30:00", 8),
            ],
        },
        {"status": "Pass", "jobid": "two", "submitted_time": submitted, "attempts": []},
        {"status": "Killed", "jobid": "three", "submitted_time": submitted,
         "attempts": [attempt("2017-10-07 01:12:00", "2017-10-07 02:12:00", 8)]},
        {"status": "Pass", "jobid": "four", "submitted_time": submitted,
         "attempts": [attempt("2017-10-07 01:12:00", None, 8)]},
    ]  # fmt: skip


def test_attempts_of_philly(tmp_path: Path) -> None:
    log = tmp_path / "cluster_job_log"
    log.write_text(json.dumps(philly()))
    day = pd.date_range("2017-10-07", periods=24, freq="h")
    jobs = read_jobs(log, "philly", day, kw_per_gpu=0.25)
    one = jobs.data.loc["one"]
    assert one.duration == 2  # 1.5 h of running
    assert one.release == pd.Timestamp("2017-10-07 08:00")  # 01:00 PDT
    assert one.power * one.duration * 1000 == pytest.approx((16 + 4) * 0.25)  # kWh
    reasons = jobs.left_out.set_index("job").reason
    assert (
        reasons["two"]
        == reasons["four"]
        == ("no duration: not started, still running or not logged")
    )
    assert reasons["three"] == "state Killed"
    assert jobs.left_out.set_index("job").row.to_dict() == {"two": 2, "three": 3, "four": 4}
    moved = read_jobs(log, "philly", DAY, kw_per_gpu=0.25, begin="2025-06-02T02:00+02:00")
    assert moved.data.release["one"] == DAY[0]
    assert said(moved, "its first job came at 2017-10-07 08:00 UTC, and is now at 2025-06-02 00:00")
    odd = [{"jobid": "x", "status": "Pass", "attempts": 3}, *philly()]
    odd[1]["attempts"][0]["detail"] = [{"gpus": 8}, "m1"]
    log.write_text(json.dumps(odd))
    with pytest.raises(InstanceError, match="none of 5 jobs is left"):
        read_jobs(log, "philly", DAY, kw_per_gpu=0.25)
    log.write_text('{"no": "list"}')
    with pytest.raises(InstanceError, match="no list of jobs"):
        read_jobs(log, "philly", day, kw_per_gpu=0.25)


def test_kalos_counts_its_duration_from_the_submission(tmp_path: Path) -> None:
    log = tmp_path / "trace.csv"
    log.write_text(
        "job_id,user,node_num,gpu_num,state,submit_time,start_time,end_time,duration\n"
        "k1,u1,8,64,COMPLETED,2025-06-02 10:30:00+08:00,2025-06-02 11:00:00+08:00,"
        "2025-06-02 12:00:00+08:00,5400\n"
    )
    job = read_jobs(log, "acme", DAY, kw_per_gpu=0.6).data.loc["k1"]
    assert (job.duration, job.release) == (1, pd.Timestamp("2025-06-02 03:00"))
    assert job.power == pytest.approx(64 * 0.6e-3)


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    log = tmp_path / "jobs.csv"
    log.write_text(
        "Job;Arrival;Duration_h;Power_kW;Deadline\n"
        "train;2025-06-02 06:30;2,5;800;2025-06-02 11:59\n"
        "tight;2025-06-02 06:30;2,5;800;2025-06-02 09:59\n"
        "late;2025-06-02 06:30;0-12:00:00;800;2025-07-01\n"
    )
    form = shipped(JobProfile)["jobs"]
    form = form.model_copy(update={"text": Layout(decimal=",")})  # type: ignore[call-arg]
    jobs = read_jobs(log, form, DAY, zone="Europe/Berlin")
    assert jobs.data.power["train"] == pytest.approx(0.8 * 2.5 / 3)
    assert jobs.data.release["train"] == pd.Timestamp("2025-06-02 05:00")
    assert jobs.data.deadline["train"] == pd.Timestamp("2025-06-02 08:00")  # ends 09:00, not 09:59
    assert jobs.data.deadline["late"] == DAY[-1]
    assert said(jobs, "1 job with a deadline beyond the horizon")
    assert jobs.left_out.reason.tolist() == ["its deadline leaves too few whole periods"]


def test_a_log_without_the_columns(tmp_path: Path) -> None:
    log = tmp_path / "jobs.csv"
    log.write_text("job,arrival,note\n1,2025-06-02,x\n")
    with pytest.raises(InstanceError) as error:
        read_jobs(log, "jobs", DAY, zone="UTC")
    told = "\n".join(error.value.faults)
    assert "how long it ran" in told
    assert "how many GPUs it had, or its power" in told
    assert "its columns are 'job', 'arrival', 'note'" in told


def table(folder: Path, jobs: list[tuple[int, int, float, int | None]]) -> Path:
    """Write jobs as (arrival in s, time in s, kW, deadline in s)."""
    rows = ["job,arrival_s,duration_s,power_kw,deadline_s"]
    rows += [
        f"{k},{at},{s},{kw!r},{'' if by is None else by}" for k, (at, s, kw, by) in enumerate(jobs)
    ]
    path = folder / "jobs.csv"
    path.write_text("\n".join(rows))
    return path


made = st.lists(
    st.tuples(
        st.integers(-7200, 100_000),
        st.integers(1, 40_000),
        st.floats(0.1, 5000.0, allow_nan=False),
        st.none() | st.integers(0, 150_000),
    ),
    min_size=1,
    max_size=30,
)
anchor = (0, 60, 1.0, None)  # a job that always fits


@given(made, st.sampled_from([300, 900, 1800, 3600, 7200]), st.sampled_from([0.0, 0.5, 1.0, 3.0]))
def test_energy_is_kept_and_windows_are_those_of_brute_force(
    tmp_path_factory: pytest.TempPathFactory,
    jobs: list[tuple[int, int, float, int | None]],
    step: int,
    slack: float,
) -> None:
    jobs = [anchor, *jobs]
    path = table(tmp_path_factory.mktemp("jobs"), jobs)
    count = 86_400 // step
    times = pd.date_range("2025-06-02", periods=count, freq=f"{step}s")
    found = read_jobs(path, SECONDS, times, begin=times[0], slack=slack)
    assert sorted([*found.data.index, *found.left_out.job], key=int) == [
        str(k) for k in range(len(jobs))
    ]
    for k, (at, seconds, kw, by) in enumerate(jobs):
        first = next((p for p in range(count) if p * step >= at), None)
        booked = next(n for n in range(1, 40_001) if n * step >= seconds)
        ends = at + seconds * (1 + slack) if by is None else by
        last = max((p for p in range(count) if (p + 1) * step <= ends), default=-1)
        if by is None and first is not None:
            last = max(last, min(first + booked - 1, count - 1))
        fits = at > -step and first is not None and first + booked - 1 <= last
        assert (str(k) in found.data.index) == fits
        if fits:
            job = found.data.loc[str(k)]
            assert (job.duration, job.release, job.deadline) == (booked, times[first], times[last])
            assert job.power * job.duration * step / 3600 == pytest.approx(
                kw / 1000 * seconds / 3600, rel=1e-12
            )


@given(made)
def test_horizons_one_after_another_share_a_log_out(
    tmp_path_factory: pytest.TempPathFactory, jobs: list[tuple[int, int, float, int | None]]
) -> None:
    jobs = [(at, 60, kw, None) for at, _, kw, _ in jobs]
    anchors = [(k * 21_600, 60, 1.0, None) for k in range(6)]
    path = table(tmp_path_factory.mktemp("jobs"), [*anchors, *jobs])
    begin = pd.Timestamp("2025-06-02")
    seen: list[str] = []
    for k in range(6):
        times = pd.date_range(begin + pd.Timedelta(hours=6 * k), periods=6, freq="h")
        seen += read_jobs(path, SECONDS, times, begin=begin).data.index.tolist()
    there = [k for k, (at, *_) in enumerate([*anchors, *jobs]) if -3600 < at <= 126_000]
    assert sorted(map(int, seen)) == there


@given(
    st.integers(0, 400), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.booleans()
)
def test_lengths_of_time(days: int, hours: int, minutes: int, seconds: int, fine: bool) -> None:
    true = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    ways = [
        f"{days}-{hours:02}:{minutes:02}:{seconds:02}",
        f"{days * 24 + hours}:{minutes:02}:{seconds:02}",
        f"{days} days, {hours}:{minutes:02}:{seconds:02}",
        f"{true}",
    ]
    frame = pd.DataFrame({"t": [way + (".25" if fine else "") for way in ways] + ["", "None"]})
    found = lengths(Table(frame, {}, Layout(), "log"), "t", "s", faults := [])  # type: ignore
    assert not faults
    assert found[:4].tolist() == [true + 0.25 * fine] * 4
    assert found[4:].isna().all()


@pytest.mark.parametrize("cell", ["12:30", "1:60:00", "-5", "1-2", "1e12", "5 h", "00:00:60"])
def test_what_is_no_length_of_time(cell: str) -> None:
    layout = Layout()  # type: ignore[call-arg]
    lengths(Table(pd.DataFrame({"t": [cell]}), {}, layout, "log"), "t", "s", faults := [])
    assert "is no length of time: write a number of s, or d-hh:mm:ss" in faults[0]


@pytest.mark.parametrize("name", shipped(JobProfile))
def test_profiles_say_where_they_are_from(name: str) -> None:
    form = shipped(JobProfile)[name]
    assert form.title and form.source and form.licence


def test_the_kalos_trace() -> None:
    path = SHARED / "jobs_acme_kalos" / "kalos_jobs.csv"
    if not path.exists():
        pytest.skip(f"there is no {path.name} beside the repository")
    raw = pd.read_csv(path)
    times = pd.date_range("2023-01-01", periods=24 * 120, freq="h")
    jobs = read_jobs(path, "acme-kalos", times, kw_per_gpu=0.62, begin=times[0])
    assert len(jobs.data) == len(raw) == 319
    kept = jobs.data.reset_index()
    assert (kept.power * kept.duration).sum() == pytest.approx(
        (raw.gpus * raw.duration_s).sum() / 3600 * 0.62e-3
    )
    whole = np.ceil(raw.duration_s / 3600).to_numpy()
    assert (kept.duration == whole).all()
    more = (raw.gpus * whole * 3600).sum() / (raw.gpus * raw.duration_s).sum() - 1
    assert said(jobs, f"at full power {more:.1%} more energy would be booked")
    large = read_jobs(
        path,
        "acme-kalos",
        times,
        kw_per_gpu=0.62,
        begin=times[0],
        at_least_hours=1,
        at_least_gpus=8,
    )
    assert len(large.data) == raw.rigid_candidate.sum() == 65
    assert math.isclose(raw.gpu_hours.sum(), 456_842.85)


def test_jobs_left_out_are_named_up_to_five_a_reason(tmp_path):
    """Proves: a user finds the rows of a log that do not run."""
    lines = ["JobID|Submit|Start|End|Elapsed|State|AllocTRES"]
    when = "2025-06-02T08:00:00|2025-06-02T08:00:00|2025-06-02T09:00:00|01:00:00"
    states = ["COMPLETED", "FAILED"] + ["CANCELLED"] * 7
    lines += [f"{k}|{when}|{state}|gres/gpu=4" for k, state in enumerate(states, 71)]
    log = tmp_path / "sacct.txt"
    log.write_text("\n".join(lines))
    day = pd.date_range("2025-06-02", periods=24, freq="h")
    jobs = read_jobs(log, "slurm", day, kw_per_gpu=0.5, zone="UTC", states=["COMPLETED"])
    assert (
        "Left out are 8 of 9 jobs: 7 (state CANCELLED: 73, 74, 75, 76, 77, and 2 more), "
        "1 (state FAILED: 72)."
    ) in jobs.notes
