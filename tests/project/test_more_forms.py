"""Series and tables in workbooks, logs of requests, places, and the schema for editors."""

from __future__ import annotations

import json

import numpy as np
import openpyxl
import pytest
import yaml

import carbonsched as cs

HEAD = "title: T\nhorizon: {start: 2025-06-02 00:00, periods: 4, zone: UTC}\n"
SITE = "sites:\n  a: {it_capacity: 5 MW, price: 60, carbon_intensity: 0.3}\n"


def book(path, **sheets):
    made = openpyxl.Workbook()
    for name, rows in sheets.items():
        made.create_sheet(name)
        for row in rows:
            made[name].append(row)
    made.save(path)


def test_sites_and_prices_from_sheets_of_a_workbook(built, tmp_path):
    prices = [["time", "a [USD/MWh]", "b [USD/MWh]"]]
    prices += [[f"2025-06-02 0{hour}:00", 40 + hour, 50.5] for hour in range(4)]
    sites = [["name", "it_capacity [kW]", "price.column", "carbon_intensity", "zone"]]
    sites += [["a", 5000, "a", 0.3, "Europe/Berlin"], ["b", 2500.5, "b", None, None]]
    book(tmp_path / "book.xlsx", Prices=prices, Sites=sites)
    data = built(
        HEAD
        + """
defaults:
  sites: {carbon_intensity: 0.1, price: {file: book.xlsx, sheet: Prices, zone: UTC}}
sites: {file: book.xlsx, sheet: Sites}
"""
    ).instance.data
    assert data.it_capacity.values.tolist() == [5, 2.5005]
    assert data.import_price.values.tolist() == [[40, 41, 42, 43], [50.5] * 4]
    assert data.carbon_intensity.values[:, 0].tolist() == [0.3, 0.1]
    assert json.loads(data.attrs["site_zones"]) == {"a": "Europe/Berlin", "b": "UTC"}


def test_a_sheet_that_is_not_there_has_its_line(faults, tmp_path):
    book(tmp_path / "book.xlsx", Sites=[["name"], ["a"]])
    found = faults(HEAD + SITE + "jobs:\n  file: book.xlsx\n  sheet: Jobs\n")
    assert found[0].startswith("fleet.yaml, line 6: book.xlsx, sheet Jobs: it has no sheet 'Jobs'")


def test_a_row_of_totals_is_named(faults, tmp_path):
    sites = [["name", "it_capacity [kW]", "price", "carbon_intensity"]]
    book(tmp_path / "book.xlsx", Sites=[*sites, ["a", 5000, 60, 0.3], ["Summe", 5000, None, None]])
    (found,) = faults(HEAD + "sites: {file: book.xlsx, sheet: Sites}\n")
    assert (
        found == "book.xlsx, sheet Sites, row 3: 'Summe': a row of totals? Take it out of the table"
    )
    rows = "time,x [USD/MWh]\n2025-06-02 00:00,5\nTotal,5\n"
    (found,) = faults(
        HEAD + SITE.replace("price: 60", "price: {file: p.csv, zone: UTC}"), p_csv=rows
    )
    assert "row 3, column 'time': 'Total'" in found and "a row of totals?" in found


def test_series_are_multiplied_and_their_gaps_filled_if_told(built, faults):
    demand = "  s: {power_per_unit: 0.1, demand: {file: d.csv, column: x, zone: UTC, times: 3%s}}\n"
    rows = "time,x\n" + "".join(
        f"2025-06-02 0{hour}:00,{cell}\n" for hour, cell in enumerate([1, 2, "", 4])
    )
    text = HEAD + SITE + "services:\n" + demand
    data = built(text % ", most_missing: 1", d_csv=rows).instance.data
    assert data.demand.values.tolist() == [[3, 6, 9, 12]]
    found = faults(text % "", d_csv=rows)
    assert all(
        fault.startswith("fleet.yaml, line 6: services.s.demand: d.csv: ") for fault in found
    )
    assert "2025-06-02 02:00" in found[0] and "see `most_missing`" in found[-1]


def test_a_share_in_percent_must_say_so(built, faults):
    text = (
        "title: T\nhorizon: {start: 2025-06-02 00:00, periods: 2, zone: UTC}\nsites:\n"
        "  a:\n    it_capacity: 5\n    price: 60\n    carbon_intensity: 0\n    generation:\n"
        "      sun: {capacity: 4, factor: {file: f.csv, zone: UTC%s}}\n"
    )
    rows = "time,x\n2025-06-02 00:00,85\n2025-06-02 01:00,50\n"
    (found,) = faults(text % "", f_csv=rows)
    assert found.startswith("fleet.yaml, line 9: ") and "a share of up to 85" in found
    data = built(text % ", unit: percent", f_csv=rows).instance.data
    np.testing.assert_allclose(data.generation_available.values, [[3.4, 2]])


def test_requests_of_a_log_are_counted(built):
    rows = [
        f"2024-05-10 {hour:02}:{minute}:00,9,1"
        for hour in range(6)
        for minute in ("00", "30", "59")
    ]
    log = "\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *rows])
    text = (
        HEAD.replace("2025-06-02 00:00", "2024-05-10 01:00")
        + SITE
        + "services:\n  s:\n    power_per_unit: 0.1\n    demand: {requests: log.csv, profile: "
        "azure-llm, times: 10}\n"
    )
    made = built(text, log_csv=log)
    assert made.instance.data.demand.values.tolist() == [[30] * 4]
    assert made.sources[0].file == "log.csv" and "Multiplied by 10." in made.sources[0].notes


