"""What a project file makes, by hand: every form that a value may have."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import openpyxl
import pytest

import carbonsched as cs

SITE = "sites:\n  a: {it_capacity: 5 MW, price: 60, carbon_intensity: 0.3}\n"


def head(**said: object) -> str:
    said = {"title": "T", "horizon": "{start: 2025-06-02 00:00, periods: 4, zone: UTC}"} | said
    return "".join(f"{key}: {value}\n" for key, value in said.items())


def test_the_least_that_can_be_said_and_every_default_is_named(built):
    made = built(head() + SITE)
    data = made.instance.data
    assert dict(data.sizes) == {"site": 1, "time": 4, "job": 0, "service": 0}
    assert data.attrs["currency"] == "USD" and data.attrs["title"] == "T"
    for name, value in {
        "step_hours": 1,
        "it_capacity": 5,
        "cooling": 1,
        "import_limit": 5,
        "export_limit": 0,
        "import_price": 60,
        "export_price": 0,
        "carbon_intensity": 0.3,
        "generation_available": 0,
        "battery_energy": 0,
        "charge_efficiency": 1,
        "carbon_budget": np.inf,
    }.items():
        assert (data[name] == value).all(), name
    assert made.defaults == (
        "currency USD",
        "latency from coordinates where all have them, else 0 ms",
        "carbon_budget none",
        "cooling 1 MW/MW: a",
        "import_limit as much as the site can draw: a",
        "export_limit 0 MW: a",
        "export_price 0: a",
        "generation none: a",
        "battery none: a",
    )
    assert made.sources == () and made.licences == {}


def test_amounts_have_units_and_other_currencies_a_rate(built):
    data = built(
        head(currency="EUR", rates="{USD: {value: 0.9, date: 2025-06-01}}", carbon_budget="900 kg")
        + """
sites:
  a:
    it_capacity: 5000 kW
    price: 60 USD/MWh
    carbon_intensity: 300 g/kWh
    import_limit: 6
    export_limit: 500 kW
    export_price: 80 %
    battery:
      energy: 10 MWh
      charge: 2 MW
      round_trip_efficiency: 81 %
      min: 10 %
      initial: 2500 kWh
      cost: 0.4 ct/kWh
services:
  s: {demand: 5, power_per_unit: 0.3 kW/unit, value: 0.2 EUR/(unit h), latency_limit: 0.05 s}
latency: 12 ms
"""
    ).instance.data
    for name, value in {
        "it_capacity": 5,
        "import_price": 54,
        "export_price": 43.2,
        "carbon_intensity": 0.3,
        "import_limit": 6,
        "export_limit": 0.5,
        "battery_energy": 10,
        "discharge_limit": 2,
        "charge_efficiency": 0.9,
        "discharge_efficiency": 0.9,
        "battery_min": 1,
        "battery_initial": 2.5,
        "battery_final": 2.5,
        "battery_cost": 4,
        "power_per_unit": 0.0003,
        "value": 0.2,
        "demand": 5,
        "latency": 12,
        "latency_limit": 50,
        "carbon_budget": 0.9,
    }.items():
        np.testing.assert_allclose(data[name].values, value, rtol=1e-12, err_msg=name)


def test_what_the_site_can_draw_is_its_import_limit(built):
    data = built(
        head()
        + """
sites:
  a:
    it_capacity: 5
    price: 60
    carbon_intensity: 0
    cooling: [1, 1.5, 1.2, 1]
    battery: {energy: 4, charge: 3}
"""
    ).instance.data
    assert data.import_limit.item() == 5 * 1.5 + 3
    assert data.it_capacity.dims == ("site",)
    assert data.cooling.values.tolist() == [[1, 1.5, 1.2, 1]]


def test_a_limit_given_in_time_is_in_time_at_every_site(built):
    data = built(
        head()
        + "sites:\n"
        + "  a: {it_capacity: [5, 4, 3, 2], price: 60, carbon_intensity: 0}\n"
        + "  b: {it_capacity: 7, price: 60, carbon_intensity: 0}\n"
    ).instance.data
    assert data.it_capacity.values.tolist() == [[5, 4, 3, 2], [7, 7, 7, 7]]


def test_plants_add_up(built):
    data = built(
        head()
        + """
