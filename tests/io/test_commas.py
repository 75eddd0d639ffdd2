"""Rows that an unquoted comma has split: the column of the comma, whichever it is."""

from __future__ import annotations

import csv
import io
from itertools import combinations

import pandas as pd
import pytest

import carbonsched as cs
from carbonsched.io.commas import split_cells

LINES = """\
site,it_capacity,import_limit,export_limit,generation_cost,generation_carbon,battery_energy,battery_min,charge_limit,discharge_limit,charge_efficiency,discharge_efficiency,battery_initial,battery_cost
harbour,259.9,359.0,40.0,5.06,0.0,20.0,2.0,10.0,10.0,0.95,0.95,6.0,1.5
plains,187.9,251.0,30.0,5.06,0.0,20.0,2.0,10.0,10.0,0.95,0.95,6.0,1.5
valley,160.4,203.0,50.82,5.06,0.0,195.27,19.53,52.62,52.62,0.95,0.95,58.58,1.5""".splitlines()
HEADER, ROW = LINES[0].split(","), LINES[3]


@pytest.fixture(scope="module")
def default(default: cs.Instance) -> cs.Instance:
    """The default instance with sites of these numbers: what a comma may be goes by all rows."""
    table = pd.read_csv(io.StringIO("\n".join(LINES)), index_col="site")
    return default.replace(**{name: table[name].to_xarray() for name in table})


def complaints(folder) -> list[str]:
    with pytest.raises(cs.InstanceError) as caught:
        cs.load(folder)
    return list(caught.value.faults)


def with_row(folder, row: str) -> None:
    table = folder / "site.csv"
    assert ROW in table.read_text()
    table.write_text(table.read_text().replace(ROW, row))


@pytest.mark.parametrize("column", HEADER[1:])
def test_a_decimal_comma_is_reported_at_its_own_column(column, default, tmp_path):
    default.save(tmp_path)
    cells = ROW.split(",")
    at = HEADER.index(column)
    cells[at] = cells[at].replace(".", ",")
    with_row(tmp_path, ",".join(cells))
    assert complaints(tmp_path) == [
        f"site.csv, row 4, column {column}: 15 cells, expected 14 (a decimal comma?): "
        f"write {cells[at]!r} with a decimal point and no separators"
    ]


@pytest.mark.parametrize("whole", range(1, 14))
def test_whole_numbers_beside_it_do_not_mislead(whole, default, tmp_path):
    """Where any two neighbours might be one number, its own column is always among those named.

    The sizes of another row leave two thirds of the thirteen at most.
    """
    default.save(tmp_path)
    cells = [cell if "0.9" in cell else cell.partition(".")[0] for cell in ROW.split(",")]
    cells[whole] = cells[whole].partition(".")[0] + (",95" if whole in (10, 11) else ",5")
    with_row(tmp_path, ",".join(cells))
    named = complaints(tmp_path)[0].partition("column ")[2].partition(":")[0].split(" or ")
    assert HEADER[whole] in named and len(named) <= 8


def test_every_number_of_a_row_with_a_decimal_comma(default, tmp_path):
    default.save(tmp_path)
    with_row(tmp_path, ROW.replace(".", ","))
    said = complaints(tmp_path)[0]
    assert f"column {' and '.join(HEADER[1:])}: 27 cells, expected 14" in said


def test_a_thousands_separator_and_a_comma_in_a_name(default, tmp_path):
    default.save(tmp_path)
    with_row(tmp_path, ROW.replace("160.4", "1,160.4"))
    assert "column it_capacity: 15 cells" in complaints(tmp_path)[0]
    default.save(tmp_path)
    with_row(tmp_path, ROW.replace("valley", "valley, north"))
    assert complaints(tmp_path) == [
        "site.csv, row 4, column site: 15 cells, expected 14: put 'valley, north' in quotes"
    ]


def test_without_another_row_all_that_it_may_be_are_named():
    types = dict.fromkeys("abc", "number")
    readings = split_cells(["1", "2", "3", "4"], types, lambda *_: True, None)
    assert readings == [{"a": "1,2"}, {"b": "2,3"}, {"c": "3,4"}]


def test_a_number_beyond_its_bounds_is_half_of_one(default, tmp_path):
    """No efficiency is 95: the comma is before it."""
    default.save(tmp_path)
    cells = ROW.split(",")
    cells[10:12] = ["0,95", "1"]
    with_row(tmp_path, ",".join(cells))
    assert "column charge_efficiency: 15 cells" in complaints(tmp_path)[0]


@pytest.mark.parametrize("split", list(combinations(range(1, 5), 2)))
def test_any_two_columns(split):
    row = ["A", "259.9", "0.95", "18.75", "1234.5"]
    cells = [cell.replace(".", ",") if k in split else cell for k, cell in enumerate(row)]
    record = next(csv.reader(io.StringIO(",".join(cells))))
    names = ["site", *"wxyz"]
    types = dict(zip(names, ["string", *["number"] * 4], strict=True))

    def sound(column: str, text: str) -> bool:
        return column == "site" or text.replace(".", "").isdigit()

    assert [set(read) for read in split_cells(record, types, sound, row)] == [
        {names[k] for k in split}
    ]


def test_a_row_with_cells_at_its_end_that_nothing_explains(default, tmp_path):
    default.save(tmp_path)
    with_row(tmp_path, ROW + ",,x")
    assert complaints(tmp_path) == [
        "site.csv, row 4, column battery_cost: 16 cells, expected 14 (a comma within a cell?)"
    ]


def test_a_table_with_too_many_readings_to_try_names_the_last_column():
    types = {f"c{k}": "number" for k in range(40)}
    assert split_cells(["1"] * 50, types, lambda *_: True, None) == []
