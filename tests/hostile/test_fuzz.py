"""What nobody has listed: folders, instances and command lines that Hypothesis makes up.

Whatever comes in, what comes out is an error that names its place, or a schedule that the verifier
has passed; never another exception, a traceback or a half-written file.
"""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import numpy as np
import pytest
from corruptions import base
from hypothesis import given
from hypothesis import strategies as st
from test_folders import call

import carbonsched as cs
from carbonsched.core.schema import PARAMETERS

pytestmark = pytest.mark.filterwarnings("ignore::carbonsched.SuspiciousValueWarning")

NASTY = (
    "", " ", "nan", "inf", "-inf", "-0", "0", "1", "1e308", "1e400", "-1e-320", "1e-9", "0x10",
    "1_000", "1,5", "1.234,5", "+3", "٣", "½", "TRUE", "no", "NULL", "None", "=1+1", "\x1b[31m",
    "2025-10-26T02:00:00+02:00", "2025-10-26", "2025-13-01T00:00:00Z", "24:00", "A", "j0", "s9",
    '"', "\ufeff", "\0", "a" * 5000, "9" * 400,
)  # fmt: skip
values = st.one_of(
    st.sampled_from(NASTY),
    st.floats().map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.text(max_size=12),
)


@st.composite
def spoilt_folders(draw: st.DrawFn) -> tuple[Path, tempfile.TemporaryDirectory]:
    """Return a folder in which some tables were changed, and what keeps it alive."""
    home = tempfile.TemporaryDirectory()
    folder = base().save(Path(home.name) / "folder")
    tables = sorted(path.name for path in folder.glob("*.csv"))
    for _ in range(draw(st.integers(1, 3))):
        path = folder / draw(st.sampled_from(tables))
        how = draw(st.sampled_from(("cell", "drop", "twice", "swap", "column", "bytes", "cut")))
        if how in ("bytes", "cut"):
            content = path.read_bytes()
            at = draw(st.integers(0, len(content)))
            inserted = b"" if how == "cut" else draw(st.binary(min_size=1, max_size=6))
            path.write_bytes(content[:at] + inserted + (content[at:] if how == "bytes" else b""))
            continue
        try:
            rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
        except (UnicodeDecodeError, csv.Error):  # spoilt already
            continue
        if not rows:
            continue
        row = draw(st.integers(0, len(rows) - 1))
        if how == "cell" and rows[row]:
            rows[row][draw(st.integers(0, len(rows[row]) - 1))] = draw(values)
        elif how == "drop":
            del rows[row]
        elif how == "twice":
            rows.insert(draw(st.integers(0, len(rows))), list(rows[row]))
        elif how == "swap":
            other = draw(st.integers(0, len(rows) - 1))
            rows[row], rows[other] = rows[other], rows[row]
        elif how == "column":
            rows = [r[::-1] for r in rows]
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        path.write_text(text.getvalue(), encoding="utf-8", errors="surrogatepass")
    return folder, home


def solved_or_explained(instance: cs.Instance) -> None:
    """Solve by both engines: a verified schedule, or none and why; the model never breaks."""
    for engine in ("milp", "column-generation"):
        try:
            schedule = cs.solve(instance, time_limit=10, engine=engine, progress=False)
        except (cs.InfeasibleError, cs.NoIncumbentError) as error:
            assert str(error)
        else:
            assert cs.verify(instance, schedule).ok


@given(spoilt=spoilt_folders())
def test_any_folder_is_refused_by_place_or_solved(spoilt):
    """Proves: a fault names its table or its variable, and what is read can be used."""
    folder, home = spoilt
    tables = {path.name for path in folder.glob("*.csv")}
    with home:
        try:
            instance = cs.load(folder)
        except cs.InstanceError as error:
            known = tables | set(PARAMETERS)
            for fault in error.faults:
                assert any(name in fault for name in known), fault
            assert call("info", folder).exit_code == 2
            return
        solved_or_explained(instance)


@st.composite
def spoilt_data(draw: st.DrawFn) -> tuple[str, object]:
    """Return data of an instance in which some numbers are anything, and which variables."""
    data = base().data.copy(deep=True)
    numeric = [name for name, quantity in PARAMETERS.items() if quantity.kind == "float"]
    names = draw(st.lists(st.sampled_from(numeric), min_size=1, max_size=4, unique=True))
    for name in names:
        array = np.array(data[name].values, dtype=float)
        at = draw(st.integers(0, array.size - 1))
        number = st.one_of(st.floats(), st.floats(0, 1e4), st.sampled_from([0.0, 1e-12, 1e12]))
        array.flat[at] = draw(number)
        data[name] = (data[name].dims, array)
    return names, data


@given(spoilt=spoilt_data())
def test_any_numbers_are_refused_by_label_or_solved(spoilt):
    """Proves: no number that validation lets through breaks model, solver or verifier."""
    names, data = spoilt
    battery = {"battery_min", "battery_energy", "battery_initial", "battery_final"}
    related = {*battery, "power", "it_capacity", "job"}
    try:
        instance = cs.Instance(data)
    except cs.InstanceError as error:
        for fault in error.faults:
            assert any(name in fault for name in {*names, *related}), fault
        return
    solved_or_explained(instance)


OPTIONS = ("--sites", "--periods", "--jobs", "--services", "--seed", "--utilisation")
words = st.one_of(values, st.sampled_from(["-1", "0", "2", "3", "0.5", "--help", "-"]))


@given(given_options=st.lists(st.tuples(st.sampled_from(OPTIONS), words), max_size=3))
def test_any_words_on_the_command_line_end_in_a_sentence(given_options):
    small = [("--sites", "2"), ("--periods", "4"), ("--jobs", "1")]
    # a number within its bounds may be so large that the answer takes all memory: not meant here
    modest = [(name, word) for name, word in given_options if len(word) < 3 or "." in word]
    with tempfile.TemporaryDirectory() as home:
        out = Path(home) / "made"
        spelled = [f"{name}={word}" for name, word in [*small, *modest]]
        result = call("generate", out, *spelled)
        assert result.exit_code in (0, 1, 2)
        if result.exit_code or "--help" in result.output:
            assert not out.exists() or cs.load(out)
        else:
            cs.load(out)
