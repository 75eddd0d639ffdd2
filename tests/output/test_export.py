"""What is handed on, read back: the same numbers in every format."""

from __future__ import annotations

import json
from itertools import pairwise

import icalendar
import numpy as np
import openpyxl
import pandas as pd
import pytest
from by_hand import plain

import carbonsched as cs
from carbonsched.output.tables import TABLES

BOTH = pytest.mark.parametrize("of", ["fleet", "numbered"])


def read_back(path, name):
    if path.suffix == ".csv":
        frame = pd.read_csv(path)
        for head in frame:
            if "[UTC]" in head:
                frame[head] = pd.to_datetime(frame[head])
        return frame
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_excel(path, sheet_name=name)


@BOTH
@pytest.mark.parametrize("end", ["csv", "parquet", "xlsx"])
def test_every_table_comes_back(of, end, request, tmp_path):
    instance, schedule = request.getfixturevalue(of)
    for name, made in TABLES.items():
        path = cs.export(instance, schedule, tmp_path / f"x.{end}", name)
        wanted, found = made(instance, schedule), read_back(path, name)
        assert list(found) == list(wanted) and len(found) == len(wanted)
        for head in wanted:
            if pd.api.types.is_numeric_dtype(wanted[head]):
                np.testing.assert_allclose(found[head].astype(float), wanted[head], rtol=1e-12)
            elif pd.api.types.is_datetime64_any_dtype(wanted[head]):
                assert (found[head].isna() == wanted[head].isna()).all()
                assert (found[head].dropna() == wanted[head].dropna()).all()
            else:
                assert list(found[head].where(found[head].notna(), "")) == list(
                    wanted[head].where(wanted[head].notna(), "")
                )


@BOTH
def test_tables_add_up_to_the_schedule(of, request):
    instance, schedule = request.getfixturevalue(of)
    made = {name: table(instance, schedule) for name, table in TABLES.items()}
    money = instance.data.attrs.get("currency", "USD")
    assert made["money"][f"benefit [{money}]"].sum() == pytest.approx(schedule.objective)
    hours = instance.data.step_hours.item()
    flows = made["flows"].groupby("site")["grid_import [MW]"].sum() * hours
    by_site = made["sites"].set_index("site")["import [MWh]"]
    np.testing.assert_allclose(flows[by_site.index], by_site)
    served = made["inference"].groupby("service")["workload [unit]"].sum()
    demand = instance.data.demand.sum("time").to_series()
    np.testing.assert_allclose(served[demand.index], demand, rtol=1e-6)
    jobs = made["jobs"]
    start, end = (head for head in jobs if head.startswith(("start", "end")))
    length = (jobs[end] - jobs[start]) / (pd.Timedelta(hours=1) if of == "fleet" else 1)
    run = jobs.accepted
    np.testing.assert_allclose(length[run], (instance.data.duration.values * hours)[run])


@BOTH
def test_targets_are_the_schedule(of, request, tmp_path):
    instance, schedule = request.getfixturevalue(of)
    said = json.loads(cs.export(instance, schedule, tmp_path / "x.json").read_text())
    assert list(said["sites"]) == list(instance.data.site.values)
    hours, energy = instance.data.step_hours.item(), cs.energy(instance, schedule)
    for site, rows in said["sites"].items():
        assert len(rows) == instance.data.sizes["time"]
        total = pd.DataFrame(rows).drop(columns=["start", "end"]).sum() * hours
        for target, column in (
            ("facility_power_mw", "facility"), ("grid_import_mw", "import"),
            ("grid_export_mw", "export"), ("generation_mw", "generation"),
        ):  # fmt: skip
            assert total[target] == pytest.approx(energy[column][site])
        assert total.charge_mw + total.discharge_mw == pytest.approx(energy.battery[site])
        last = float(schedule.data.soc.sel(site=site)[-1])
        assert rows[-1]["soc_target_mwh"] == pytest.approx(last)
        for row, after in pairwise(rows):
            assert row["end"] == after["start"]
        for row in rows:
            come = row["grid_import_mw"] + row["generation_mw"] + row["discharge_mw"]
            gone = row["facility_power_mw"] + row["grid_export_mw"] + row["charge_mw"]
            assert come == pytest.approx(gone, abs=1e-6)
    if of == "fleet":
        first = said["sites"]["site-1"][0]
        assert (first["start"], first["end"]) == ("2025-03-30T00:00:00Z", "2025-03-30T00:30:00Z")
    else:
        assert said["sites"]["site-1"][1]["start"] == 0.25 and "hours" in said["times"]


