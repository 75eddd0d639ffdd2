"""What stands in `submission.toml` is read back as written, and every fault told by its key."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from carbonsched.bench.submission import ABOUT, FORMAT, Submission, SubmissionError

SAID = Submission(
    "two-sites", "one", "A. Name", "by hand", "a desk", date(2026, 1, 2), 1.5,
    Fraction(-5, 4), Fraction(7), versions={"highs": "1.7", "a b": "2"},
)  # fmt: skip
PLAIN = f"""format = "{FORMAT}"
instance = "two-sites"
entry = "one"
by = "A. Name"
method = "by hand"
machine = "a desk"
date = 2026-01-02
seconds = 1.5
"""


def told(folder: Path, text: str) -> tuple[str, ...]:
    (folder / ABOUT).write_text(text, encoding="utf-8")
    with pytest.raises(SubmissionError) as refused:
        Submission.read(folder)
    assert str(refused.value).startswith(f"{folder / ABOUT}: not accepted")
    return refused.value.faults


def test_a_submission_is_read_back_as_it_was_written(tmp_path):
    SAID.write(tmp_path)
    lines = (tmp_path / ABOUT).read_text(encoding="utf-8").splitlines()
    assert lines == [
        *PLAIN.splitlines(), "value = -1.25", "bound = 7", "",
        "[versions]", '"a b" = "2"', '"highs" = "1.7"',
    ]  # fmt: skip
    assert Submission.read(tmp_path) == SAID


def test_a_claim_that_there_is_none_claims_no_value(tmp_path):
    (tmp_path / ABOUT).write_text(PLAIN + "infeasible = true\n", encoding="utf-8")
    read = Submission.read(tmp_path)
    assert (read.infeasible, read.value, read.bound, dict(read.versions)) == (True, None, None, {})
    read.write(tmp_path)
    assert (tmp_path / ABOUT).read_text(encoding="utf-8") == PLAIN + "infeasible = true\n"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (f'"{FORMAT}"', '"carbonsched submission 9"', f"format: expected '{FORMAT}'"),
        ("date = 2026-01-02", 'date = "2026-01-02"', "date: expected a date, as 2026-11-27"),
        ("date = 2026-01-02", "date = 2026-01-02T03:04:05", "date: expected a date, as 2026-11-27"),
        ("seconds = 1.5", "seconds = -1.5", "seconds: expected a number, at least 0"),
        ("seconds = 1.5", "seconds = true", "seconds: expected a number, at least 0"),
        ("seconds = 1.5", "seconds = 1.5\nvalue = 1e30", "value: expected a number"),
        ("seconds = 1.5", "seconds = 1.5\nbound = 1e-30", "bound: expected a number"),
        ("seconds = 1.5", "seconds = 1.5\nbound = inf", "bound: expected a number"),
        ("seconds = 1.5", "seconds = 1.5\ninfeasible = 1", "infeasible: expected true or false"),
        ("seconds = 1.5", "seconds = 1.5\nversions = 2", "versions: expected a text for each name"),
        (
            "seconds = 1.5",
            "seconds = 1.5\nversions = { highs = 1 }",
            "versions: expected a text for each name",
        ),
        ('by = "A. Name"', 'by = ""', "by: expected one line of at most 200 characters"),
        (
            'machine = "a desk"',
            f'machine = "{"a" * 201}"',
            "machine: expected one line of at most 200 characters",
        ),
        (
            'entry = "one"',
            "entry = 1",
            "entry: expected small letters, digits, dots and hyphens",
        ),
    ],
)
def test_a_fault_of_what_is_said_is_told_by_its_key(tmp_path, old, new, fault):
    assert told(tmp_path, PLAIN.replace(old, new)) == (fault,)


def test_every_fault_of_what_is_said_is_told_at_once(tmp_path):
    keys = [fault.partition(":")[0] for fault in told(tmp_path, "rank = 1")]
    assert keys == [
        "format", "rank", "instance", "entry", "by", "method", "machine", "date", "seconds",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["date = ", "date = 2026-02-30", "a" * (2**16 + 1)])
def test_what_is_no_submission_is_one_fault(tmp_path, text):
    assert len(told(tmp_path, text)) == 1