def test_latencies_from_places(built):
    text = HEAD + (
        "sites:\n"
        "  london: {it_capacity: 5, price: 60, carbon_intensity: 0, coordinates: [51.51, -0.13]}\n"
        "  frankfurt:\n    it_capacity: 5\n    price: 60\n    carbon_intensity: 0\n"
        "    coordinates: {latitude: 50.11, longitude: 8.68}\n"
        "services:\n"
        "  at-home: {demand: 1, power_per_unit: 0.1, home: frankfurt}\n"
        "  elsewhere: {demand: 1, power_per_unit: 0.1, coordinates: [51.51, -0.13]}\n"
    )
    data = built(text).instance.data
    places = {"london": (51.51, -0.13), "frankfurt": (50.11, 8.68)}
    table = cs.sources.latency_from_coordinates(places, places)
    np.testing.assert_allclose(data.latency.values, table.loc[["frankfurt", "london"]])
    assert data.home.values.tolist() == ["frankfurt", "london"]
    assert "estimated from coordinates" in data.latency.attrs["source"]
    stated = built(text + "latency: 20\n").instance.data
    assert "source" not in stated.latency.attrs


def test_a_job_of_a_log_and_one_of_ones_own_may_not_share_a_name(faults):
    log = "job,arrival,duration_h,power_kw\nj,2025-06-02 00:00,1,500\n"
    text = (
        HEAD
        + SITE
        + (
            "jobs:\n  - {name: j, power: 1, duration: 1, reward: 1}\n"
            "  - {file: log.csv, profile: jobs, zone: UTC, reward: 5, allowed: all}\n"
        )
    )
    (found,) = faults(text, log_csv=log)
    assert found.startswith("fleet.yaml, line 7: ") and "the name is taken" in found


def test_what_sells_nothing_is_told(built):
    site = SITE.replace("0.3}", "0.3, export_price: 80 %}")
    assert "sells nothing" in built(HEAD + site).notes[0]


def test_empty_entries_are_none(built):
    made = built(HEAD + SITE + "jobs:\nservices: {}\ncarbon_budget:\n").instance
    assert made.data.sizes["job"] == made.data.sizes["service"] == 0


@pytest.fixture(scope="module")
def editor():
    """What an editor checks a file with."""
    import jsonschema  # takes seconds, which collecting tests need not

    schema = cs.project.json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_template_is_what_its_schema_says(editor):
    files = cs.project.template(["a", "b"])
    editor.validate(yaml.safe_load(files["fleet.yaml"]) | {"rates": {}})
    assert json.loads(files["fleet.schema.json"]) == cs.project.json_schema()


@pytest.mark.parametrize(
    "said",
    [
        {"carbon_bugdet": 5},
        {"horizon": {"start": "2025-06-02", "dayz": 2}},
        {"sites": {"a": {"pue": 1.2}}},
        {"sites": [{"it_capacity": 5}]},
        {"jobs": {"j": {"power": [1]}}},
        {"defaults": {"sites": {"battery": {"enrgy": 3}}}},
    ],
)
def test_the_schema_refuses_what_reading_refuses(editor, said):
    whole = {
        "title": "T",
        "horizon": {"start": "2025-06-02", "days": 2},
        "sites": {"a": {"it_capacity": "5 MW", "price": {"file": "x.csv"}}},
    }
    assert editor.is_valid(whole) and not editor.is_valid(whole | said)


def test_a_table_of_latencies_must_have_every_origin_and_site(faults):
    text = HEAD + (
        "sites:\n"
        "  rome: {it_capacity: 5, price: 60, carbon_intensity: 0}\n"
        "  paris: {it_capacity: 5, price: 60, carbon_intensity: 0}\n"
        "services:\n"
        "  s: {demand: 1, power_per_unit: 0.1, home: rome}\n"
        "  t:\n    demand: 1\n    power_per_unit: 0.1\n"
        "latency: {file: latency.csv}\n"
    )
    (one, other) = faults(text, latency_csv="origin,roma,paris\nrome,1,2\n")
    assert one.startswith("fleet.yaml, line 4: sites.rome: no column rome in latency.csv: did you")
    assert other == "fleet.yaml, line 8: services.t: say its `origin` in latency.csv"
    (hole,) = faults(
        text.replace("  t:\n", "  t:\n    origin: east\n"),
        latency_csv="origin,rome,paris\nrome,1,2\neast,,3\n",
    )
    told = "services.t.origin: latency.csv has no latency from east to rome"
    assert hole == f"fleet.yaml, line 9: {told}"


def test_a_file_that_is_no_text_or_has_no_currency_is_told(tmp_path, faults):
    (tmp_path / "other.yaml").mkdir()
    with pytest.raises(cs.InstanceError, match="not a regular file"):
        cs.project.read(tmp_path / "other.yaml")
    (found,) = faults(HEAD + SITE + "currency: Euro\n")
    assert found == (
        "fleet.yaml, line 5: currency: 'Euro': expected the ISO code of a currency, such as EUR"
    )


def test_faults_of_the_whole_are_told_in_the_currency_of_the_project(faults):
    text = HEAD + SITE.replace("price: 60", "price: [1, 2, 3, 1e16]") + "currency: EUR\n"
    (found,) = faults(text)
    assert found.startswith("fleet.yaml, line 4: sites.a.price: ") and "EUR/MWh" in found
