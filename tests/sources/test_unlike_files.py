"""Files that are nearly what a profile says: what is unlike is told with its cure, once."""

from __future__ import annotations

import re
from unicodedata import normalize

import openpyxl
import pandas as pd
import pytest

from carbonsched.errors import InstanceError
from carbonsched.sources import read, read_latency, read_requests
from carbonsched.sources.units import standard

MUNICH = "m\u00fcnchen"
APART = normalize("NFD", MUNICH)


def refused(*given, **how):
    with pytest.raises(InstanceError) as caught:
        read(*given, **how)
    return caught.value.faults


def test_marks_may_be_said_where_the_profile_says_others(file):
    path = file('time,a [EUR/MWh]\n2023-06-01,"1,234.5"\n2023-06-02,"0.5"\n')
    series = read(path, "tidy", zone="UTC", thousands=",")
    assert series.data.values.tolist() == [1234.5, 0.5]
    path = file(
        "Datum von;Datum bis;X [€/MWh] Keine\n01.06.2023 00:00;;1234.5\n01.06.2023 01:00;;2\n"
    )
    assert read(path, "smard", decimal=".").data.values.tolist() == [1234.5, 2]
    told = "decimal ',', thousands ',': separator, decimal and thousands are different marks"
    assert refused(path, "smard", thousands=",") == (told,)


def test_names_are_the_same_however_their_letters_are_made(file, tmp_path):
    rows = "2023-06-01 00:00,{0},1\n2023-06-01 01:00,{0},2\n"
    path = file("time,zone,price [EUR/MWh]\n" + rows.format(APART))
    for name in (MUNICH, APART):
        found = read(path, "tidy", zone="UTC", column="price", select={"zone": name})
        assert found.data.values.tolist() == [1, 2]
    wide = file(f"time,{APART} [EUR/MWh],b [EUR/MWh]\n2023-06-01 00:00,1,5\n2023-06-01 01:00,2,6\n")
    assert read(wide, "tidy", zone="UTC", column=MUNICH).data.values.tolist() == [1, 2]
    book = openpyxl.Workbook()
    book.create_sheet(APART).append(["origin", APART])
    book[APART].append([APART, 5])
    book.save(tmp_path / "book.xlsx")
    far = read_latency(file(f"from,{APART},b\n{APART},0,3\n"), rename={MUNICH: APART})
    assert far.index.tolist() == [MUNICH] and far.columns.tolist() == [MUNICH, "b"]


def test_an_hour_told_twice_that_is_sorted_by_its_stamps_says_which_order(file):
    quarters = [f"2023-10-29 02:{m:02}" for m in (0, 15, 30, 45)]
    around = "2023-10-29 01:45,0\n{}2023-10-29 03:00,9\n"
    ordered = "".join(f"{q},{k}\n" for k, q in enumerate([*quarters, *quarters], 1))
    head = "time,price [EUR/MWh]\n"
    series = read(file(head + around.format(ordered)), "tidy", zone="Europe/Berlin")
    assert series.data.values.tolist() == list(range(10))
    by_stamp = "".join(f"{q},{k}\n{q},{k + 4}\n" for k, q in enumerate(quarters, 1))
    for rows in (by_stamp, "".join(reversed(by_stamp.splitlines(keepends=True)))):
        path = file(head + (around.format(rows) if rows is by_stamp else rows))
        (told,) = refused(path, "tidy", zone="Europe/Berlin")
        first, last = (3, 10) if rows is by_stamp else (2, 9)
        assert told.startswith(f"rows {first} to {last}: the hour that the clocks of Europe/Berlin")
        assert "write one hour after the other, 02:00, 02:15, 02:30, 02:45, 02:00, ..." in told


def test_a_row_told_again_within_the_hour_told_twice_is_dropped(file):
    stamps = ["02:00", "02:30", "02:30", "02:00", "02:30"]
    rows = [f"2023-10-29 {at},{value}" for at, value in zip(stamps, (1, 2, 2, 3, 4), strict=True)]
    path = file("\n".join(["time,price [EUR/MWh]", *rows]))
    series = read(path, "tidy", zone="Europe/Berlin")
    assert series.data.values.tolist() == [1, 2, 3, 4]


