"""However a project file is spoilt, it is read or its faults are told: nothing else is raised."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_files import FLEET

import carbonsched as cs

VALUES = (
    "none", "[]", "{}", "-1", "1e400", "true", '"x"', "[1, 2]", "{a: 1}", ".nan", "5 %", "- 3", "é",
    "{file: nope}", "{time_of_use: [], otherwise: 1}", "[{name: a}]", "9" * 30, "a: b: c", "*x",
)  # fmt: skip
LINES = FLEET.splitlines()


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """Return the project file with some lines left out, moved, or with another value."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(["value", "value", "without", "again", "letter"]))
        if how == "without":
            del lines[at]
        elif how == "again":
            lines.insert(at, draw(st.sampled_from(lines)))
        elif how == "value":
            lines[at] = f"{lines[at].partition(':')[0]}: {draw(st.sampled_from(VALUES))}"
        else:
            letter = draw(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"))
            place = draw(st.integers(0, len(lines[at])))
            lines[at] = lines[at][:place] + letter + lines[at][place:]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("spoilt")


@settings(max_examples=60)
@given(text=spoilt())
def test_a_spoilt_file_is_read_or_refused(folder, text):
    path = folder / "fleet.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        assert cs.project.read(path).given.sites
    except cs.InstanceError as error:
        assert all(fault.startswith(("fleet.yaml, line ", "row ")) for fault in error.faults)


def test_whether_a_job_is_required_may_be_said_in_a_table_as_people_do(built):
    rows = "name,power,duration,required\na,1,1,yes\nb,1,1,TRUE\nc,1,1,1\n"
    text = (
        "title: T\nhorizon: {start: 2025-06-02 00:00, periods: 4, zone: UTC}\n"
        "sites: {a: {it_capacity: 5, price: 60, carbon_intensity: 0}}\njobs: {file: jobs.csv}\n"
    )
    assert built(text, jobs_csv=rows).instance.data.required.all()
