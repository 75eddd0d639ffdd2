"""Cells of one table, by hand: each read as its type, or told with file, row and column."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from carbonsched.core.schema import PARAMETERS
from carbonsched.io.cells import parse
from carbonsched.io.package import Table

KINDS = {"float": "number", "int": "integer", "bool": "boolean", "site": "string"}


def table(dims: str, *names: str, **more) -> Table:
    """Return the description of a table of these quantities of the schema."""
    keys = dict.fromkeys(dims.split(), "string")
    keys |= {"time": "datetime"} if "time" in keys else {}
    quantities = {name: PARAMETERS[name] for name in names}
    types = {name: KINDS.get(q.kind, "datetime") for name, q in quantities.items()}
    return Table("t.csv", tuple(keys), keys | types, quantities, **more)


SITE = table("site", "it_capacity", "export_limit")
JOB = table("job", "duration", "required", "release")
HOURLY = table("site time", "import_price")


def faults(text: str, of: Table) -> list[str]:
    cells, found = parse(text, of)
    assert not found or not cells.columns or set(cells.columns) == set(of.types)
    return found


def test_cells_are_of_their_types():
    rows = ("+2,a,2025-01-01T01:00+01:00,TRUE", "", "3.0,e\u0301,2025-01-01T00:30Z,0")
    text = "\n".join(["duration,job,release,required", *rows])
    cells, found = parse(text, JOB)
    assert found == [] and cells.rows == [2, 4] and cells.zoned == {"release": True}
    assert cells.columns["duration"].tolist() == [2, 3]
    assert cells.columns["required"].tolist() == [True, False]
    assert cells.columns["job"].tolist() == ["a", "\u00e9"]  # as one letter
    at = np.array(["2025-01-01T00:00", "2025-01-01T00:30"], "datetime64[ns]")
    assert (cells.columns["release"] == at).all()


def test_times_without_an_offset_are_of_the_zone_of_the_package():
    text = "site,time,import_price\nA,2025-07-01T02:00,1\nA,2025-01-01 01:00:30,inf\n"
    cells, found = parse(text, table("site time", "import_price", zone=ZoneInfo("Europe/Berlin")))
    assert found == ["t.csv, row 3, column import_price: 'inf' is not a finite number (USD/MWh)"]
    at = np.array(["2025-07-01T00:00", "2025-01-01T00:00:30"], "datetime64[ns]")
    assert (cells.columns["time"] == at).all() and cells.zoned == {"time": False}


def test_a_wide_table_has_a_column_for_each_label():
    cells, found = parse("time,A,B\n2025-01-01T00:00Z,1,2\n2025-01-01T01:00Z,3,4\n", HOURLY)
    assert found == [] and cells.rows == [2, 2, 3, 3]
    assert cells.columns["site"].tolist() == ["A", "B", "A", "B"]
    assert cells.columns["import_price"].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_table_without_rows_has_columns_without_cells():
    cells, found = parse("site,it_capacity,export_limit\n", SITE)
    assert found == [] and cells.rows == []
    assert {name: len(column) for name, column in cells.columns.items()} == {
        "site": 0, "it_capacity": 0, "export_limit": 0,
    }  # fmt: skip


HEAD = "site,it_capacity,export_limit\n"
OF_CELLS = {
    "nan": "'nan' is not a finite number (MW)",
    "-inf": "'-inf' is not a finite number (MW)",
    "1e999": "'1e999' is too large for a number (MW)",
    "1e-999": "'1e-999' is too small for a number (MW)",
    "1_000": "'1_000' is not a number (MW)",
    "1-2": "'1-2' is not a number (MW)",
    '"1,5"': "'1,5' is not a number (MW), write a decimal point and no separators",
    "": "an empty cell",
    "x" * 41: f"'{'x' * 40}...' is not a number (MW)",
}


@pytest.mark.parametrize("cell", OF_CELLS)
def test_what_is_no_number_is_told_by_its_unit(cell):
    told = f"t.csv, row 2, column it_capacity: {OF_CELLS[cell]}"
    assert faults(f"{HEAD}A,{cell},1\n", SITE) == [told]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["row 1: no header, expected site, it_capacity, export_limit"]),
        ("site;it_capacity\n", ["row 1: columns are separated by ';', expected commas"]),
        ("site\n", ["row 1, column it_capacity: missing", "row 1, column export_limit: missing"]),
        (
            "site,site,it_capacity,export_limit,x\n",
            ["row 1, column 'site': given 2 times", "row 1, column 'x': not described in "
             "datapackage.json"],
        ),
        (f"{HEAD},,\nA,1,1\n", ["row 2: no value in any cell, take the row out"]),
        (f"{HEAD}A,1\n", ["row 2, column export_limit: 2 cells, expected 3"]),
        (f"{HEAD}A,x,y,1\n", ["row 2, column export_limit: 4 cells, expected 3 (a comma within a "
                              "cell?)"]),
        (f"{HEAD}A,1,1\nB,99,5,120\n",
         ["row 3, column it_capacity or export_limit: 4 cells, expected 3 (a decimal comma?): "
          "write '99,5' or '5,120' with a decimal point and no separators"]),
        (f'{HEAD}A,"1,1\n', ["row 2: not CSV (unexpected end of data)"]),
    ],
)  # fmt: skip
def test_what_is_no_table_is_told_by_its_row(text, told):
    assert faults(text, SITE) == [f"t.csv, {one}" for one in told]


def test_of_many_rows_that_do_not_fit_five_are_told():
    found = faults(HEAD + "A,1\n" * 7, SITE)
    assert [fault.split(",")[1] for fault in found] == [f" row {k}" for k in range(2, 7)]


def test_of_many_faulty_cells_five_are_told_and_the_others_counted():
    found = faults(HEAD + "A,x,1\n" * 7, SITE)
    assert found[-1] == "t.csv, column it_capacity: 2 more such cells" and len(found) == 6


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("site,A,A\n2025-01-01,1,2\n", "row 1, column 'A': given 2 times"),
        ("time\n2025-01-01\n", "row 1, column site: missing"),
    ],
)
def test_a_wide_table_with_no_or_equal_labels_is_refused(text, told):
    assert f"t.csv, {told}" in faults(text, HOURLY)


AT = "site,time,import_price\nA,{},1\n"


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("12", "is a number, and datapackage.json says datetime: write timestamps like "),
        ("noon", "is not a timestamp like 2025-01-01T00:00:00Z"),
        ("2025-02-30T00:00Z", "is not a timestamp (day is out of range for month"),
        ("1899-12-31T23:00Z", "is not within the years 1900 and 2200"),
        ("2025-10-26T02:30", "is not one moment in Europe/Berlin, where the clocks are changed"),
        ("2025-03-30T02:30", "is not one moment in Europe/Berlin, where the clocks are changed"),
        ("2025-01-01T00:00\nA,2025-01-01T01:00Z", "has no time zone, and others of the column"),
    ],
)
def test_what_is_no_instant_is_told_with_why(cell, told):
    of = table("site time", "import_price", zone=ZoneInfo("Europe/Berlin"))
    text = AT.format(cell.replace("\n", ",1\n"))
    found = faults(text, of)
    assert len(found) == 1 and found[0].startswith("t.csv, row 2, column time: '")
    assert told in found[0]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("a,1.5,true,2025-01-01T00:00Z", "column duration: '1.5' is not a whole number"),
        ("a,1,yes,2025-01-01T00:00Z", "column required: 'yes' is neither true nor false"),
        ('" a",1,true,2025-01-01T00:00Z', "column job: ' a' is not a plain, non-empty text"),
    ],
)
def test_what_is_no_whole_number_flag_or_text_is_told(row, told):
    assert faults(f"job,duration,required,release\n{row}\n", JOB) == [f"t.csv, row 2, {told}"]


def test_a_date_among_period_numbers_is_told():
    numbered = Table(
        "t.csv", ("job",), {"job": "string", "release": "integer"},
        {"release": PARAMETERS["release"]},
    )  # fmt: skip
    (fault,) = faults("job,release\na,3\nb,2025-01-01\n", numbered)
    assert fault.startswith(
        "t.csv, row 3, column release: '2025-01-01' is a date, and datapackage.json says integer: "
        "write period numbers in every table, or say datetime in datapackage.json"
    )


def test_a_limit_may_be_without_end_where_the_schema_says_so():
    whole = Table(
        "t.csv", (), {"carbon_budget": "number"}, {"carbon_budget": PARAMETERS["carbon_budget"]}
    )
    cells, found = parse("carbon_budget\n+inf\n", whole)
    assert found == [] and cells.columns["carbon_budget"].tolist() == [np.inf]
    assert faults("carbon_budget\n-inf\n", whole) == [
        "t.csv, row 2, column carbon_budget: '-inf' is not a finite number (tCO2e)"
    ]


def test_a_comma_within_a_name_asks_for_quotes():
    found = faults("site,it_capacity,export_limit\nA,1,1\nB, C,2,2\n", SITE)
    assert found == ["t.csv, row 3, column site: 4 cells, expected 3: put 'B, C' in quotes"]