sites:
  a:
    it_capacity: 5
    price: 60
    carbon_intensity: 0
    generation:
      sun: {capacity: 4 MW, factor: [0, 50 %, 1, 0], cost: 3}
      roof: {capacity: 100 kW, rated: 5 kW, output: [0, 1 kW, 2 kW, 0], cost: 3}
      wind: {available: 2, cost: 3}
"""
    ).instance.data
    sun, roof = np.array([0, 2, 4, 0]), np.array([0, 0.02, 0.04, 0])
    np.testing.assert_allclose(data.generation_available.values[0], sun + roof + 2)
    assert data.generation_cost.item() == 3


def test_defaults_reach_into_entries_and_none_undoes_them(built):
    data = built(
        head()
        + """
defaults:
  sites:
    price: 60
    carbon_intensity: 0.3
    battery: {charge: 1 MW, round_trip_efficiency: 64 %}
sites:
  a: {it_capacity: 5, battery: {energy: 4}}
  b: {it_capacity: 5, battery: none, price: 70}
  c: {it_capacity: 5, battery: {energy: 2, charge: 0.5}}
"""
    ).instance.data
    assert data.battery_energy.values.tolist() == [4, 0, 2]
    assert data.charge_limit.values.tolist() == [1, 0, 0.5]
    np.testing.assert_allclose(data.charge_efficiency.values, [0.8, 1, 0.8])
    assert data.import_price.values[:, 0].tolist() == [60, 70, 60]


def test_a_tariff_goes_by_the_sites_clock(built):
    text = """
defaults:
  sites:
    it_capacity: 5
    carbon_intensity: 0
    price:
      otherwise: 50
      time_of_use:
        - {hours: 7:30-9, days: Mon-Fri, price: 100}
        - {hours: 22-6, price: 20}
sites:
  berlin: {zone: Europe/Berlin}
  york: {zone: America/New_York}
  utc: {}
"""
    horizon = "{start: 2025-06-06 00:00, days: 2, zone: UTC}"  # a Friday
    price = built(head(horizon=horizon) + text).instance.data.import_price
    at = {name: price.sel(site=name).to_series() for name in ("berlin", "york", "utc")}
    assert at["utc"].iloc[:10].tolist() == [20] * 6 + [50, 75, 100, 50]
    assert at["utc"].iloc[24:34].tolist() == [20] * 6 + [50] * 4  # Saturday
    assert at["berlin"].iloc[4:8].tolist() == [50, 75, 100, 50]
    assert at["berlin"].iloc[[3, 4, 19, 20]].tolist() == [20, 50, 50, 20]
    assert at["york"].iloc[[11, 12, 13]].tolist() == [75, 100, 50]


def test_the_first_window_that_holds_counts(built):
    text = """
sites:
  a:
    it_capacity: 5
    carbon_intensity: 0
    price:
      otherwise: 1
      time_of_use:
        - {hours: 0-1, months: Jun-Aug, price: 2}
        - {hours: 0-2, price: 3}
        - {hours: 0-3, months: "Nov-Feb, Apr", price: 4}
"""
    assert built(head() + text).instance.data.import_price.values.tolist() == [[2, 3, 1, 1]]


@pytest.mark.parametrize(
    ("said", "first", "count", "hours"),
    [
        ("start: 2025-06-02 00:00, days: 1, zone: Europe/Berlin", "2025-06-01T22", 24, 1),
        ("start: 2025-06-02T00:00Z, days: 1.5, step: 15 min", "2025-06-02T00", 144, 0.25),
        ("start: 2025-06-02T00:00+05:30, periods: 3, step: 2", "2025-06-01T18:30", 3, 2),
        # The day on which the clocks go forward has 23 hours, the one in autumn 25.
        ("start: 2025-03-30, end: 2025-03-31, zone: Europe/Berlin", "2025-03-29T23", 23, 1),
        ("start: 2025-10-26, end: 2025-10-27, zone: Europe/Berlin", "2025-10-25T22", 25, 1),
    ],
)
def test_horizons(built, said, first, count, hours):
    data = built(head(horizon=f"{{{said}}}") + SITE).instance.data
    assert data.time.values[0] == np.datetime64(first)
    assert data.sizes["time"] == count and data.step_hours.item() == hours


JOBS = """
jobs:
  whole: {power: 3 MW, duration: 2 h, reward: 900 EUR}
  part: {power: 300 kW, duration: 90 min, reward: 12 EUR/MWh, startup_cost: 2}
  late: {power: 1, duration: 1, reward: 5, release: 2025-06-02 00:30, deadline: 2025-06-02 03:30}
  local:
    power: 1
    duration: 1
    reward: 5
    zone: Asia/Tokyo
    release: 2025-06-02 10:00
    deadline: 2025-06-02 12:00
  beyond: {power: 1, duration: 1, required: true, deadline: 2025-06-09, release: 2025-06-01}