def test_a_calendar_has_an_event_for_each_run(fleet, tmp_path):
    instance, schedule = fleet
    read = [
        icalendar.Calendar.from_ical(cs.export(instance, schedule, tmp_path / name).read_bytes())
        for name in ("x.ics", "again.ics")
    ]
    events = {str(event["location"]) + str(event["summary"]): event for event in read[0].events}
    frame = cs.plan(instance, schedule)
    running = frame.loc[frame.accepted]
    assert len(read[0].events) == len(running) > 0
    for job, row in running.iterrows():
        event = events[f"{row.site}{job} on {row.site}"]
        assert event.start == row.start.tz_localize("UTC")
        assert event.end == row.end.tz_localize("UTC")
    identifiers = [[str(event["uid"]) for event in one.events] for one in read]
    assert identifiers[0] == identifiers[1] and len(set(identifiers[0])) == len(running)


def test_a_calendar_needs_dates(numbered, tmp_path):
    with pytest.raises(ValueError, match="a calendar needs dates"):
        cs.export(*numbered, tmp_path / "x.ics")
    assert not list(tmp_path.iterdir())


def test_a_format_or_table_that_there_is_not(numbered, tmp_path):
    with pytest.raises(ValueError, match=r"one of \.csv, \.xlsx"):
        cs.export(*numbered, tmp_path / "x.docx")
    with pytest.raises(ValueError, match="table 'job', choose from jobs"):
        cs.export(*numbered, tmp_path / "x.csv", "job")


def test_names_are_names_in_a_workbook_and_a_calendar(tmp_path):
    """A name that begins like a formula is none, and one with line breaks makes no line."""
    evil = '=HYPERLINK("http://x";"y")'
    data = plain(1, 2, 1).assign_coords(
        site=[evil],
        job=["+1;BEGIN:VEVENT,\\n"],
        time=pd.date_range("2025-03-30", periods=2, freq="h"),
    )
    first = data.time.values[0]
    data = data.assign(release=("job", [first]), deadline=("job", [first]))
    instance = cs.Instance(data.assign_attrs(title="a\x07b\nEND:VCALENDAR"))
    schedule = cs.solve(instance, gap=0)
    book = openpyxl.load_workbook(cs.export(instance, schedule, tmp_path / "x.xlsx"))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert any(cell.value == evil for cell in cells)
    assert all(cell.data_type != "f" for cell in cells)
    content = cs.export(instance, schedule, tmp_path / "x.ics").read_bytes()
    read = icalendar.Calendar.from_ical(content)
    assert len(read.events) == 1 and str(read.events[0]["summary"]).startswith("+1;BEGIN")
    assert content.count(b"\r\nEND:VCALENDAR") == 1


def test_no_negative_zero_is_written(make, tmp_path):
    instance = make(1, 1, 1)
    schedule = cs.solve(instance, gap=0)
    schedule.data["grid_export"] = -0.0 * schedule.data.grid_export
    for name in TABLES:
        assert "-0.0" not in cs.export(instance, schedule, tmp_path / "x.csv", name).read_text()
    assert "-0.0" not in cs.export(instance, schedule, tmp_path / "x.json").read_text()


def test_parquet_says_its_units(fleet, tmp_path):
    import pyarrow.parquet as pq

    about = pq.read_schema(cs.export(*fleet, tmp_path / "x.parquet")).metadata
    assert json.loads(about[b"units"])["import_price [EUR/MWh]"] == "EUR/MWh"
    assert about[b"made_by"] == b"carbonsched"


def test_a_workbook_can_be_read_without_dragging_its_columns(make, tmp_path):
    import openpyxl

    given = make(1, 2, 1)
    long = cs.Instance(given.data.assign_coords(job=["a job with a long name " * 2 + "x"]))
    file = cs.export(long, cs.solve(long, gap=0), tmp_path / "day.xlsx")
    for sheet in openpyxl.load_workbook(file):
        for column in sheet.iter_cols():
            texts = [cell.value for cell in column if isinstance(cell.value, str)]
            width = sheet.column_dimensions[column[0].column_letter].width
            assert width > max(map(len, texts)), (sheet.title, texts[0])


def test_a_workbook_holds_what_is_given_too(fleet, tmp_path):
    instance, schedule = fleet
    sheets = pd.read_excel(cs.export(instance, schedule, tmp_path / "day.xlsx"), sheet_name=None)
    sites = sheets["given site"].set_index("site")
    limit = sites["import_limit [MW]"].reindex(instance.data.site.values)
    np.testing.assert_array_equal(limit, instance.data.import_limit)
    series = sheets["given site_time"].set_index(["site", "time"])["cooling [MW/MW]"]
    given = instance.data.cooling.to_series().reindex(series.index)
    np.testing.assert_allclose(series, given, rtol=1e-14)
