"""The record: by hand, kept atomically, and what comes with the package agrees with itself."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from test_app import call

import carbonsched as cs
from carbonsched.bench.check import check
from carbonsched.bench.entries import BEST, LIST, Entry, best, read_entries, submit, write_record
from carbonsched.bench.recipe import made, recipes
from carbonsched.bench.run import run
from carbonsched.bench.standing import by_instance, by_method, reading
from carbonsched.io.digest import digest
from carbonsched.proof.no_schedule import without_schedule

ROOT = Path(__file__).parents[2]
HOME = ROOT / "data" / "benchmark"
KNOWN = recipes()


def entry(instance: str, name: str, value: float | None, bound: float | None, **more: str) -> Entry:
    numbers = [None if n is None else Fraction(n) for n in (value, bound, 100)]
    said = {"outcome": "schedule", "seconds": "2.0", "date": "2026-01-01"} | more
    rest = dict.fromkeys(("by", "method", "machine", "versions", "sha256"), "x")
    return Entry(
        instance, name, value=numbers[0], bound=numbers[1], turnover=numbers[2], **(rest | said)
    )


BY_HAND = [
    entry("paper-0", "a", 90, 95),
    entry("paper-0", "b", 93, None),
    entry("paper-0", "c", 92, 93.5),
    entry("paper-1", "a", 50, 50.05),
    entry("short-50", "a", None, None, outcome="no schedule"),
    entry("short-51", "a", None, None, outcome="no schedule: claimed, not proved"),
]


def test_the_table_by_hand():
    """The best of paper-0 is 93 by b and 93.5 by c, 0.5 wide over a turnover of 100."""
    found = by_instance(BY_HAND, KNOWN).loc
    first = found["paper-0"]
    assert (first["value"], first["bound"], first["value by"], first["bound by"]) == (
        93.0, 93.5, "b", "c",
    )  # fmt: skip
    assert first["gap"] == pytest.approx(0.005) and first["entries"] == 3
    assert found["short-50"]["outcome"] == "no schedule"
    assert found["short-51"]["outcome"] == "no schedule: claimed, not proved"
    assert found["paper-7"]["outcome"] == "open"
    methods = by_method(BY_HAND).loc
    # against 93.5: a is 3.5 % off, b 0.5 %, c 1.5 %; on paper-1 a is 0.05 % off, proved by itself
    assert list(methods["a"][["entered", "within 1.0%", "within 0.1%", "alone 0.1%"]]) == [
        4,
        1,
        1,
        1,
    ]
    assert list(methods["b"][["entered", "within 1.0%", "within 0.1%", "alone 1.0%"]]) == [
        1,
        1,
        0,
        0,
    ]
    assert list(methods["c"][["entered", "within 1.0%"]]) == [1, 0]
    assert methods["a"]["no schedule"] == 1
    assert reading(BY_HAND, KNOWN) == [
        f"{len(KNOWN)} instances, 4 of them with an entry; 6 entries.",
        "The best interval is at most 1.0% wide on 2 of them.",
        "The best interval is at most 0.1% wide on 1 of them.",
        "That there is no schedule is proved for 1, and claimed but not proved for 1.",
    ]


def test_two_proofs_that_contradict_each_other_are_told():
    with pytest.raises(cs.InstanceError, match="paper-0: a schedule by b contradicts c"):
        best([entry("paper-0", "b", 95, None), entry("paper-0", "c", 90, 93)])
    none = entry("paper-0", "c", None, None, outcome="no schedule")
    with pytest.raises(cs.InstanceError, match="contradicts that there is none"):
        best([entry("paper-0", "b", 95, None), none])


def test_the_record_reads_back(tmp_path):
    write_record(BY_HAND, tmp_path)
    assert read_entries(tmp_path) == BY_HAND
    assert (tmp_path / BEST).read_text().splitlines()[1].startswith("paper-0,schedule,93,b,93.5,c,")
    (tmp_path / LIST).write_text("instance,entry\npaper-0,a\n")
    with pytest.raises(cs.InstanceError, match="no record of entries"):
        read_entries(tmp_path)


def test_submit_replaces_nothing_unasked(tmp_path):
    instance, folder, home = made(KNOWN["paper-0"]), tmp_path / "one", tmp_path / "home"
    proved = run("paper-0", instance, "highs-start", folder, gap=0.01)
    submit(folder, proved, home)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    with pytest.raises(FileExistsError, match="paper-0 has an entry highs-start"):
        submit(folder, proved, home)
    too_good = replace(proved, bound=proved.value - 1)
    with pytest.raises(cs.InstanceError, match="contradicts"):
        submit(folder, too_good, home, overwrite=True)
    claimed = replace(proved.submission, entry="other", infeasible=True)
    with pytest.raises(cs.InstanceError, match="claimed, not proved, and highs-start has one"):
        submit(folder, replace(proved, submission=claimed), home)
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before
    kept = home / "entries" / "paper-0" / "highs-start"
    assert str(check(kept, instance)) == str(proved)
    assert submit(folder, proved, home, overwrite=True) == read_entries(home)[0]


def test_commands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words in ((), ("make",), ("run",), ("check",), ("submit",), ("table",)):
        helped = call("bench", *words, "--help")
        assert helped.exit_code == 0 and (
            "Example: carbonsched bench" in helped.output or not words
        )
    done = call("bench", "make", "paper-0", "--out", "made", "--mps")
    assert done.exit_code == 0, done.output
    assert digest(cs.load("made/paper-0")) == KNOWN["paper-0"].sha256
    told = yaml.safe_load(Path("made/metadata.yaml").read_text())["benchmarks"]
    assert told["carbonsched-paper-0"]["Sizes"][0]["Num. variables"] == 682
    done = call("bench", "make", "day-2023-02-15", "--out", "made", "--form", "netcdf")
    assert digest(cs.load("made/day-2023-02-15.nc")) == KNOWN["day-2023-02-15"].sha256
    again = call("bench", "make", "paper-0", "--out", "made")
    assert again.exit_code == 2 and "--overwrite" in again.output
    done = call("bench", "run", "paper-0", "--method", "rolling", "--by", "A. Name", "--no-proof")
    assert done.exit_code == 0, done.output
    done = call("bench", "check", "submissions/paper-0/rolling")
    assert done.exit_code == 0 and ", open] USD" in done.output
    done = call("bench", "submit", "submissions/paper-0/rolling")
    assert done.exit_code == 0, done.output
    done = call("bench", "table", "--entries", "bench-entries", "--json")
    assert done.exit_code == 0 and '"value by":"rolling"' in done.output.replace(": ", ":")
    about = Path("submissions/paper-0/rolling/submission.toml")
    about.write_text(about.read_text().replace("value = ", "value = 9"))
    done = call("bench", "check", "submissions/paper-0/rolling")
    assert done.exit_code == 1 and "is claimed, proved is" in done.output
    assert call("bench", "run", "paper-0", "--method", "magic").exit_code == 2
    assert call("bench", "make", "paper-99").exit_code == 2


def test_what_comes_with_it_agrees_with_itself():
    entries = read_entries(HOME)
    assert entries and {e.instance for e in entries} <= set(KNOWN)
    again = HOME / BEST
    written = again.read_text(encoding="utf-8").splitlines()
    assert len(written) == len(best(entries)) + 1
    for one, line in zip(best(entries), written[1:], strict=True):
        assert line.startswith(f"{one.instance},{one.outcome},")
        assert KNOWN[one.instance].feasible or one.value is None


def test_certificates_that_come_with_it_hold():
    """A tenth of them, in full; all are below three megabytes together."""
    files = sorted((HOME / "certificates").iterdir())
    assert files and sum(path.stat().st_size for path in files) < 3_000_000
    values = {one.instance: one for one in best(read_entries(HOME))}
    for path in files[::10]:
        one, instance = values[path.stem], made(KNOWN[path.stem])
        if path.suffix == ".json":
            certificate = cs.Certificate.load(path)
            certificate.check(instance)
            assert certificate.feasible and certificate.bound >= one.bound
            assert one.value >= certificate.objective
        else:
            from carbonsched.io import read_netcdf

            assert without_schedule(instance, read_netcdf(path))
