"""Files of rows of every habit: the same cells, or every fault by row."""

import csv
import gzip
import io
import json
import zipfile
from datetime import datetime

import numpy as np
import openpyxl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from carbonsched.errors import InstanceError
from carbonsched.sources.layout import Layout
from carbonsched.sources.text import read_table

PLAIN = "time;Köln, € [1]\r\n1;2,5\r\n\r\n2;-\r\n"


@pytest.fixture
def table(tmp_path):
    """A reader of what a file holds."""

    def read(content, layout=None, header=()):
        path = tmp_path / "a file.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, layout or Layout(), header)

    return read


def zipped(*contents):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for k, content in enumerate(contents):
            archive.writestr(f"{k}.csv", content)
    return packed.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.replace("\r\n", "\n").encode(),
        gzip.compress(PLAIN.encode()),
        zipped(PLAIN),
        PLAIN.replace(";", "\t").encode(),
        PLAIN.replace(";", "|").encode(),
        b"a line of a preamble; with, all;;; of them\r\n\r\n" + PLAIN.encode(),
    ],
)
def test_encodings_packings_and_separators_give_the_same_cells(table, content):
    found = table(content, Layout(decimal=","), ["TIME"])
    assert list(found.frame.columns) == ["time", "Köln, € [1]"]
    assert found.frame.to_numpy().tolist() == [["1", "2,5"], ["2", "-"]]
    values = found.floats("Köln, € [1]", faults := [])
    np.testing.assert_array_equal(values, [2.5, np.nan])
    assert not faults


def test_rows_keep_their_number_in_the_file(table):
    found = table("x\n\n# said\na,b\n1,2\n\n# more\n3,4\n", Layout(comment="#"), ["a"])
    assert found.frame.index.tolist() == [5, 8]


def test_windows_1252_is_read_with_a_note(table):
    found = table("time,Preis €\n1,2\n".encode("cp1252"))
    assert list(found.frame.columns) == ["time", "Preis €"]
    assert "Windows-1252" in found.notes[0]


def test_what_stands_above_and_below_is_no_data(table):
    found = table(
        "Latitude (DD):,45.0\nnote: of ours\nlat,lon,off\n1,2,3600\n\nt,v\n1,2\n\nv: power\n",
        Layout(until=""),
        ["t"],
    )
    assert found.frame.to_numpy().tolist() == [["1", "2"]]
    assert found.about == {"Latitude (DD)": "45.0", "note": "of ours", "lat": "1", "lon": "2",
                           "off": "3600"}  # fmt: skip
    totals = table("t,v\n1,2\nTotals,2\n", Layout(until="Totals"), ["t"])
    assert len(totals.frame) == 1


def test_a_file_without_header(table):
    found = table("1,2\n3,4\n", Layout(names=("a", "b")))
    assert found.frame.to_dict("list") == {"a": ["1", "3"], "b": ["2", "4"]}


def test_every_uneven_row_is_told(table):
    with pytest.raises(InstanceError) as caught:
        table("a,b\n1,2,3\n4,5\n6\n7,8,,\n")
    assert len(caught.value.faults) == 2
    assert "row 2 has 3 cells, the header 2" in caught.value.faults[0]
    assert "row 4 has 1 cells" in caught.value.faults[1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "it holds no row"),
        ("a,b\n", "no row of data"),
        ("a,a\n1,2\n", "two columns are called 'a'"),
        (zipped("a\n1\n", "b\n2\n"), "packs 2 files"),
        (b"\x1f\x8b\x08\x00broken", "fault"),
        (b"PK\x03\x04broken", "zip"),
        (b"\xff\xfea", "not written in utf-16"),
        ("{1", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('{"a": 1}', "no table under 'data'"),
        ('{"data": []}', "no table under 'data'"),
    ],
)
def test_what_is_no_table_is_said(table, content, words):
    with pytest.raises(InstanceError, match=words):
        table(content)


def test_a_missing_header_or_file_is_said(table, tmp_path):
    with pytest.raises(InstanceError, match="no row has the column 'time'"):
        table("a,b\n1,2\n", header=["time"])
    with pytest.raises(InstanceError, match="missing"):
        read_table(tmp_path / "none.csv", Layout())
    with pytest.raises(InstanceError, match="not a regular file"):
        read_table(tmp_path, Layout())


def test_a_bomb_is_not_unpacked(table, monkeypatch):
    monkeypatch.setattr("carbonsched.sources.files.MOST_BYTES", 10_000)
    for content in (gzip.compress(b"0" * 100_000), zipped("0" * 100_000)):
        with pytest.raises(InstanceError, match="more than 10,000 bytes"):
            table(content)


