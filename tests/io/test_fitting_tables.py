"""Tables that do not fit each other are told a few at a time, and the others counted."""

from __future__ import annotations

from carbonsched.core.schema import PARAMETERS
from carbonsched.io.cells import parse
from carbonsched.io.package import Table
from carbonsched.io.tables import labels, misfits

SITE = Table(
    "site.csv", ("site",), {"site": "string", "it_capacity": "number"},
    {"it_capacity": PARAMETERS["it_capacity"]},
)  # fmt: skip
HOURLY = Table(
    "hours.csv", ("site", "time"),
    {"site": "string", "time": "integer", "import_price": "number"},
    {"import_price": PARAMETERS["import_price"]},
)  # fmt: skip
WHOLE = Table(
    "whole.csv", (), {"step_hours": "number"}, {"step_hours": PARAMETERS["step_hours"]}
)  # fmt: skip


def told(*read: tuple[Table, str]) -> list[str]:
    tables = [(of, parse(text, of)[0]) for of, text in read]
    return misfits(tables, labels(tables))


def test_of_many_strange_labels_five_are_told():
    rows = "".join(f"site{k},0,1\n" for k in range(7))
    found = told(
        (SITE, "site,it_capacity\nsite0x,1\n"), (HOURLY, f"site,time,import_price\n{rows}")
    )
    assert found[0] == (
        "hours.csv, row 2, column site: label site0 is not in site.csv, the table of site; "
        "site0x is"
    )
    assert found[5] == "hours.csv, column site: 2 more such labels" and len(found) == 6


def test_of_many_rows_given_twice_five_are_told():
    head, row = "site,time,import_price\n", "A,0,1\n"
    found = told((SITE, "site,it_capacity\nA,1\n"), (HOURLY, head + 8 * row))
    same = [f"hours.csv, row {k}, column site and time: the same site and time as in row 2"
            for k in range(3, 8)]  # fmt: skip
    assert found == [*same, "hours.csv: 2 more rows given twice"]


def test_of_many_rows_that_are_missing_five_are_told():
    sites = "".join(f"s{k},1\n" for k in range(8))
    found = told((SITE, f"site,it_capacity\n{sites}"), (HOURLY, "site,time,import_price\ns0,3,1\n"))
    missing = [f"hours.csv: no row for site=s{k}, time=3" for k in range(1, 6)]
    assert found == [*missing, "hours.csv: 2 more rows missing"]


def test_a_table_of_the_whole_has_one_row():
    assert told((WHOLE, "step_hours\n1\n")) == []
    assert told((WHOLE, "step_hours\n1\n2\n")) == ["whole.csv: 2 rows, expected one"]


def test_times_of_two_kinds_or_with_and_without_a_zone_are_told():
    dated = Table(
        "dates.csv", ("time",), {"time": "datetime", "import_price": "number"}, HOURLY.quantities
    )
    stamped = Table("more.csv", dated.dims, dated.types, dated.quantities)
    with_zone = (dated, "time,import_price\n2025-01-01T00:00Z,1\n")
    assert told((HOURLY, "site,time,import_price\nA,0,1\n"), with_zone) == [
        "datapackage.json: time: integer for time of hours.csv and datetime for time of dates.csv; "
        "times are all of one type"
    ]
    (found,) = told(with_zone, (stamped, "time,import_price\n2025-01-01T00:00,1\n"))
    assert found.startswith(
        "more.csv, row 2, column time: times have no time zone, and dates.csv has them with one"
    )