"""


def test_jobs_by_hand(built):
    made = built(head(currency="EUR") + SITE + JOBS)
    data = made.instance.data
    start = np.datetime64("2025-06-02")
    hours = {
        name: ((data[name].values - start) / np.timedelta64(1, "h")).tolist()
        for name in ("release", "deadline")
    }
    assert data.job.values.tolist() == ["whole", "part", "late", "local", "beyond"]
    assert data.duration.values.tolist() == [2, 2, 1, 1, 1]
    np.testing.assert_allclose(data.power.values, [3, 0.225, 1, 1, 1])
    np.testing.assert_allclose(data.reward.values, [900, 12 * 0.45, 5, 5, 0])
    # A release within a period waits for the next; by a deadline the last period has ended.
    assert hours["release"] == [0, 0, 1, 1, -24]
    assert hours["deadline"] == [3, 3, 2, 2, 7 * 24 - 1]
    assert data.required.values.tolist() == [False] * 4 + [True]
    assert data.allowed.all()
    assert made.notes == ("jobs.part: 1.5 periods become 2, at 0.225 MW for the same energy",)


def test_jobs_in_a_list_and_a_table_and_by_name_are_the_same(built, tmp_path):
    text = head() + SITE + "  b: {it_capacity: 5, price: 60, carbon_intensity: 0.3}\n"
    by_name = "jobs:\n  j: {power: 0.5, duration: 2 h, reward: 5, allowed: [b]}\n"
    listed = "jobs:\n  - {name: j, power: 0.5, duration: 2 h, reward: 5, allowed: [b]}\n"
    book = openpyxl.Workbook()
    book.create_sheet("Jobs")
    for row in (["name", "power [kW]", "duration", "allowed"], ["j", 500, "2 h", "b"]):
        book["Jobs"].append(row)
    book.save(tmp_path / "book.xlsx")
    table = "jobs: {file: book.xlsx, sheet: Jobs, reward: 5}\n"
    both = "jobs:\n  - {file: jobs.csv, reward: 5}\n"
    rows = "name;power [kW];duration;allowed\nj;500;2 h;b\n"
    one, *others = (
        built(text + jobs, jobs_csv=rows).instance.data for jobs in (by_name, listed, table, both)
    )
    assert one.allowed.values.tolist() == [[False, True]]
    assert all(one.identical(other) for other in others)


def test_sites_from_a_table_with_entries_in_dotted_columns(built):
    table = """\
    name,it_capacity [kW],price [EUR/MWh],carbon_intensity [g/kWh],battery.energy,battery.charge
    007,5000,60,300,4,1 MW
    b,2000,,0,,
    """
    data = built(
        head(currency="EUR", defaults="{sites: {price: 70}}") + "sites: {file: sites.csv}\n",
        sites_csv=table,
    ).instance.data
    assert data.site.values.tolist() == ["007", "b"]
    assert data.it_capacity.values.tolist() == [5, 2]
    assert data.import_price.values[:, 0].tolist() == [60, 70]
    assert data.battery_energy.values.tolist() == [4, 0]
    assert data.carbon_intensity.values[:, 0].tolist() == [0.3, 0]


def test_homes_and_limits_that_are_not_said(built):
    data = built(head() + SITE + "services: {s: {demand: 1, power_per_unit: 0.1}}").instance.data
    assert data.home.item() == "a" and data.latency.item() == 0 and data.latency_limit.item() == 1


def test_a_project_read_can_be_built(written):
    project = cs.project.read(written(head() + SITE))
    assert project.given.sites["a"].it_capacity == 5
    assert cs.project.build(project).instance.data.sizes["site"] == 1


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", ["battery.round_trip_efficiency 100 %: a"]),
        (", round_trip_efficiency: 90 %", []),
        (", charge_efficiency: 90 %", ["battery.discharge_efficiency 100 %: a"]),
        (", charge_efficiency: 0.9, discharge_efficiency: 0.9", []),
    ],
)
def test_an_efficiency_that_is_not_said_is_named(built, said, told):
    made = built(head() + SITE[:-2] + f", battery: {{energy: 2, charge: 1{said}}}}}\n")
    assert [line for line in made.defaults if "efficiency" in line] == told


def test_a_file_of_another_year_is_no_gap_to_fill(faults):
    text = "sites: {a: {it_capacity: 5, carbon_intensity: 0, price: {file: p.csv, zone: UTC}}}\n"
    rows = "time,price [USD/MWh]\n2023-10-01 00:00,1\n2023-10-01 01:00,2\n"
    (told,) = faults(head() + text, p_csv=rows)
    assert "the file holds 2023-10-01 to 2023-10-01" in told and "most_missing" not in told


def test_latencies_without_services_are_noted(built):
    notes = built(head() + SITE + "latency: {file: latency.csv}\n").notes
    assert notes == ("latency: latency.csv is not used: there are no services",)


def test_a_fault_of_a_file_is_told_once_with_the_entries_that_use_it(faults):
    site = "it_capacity: 5, carbon_intensity: 0, price: {file: p.csv, zone: UTC}"
    shared = f"defaults: {{sites: {{{site}}}}}\n"
    sites = "sites:\n" + "".join(f"  s{k}: {{price: {{column: a}}}}\n" for k in range(7))
    rows = "time,a [USD/MWh]\n2025-06-02 00:00,1\n2025-06-02 01:00,x\n"
    (told,) = faults(head() + shared + sites, p_csv=rows)
    entries = "s0.price, sites.s1.price, sites.s2.price, sites.s3.price, sites.s4.price and 2 more"
    assert f"sites.{entries}: p.csv: row 3, column 'a [USD/MWh]': 'x' is no number" in told
    (told,) = faults(head() + shared.replace("p.csv", "q.csv") + sites)
    assert "and 2 more: q.csv" in told and told.endswith("missing")


def test_a_row_given_twice_says_what_to_do(faults):
    table = "name,it_capacity,price,carbon_intensity\na,5,60,0\na,5,60,0\n"
    assert faults(head() + "sites: {file: sites.csv}\n", sites_csv=table) == (
        "sites.csv, row 3: site a is given twice, first in sites.csv, row 2: "
        "leave one, or put what sites share in `defaults`",
    )


def test_a_table_without_names_says_its_columns_and_sheets(faults, tmp_path):
    book = openpyxl.Workbook()
    for row in (["site", "it_capacity [MW]"], ["a", 5]):
        book.active.append(row)
    book.create_sheet("Prices")
    book.save(tmp_path / "sites.xlsx")
    (told,) = faults(head() + "sites: {file: sites.xlsx}\n")
    assert told.endswith(
        "sites.xlsx: no row has the column 'name'; there are 'site', 'it_capacity [MW]'; "
        "the sheets are 'Sheet', 'Prices': say which `sheet`"
    )
    (told,) = faults(head() + "sites: {file: sites.csv}\n", sites_csv="site,price\na,5\n")
    assert told.endswith("no row has the column 'name'; there are 'site', 'price'")


def test_a_file_in_a_column_of_amounts_says_how_the_column_is_called(faults):
    table = "name,it_capacity,price,carbon_intensity\na,5,60,em_DE.csv\n"
    (told,) = faults(head() + "sites: {file: sites.csv}\n", sites_csv=table)
    assert told == (
        "sites.csv, row 2: sites.a.carbon_intensity: 'em_DE.csv' is no amount: of a file, "
        "write {file: em_DE.csv}, or name the column carbon_intensity.file"
    )


def test_sites_without_one_are_told_in_words(faults):
    assert faults(head() + "sites: {}\n") == (
        "fleet.yaml, line 3: sites: {}: expected at least one entry",
    )


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_defaults_are_told_in_the_order_of_the_keys(written, seed):
    inner = ", battery: {energy: 2, charge: 1}, generation: {sun: {available: 1}}}\n"
    path = written(head() + SITE[:-2] + inner)
    code = f"import carbonsched as cs; print(*cs.project.build({str(path)!r}).defaults, sep='\\n')"
    environment = os.environ | {"PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    lines = run.stdout.splitlines()
    assert lines.index("sun.cost 0 USD/MWh: a") < lines.index("battery.cost 0 USD/MWh: a")