@pytest.mark.parametrize(
    ("layout", "cells", "values"),
    [
        ({}, ["1.5", "-2", "+.5", "1e3", "−4", " 7 "], [1.5, -2, 0.5, 1000, -4, 7]),
        ({"thousands": ","}, ["1,234.5", "12", "1,234,567"], [1234.5, 12, 1234567]),
        ({"decimal": ",", "thousands": "."}, ["1.234,5", "-0,5"], [1234.5, -0.5]),
        ({"decimal": ",", "thousands": " "}, ["1 234,5", "1\u202f234"], [1234.5, 1234]),
        ({"gaps": ["?"]}, ["", "-", "n/e", "N/A", "NaN", "?", "NULL"], [np.nan] * 7),
    ],
)
def test_numbers_and_gaps(table, layout, cells, values):
    content = io.StringIO()
    csv.writer(content, delimiter="\t").writerows(
        [["k", "v"], *([k, c] for k, c in enumerate(cells))]
    )
    found = table(content.getvalue(), Layout(separator="\t", **layout))
    np.testing.assert_array_equal(found.floats("v", faults := []), values)
    assert not faults


@pytest.mark.parametrize(
    ("layout", "cell", "cure"),
    [
        ({}, "1,5", "decimal: ','"),
        ({}, "1,234.5", "thousands: ','"),
        ({}, "1.234,5", "decimal: ',' and thousands: '.'"),
        ({}, "1,234", "decimal: ',' or thousands: ','"),
        ({}, "1\u202f234.5", "thousands: ' '"),
        ({"decimal": ",", "thousands": "."}, "1.5", "decimal: '.'"),  # not fifteen
        ({"decimal": ",", "thousands": "."}, "12.34,5", None),
        ({"thousands": ","}, "1,23", "decimal: ','"),
        ({}, "inf", None),
        ({}, "0x10", None),
        ({}, "1_000", None),
        ({}, "12 %", None),
        ({}, "--1", None),
    ],
)
def test_what_is_no_number_is_told_by_row_and_column(table, layout, cell, cure):
    found = table(f"k\tv\n1\t1\n2\t{cell}\n", Layout(separator="\t", **layout))
    found.floats("v", faults := [])
    assert faults[0].startswith(f"row 3, column 'v': {cell!r} is no number with decimal ")
    told = f"column 'v': its cells are numbers if you say {cure}"
    assert faults[1:] == [told] * (cure is not None)


def test_faults_of_a_kind_are_told_a_few_at_a_time(table):
    found = table("v\n" + "x\n" * 50)
    found.floats("v", faults := [])
    assert len(faults) == 9
    assert faults[-1] == "... and 42 more like it"


def test_a_workbook_gives_the_same_cells(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["first"])
    sheet = book.create_sheet("Prices")
    for row in [["made by us"], ["time", "v", "text"], [datetime(2023, 1, 1, 1), 2.5, "a"],
                [datetime(2023, 1, 1, 2), None, "b"], [None, None, None]]:  # fmt: skip
        sheet.append(row)
    book.save(tmp_path / "b.xlsx")
    found = read_table(tmp_path / "b.xlsx", Layout(sheet="Prices", decimal=","), ["time"])
    assert found.frame.to_numpy().tolist() == [
        ["2023-01-01 01:00:00", "2,5", "a"],
        ["2023-01-01 02:00:00", "", "b"],
    ]
    assert found.frame.index.tolist() == [3, 4]
    with pytest.raises(InstanceError, match="no sheet 'Preise', but 'Sheet', 'Prices'"):
        read_table(tmp_path / "b.xlsx", Layout(sheet="Preise"))


def test_json_gives_columns_or_records(table):
    document = {"off": 3600, "of": {"v": "°C"}, "hourly": {"t": ["a", "b"], "v": [1.5, None]}}
    found = table(json.dumps(document), Layout(json_key="hourly"))
    assert found.frame.to_dict("list") == {"t": ["a", "b"], "v": ["1.5", ""]}
    assert found.about == {"off": "3600", "of.v": "°C"}
    records = [{"t": "a", "i": {"v": 1}}, {"t": "b", "i": {"v": 2}}]
    for content in ({"data": records}, records):
        found = table(json.dumps(content))
        assert found.frame.to_dict("list") == {"t": ["a", "b"], "i.v": ["1", "2"]}


CELL = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=6)


@given(
    st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=6),
    st.sampled_from(";\t|,"),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.integers(0, 3),
)
def test_what_is_written_in_any_habit_is_read_back(
    tmp_path_factory, cells, separator, quoted, end, encoding, preamble
):
    assume(all(any(row) for row in cells))
    content = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(content, delimiter=separator, quoting=quoting, lineterminator=end)
    writer.writerows([["of ours"]] * preamble + [["when", "a", "b"], *cells])
    path = tmp_path_factory.mktemp("any") / "a.csv"
    path.write_bytes(content.getvalue().encode(encoding))
    found = read_table(path, Layout(), ["when"])
    assert found.frame.to_numpy().tolist() == [list(row) for row in cells]