def test_an_unknown_unit_is_told_with_its_column_and_the_nearest(file):
    path = file("time,price [EURO/MHw]\n2023-06-01 00:00,1\n2023-06-01 01:00,2\n")
    (told,) = refused(path, "tidy", zone="UTC")
    near = "did you mean EUR/MWh or EUR/kWh?"
    assert told == f"column 'price [EURO/MHw]': unit 'EURO/MHw' is not known: {near}"
    assert read(path, "tidy", zone="UTC", unit="EUR/MWh").notes == (
        "Values are taken in EUR/MWh, as asked for; EURO/MHw is stated.",
    )


@pytest.mark.parametrize(
    ("unit", "meant"),
    [("Kwatt", "kW"), ("g/kwhr.", "g/kWh"), ("MWatt", "MW"), ("tCO2/MHW", "t/MWh")],
)
def test_a_misspelt_unit_names_the_nearest(unit, meant):
    with pytest.raises(ValueError, match=rf"is not known: did you mean .*\b{re.escape(meant)}\b"):
        standard(unit)


SIZES = {
    "pvgis": (
        "Nominal power of the PV system (c-Si) (kWp):\t5.0\n\ntime,P,G(i)\n"
        "20230101:0010,0.0,0\n20230101:0110,900.5,0\n\n",
        (5.0,),
    ),
    "renewables-ninja": (
        '# Renewables.ninja PV - Version: 1.1, License: none\n# {"units": {"time": "UTC", '
        '"electricity": "kW"}, "params": {"lat": 52.5, "capacity": 2.5, "raw": false}}\n'
        "time,local_time,electricity\n2019-06-01 00:00,x,0.5\n2019-06-01 01:00,x,1.5\n",
        (2.5,),
    ),
    "pvwatts": (
        '"PVWatts: Hourly PV Performance Data",""\n"DC System Size (kW):","6"\n'
        '"DC to AC Size Ratio:","1.2"\n\nMonth,Day,Hour,AC System Output (W)\n'
        "1,1,0,0\n1,1,1,700\nTotals,,,700\n",
        (6.0, 5.0),
    ),
}


@pytest.mark.parametrize("name", SIZES)
def test_the_size_of_the_plant_is_read_where_a_file_says_it(file, name):
    content, sizes = SIZES[name]
    given = {"zone": "UTC", "year": 2023} if name == "pvwatts" else {}
    assert read(file(content), name, **given).ratings == sizes


def test_a_hole_within_a_log_of_requests_is_told(file):
    stamps = [
        f"2024-05-10 {hour:02}:{minute}:00" for hour in (0, 1, 5, 7, 9) for minute in ("00", 59)
    ]
    path = file(
        "\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *(f"{s},5,0" for s in stamps)])
    )
    hours = pd.date_range("2024-05-10", periods=10, freq="h")
    found = read_requests(path, "azure-llm", hours[:9])
    assert found.data.values.tolist() == [2, 2, 0, 0, 0, 2, 0, 2, 0]
    assert found.notes[-1] == (
        "Within the log no request came in 5 of 9 periods, the first from 2024-05-10 02:00 UTC, "
        "the last from 2024-05-10 08:00 UTC: 0 is taken. Is the log whole there?"
    )
    one = read_requests(path, "azure-llm", hours[5:8])
    assert "in 1 of 3 periods, that from 2024-05-10 06:00 UTC: 0 is taken" in one.notes[-1]
    assert not any(
        "Within the log" in note for note in read_requests(path, "azure-llm", hours[:2]).notes
    )


def test_stamps_of_another_form_say_which(file):
    rows = "06/01/2023 11:00 PM,1\n06/02/2023 12:00 AM,2\n"
    head = "time,price [EUR/MWh]\n"
    both = refused(file(head + rows), "tidy", zone="UTC")[-1]
    assert both == (
        "column 'time': its stamps can be read if you say format: '%m/%d/%Y %I:%M %p' or format: "
        "'%d/%m/%Y %I:%M %p'"
    )
    one = file(head + rows + "06/13/2023 12:00 AM,3\n")
    assert refused(one, "tidy", zone="UTC")[-1].endswith("if you say format: '%m/%d/%Y %I:%M %p'")
    found = read(file(head + rows), "tidy", zone="UTC", format="%m/%d/%Y %I:%M %p")
    assert str(found.data["time"].values[0])[:16] == "2023-06-01T23:00"
    assert found.data.values.tolist() == [1, 2]


def test_columns_that_are_parted_by_blanks_are_told(file):
    path = file("time      price\n2023-06-01 5\n")
    (told,) = refused(path, "tidy", zone="UTC")
    assert told.endswith(
        "its cells are parted by blanks: write it with commas, semicolons, | or tabs"
    )
