"""Every kind of fault is told with file and line, and all of them at once."""

from __future__ import annotations

import pytest
from made_files import HEAD

import carbonsched as cs

# What follows HEAD, so its first line is line 6; and what is told.
ONE = {
    "unknown key": ("carbon_bugdet: 5", "line 6: unknown key carbon_bugdet: did you mean carbon_budget?"),
    "word of the trade": (
        "services:\n  s: {demand: 1, power_per_unit: 0.1}\n  t:\n    license: x\n    demand: 1\n    power_per_unit: 1",
        "line 9: services.t: unknown key license: there are demand, power_per_unit, value, latency_limit, home, origin, coordinates",
    ),
    "given twice": ("title: U", "line 6: title is given twice, first in line 1"),
    "within, given twice": ("jobs:\n  j: {power: 1}\n  j: {power: 2}", "line 8: jobs.j is given twice, first in line 7"),
    "the no of YAML": (
        "jobs:\n  j:\n    power: 1\n    duration: 1\n    required: no\n    reward: 1",
        "line 10: jobs.j.required: `no` is true or false to some readers: write that, or put it in quotes",
    ),
    "a name that is no text": ("jobs:\n  on: {power: 1, duration: 1, reward: 1}", "line 7: jobs.on: `on` is true or false to some readers: write that, or put it in quotes"),
    "base 60": (
        "jobs:\n  j: {power: 1, duration: 1, reward: 1, release: 12:30}",
        "line 7: jobs.j.release: `12:30` is a number in base 60 to some readers: put it in quotes",
    ),
    "octal": ("carbon_budget: 010", "line 6: carbon_budget: `010` is an octal number to some readers: put it in quotes"),
    "merge key": ("defaults:\n  <<: {sites: {}}", "line 7: defaults: << is not read: what many share goes to `defaults`"),
    "tag": ("description: !!python/name:os.system x", "line 6: description: the tag tag:yaml.org,2002:python/name:os.system is not read"),
    "unit of another kind": ("carbon_budget: 5 MWh", "line 6: carbon_budget: MWh is not tCO2e: they measure different things"),
    "tons of some size": ("carbon_budget: 60 tons", "line 6: carbon_budget: unit 'tons' is of several sizes: write t for tonnes, or short_ton"),
    "apparent power": ("jobs:\n  j: {power: 500 kVA, duration: 1, reward: 1}", "line 7: jobs.j.power: unit 'kVA' is apparent power: multiply it by the power factor and write kW"),
    "no amount": ("carbon_budget: much", "line 6: carbon_budget: 'much' is no amount: write it in tCO2e, or with its unit"),
    "thousands by a space": ("carbon_budget: 1 200 t", "line 6: carbon_budget: '1 200 t': digits in groups, or a decimal comma; write 1234.5"),
    "thousands by a point": ("carbon_budget: 1.200,5 t", "line 6: carbon_budget: '1.200,5 t': digits in groups, or a decimal comma; write 1234.5"),
    "thousands by points": ("carbon_budget: 1.200.000 kg", "line 6: carbon_budget: '1.200.000 kg': digits in groups, or a decimal comma; write 1234.5"),
    "thousands by an apostrophe": ("carbon_budget: 1'200 t", "line 6: carbon_budget: \"1'200 t\": digits in groups, or a decimal comma; write 1234.5"),
    "thousands by an underscore": ("carbon_budget: 1_200 t", "line 6: carbon_budget: '1_200 t': digits in groups, or a decimal comma; write 1234.5"),
    "decimal comma": ('carbon_budget: 0,5 t', "line 6: carbon_budget: '0,5 t': digits in groups, or a decimal comma; write 1234.5"),
    "bound": ("carbon_budget: -5", "line 6: carbon_budget: -5 tCO2e: must be at least 0"),
    "true for a number": ("carbon_budget: true", "line 6: carbon_budget: true or false where an amount is expected, in tCO2e"),
    "currency without a rate": ("jobs:\n  j: {power: 1, duration: 1, reward: 5 USD}", "line 7: jobs.j.reward: USD to EUR: no rate says what one USD is worth in EUR"),
    "reward missing": (
        "jobs:\n  j:\n    power: 1\n    duration: 1",
        "line 7: jobs.j: reward is missing: without one a job never pays; or write `required: true`",
    ),
    "no such site": (
        "jobs:\n  j:\n    power: 1\n    duration: 1\n    reward: 1\n    allowed: [a, A]",
        "line 11: jobs.j.allowed: no site A: did you mean a?",
    ),
    "no such home": ("services:\n  s: {demand: 1, power_per_unit: 0.1, home: b}", "line 7: services.s.home: no site b: there are a"),
    "missing": ("services:\n  s:\n    demand: 1", "line 7: services.s: power_per_unit is missing (IT power per unit of workload, MW/unit)"),
    "no instant": ("jobs:\n  j: {power: 1, duration: 1, reward: 1, release: 02/06/2025}", "line 7: jobs.j.release: '02/06/2025': write an instant such as 2025-06-02 08:00"),
    "no such day": ("jobs:\n  j: {power: 1, duration: 1, reward: 1, release: 2025-06-31}", "line 7: jobs.j.release: '2025-06-31': there is no such time"),
    "told twice in autumn": (
        "jobs:\n  j: {power: 1, duration: 1, reward: 1, deadline: 2025-10-26 02:30}",
        "line 7: jobs.j.deadline: '2025-10-26 02:30': a time that Europe/Berlin tells twice: write it with its offset",
    ),
    "skipped in March": (
        "jobs:\n  j: {power: 1, duration: 1, reward: 1, release: 2025-03-30 02:30}",
        "line 7: jobs.j.release: '2025-03-30 02:30': a time that Europe/Berlin skips: write it with its offset",
    ),
    "zone": ("jobs:\n  j: {power: 1, duration: 1, reward: 1, zone: Berlin}", "line 7: jobs.j.zone: 'Berlin': no known time zone, write UTC or one like Europe/Berlin"),
    "half a period": ("jobs:\n  j: {power: 1, duration: 1.5, reward: 1}", "line 7: jobs.j.duration: 1.5: write a whole number of periods, or a time such as 5 h"),
    "longer than its window": ("jobs:\n  j: {power: 1, duration: 5, reward: 1}", "line 7: jobs.j.duration: job j: runs 5 periods, its window from release to deadline holds 4"),
    "larger than any site": ("jobs:\n  j:\n    power: 9\n    duration: 1\n    reward: 1", "line 8: jobs.j.power: job j: power 9 MW, no allowed site has that it_capacity"),
    "list of another length": ("services:\n  s: {power_per_unit: 0.1, demand: [1, 2]}", "line 7: services.s.demand: 2 values for 4 periods"),
    "item of a list": ("services:\n  s: {power_per_unit: 0.1, demand: [1, 2, x, 4]}", "line 7: services.s.demand: item 3: 'x': write a number without a unit"),
    "a file for an amount": ("services:\n  s: {power_per_unit: 0.1, demand: requests.csv}", "line 7: services.s.demand: 'requests.csv' is no amount: of a file, write {file: requests.csv}, or name the column demand.file"),
    "a file where none can be": ("jobs:\n  j: {power: p.csv, duration: 1, reward: 1}", "line 7: jobs.j.power: 'p.csv' is no amount: write it in MW, or with its unit"),
    "text for entries": ("services: many", "line 6: expected services by name, a list of them, or a file"),
    "nameless": ("jobs:\n  - power: 1", "line 7: a job without a `name`"),
    "no coordinates": ("services:\n  s: {demand: 1, power_per_unit: 0.1, home: a}\nlatency: coordinates", "line 5: sites.a: no coordinates, and latencies come from them"),
    "own rate": ("rates:\n  EUR: {value: 1, date: 2025-01-01}", "line 7: rates.EUR: it is the currency of the project"),
    "rate without a date": ("rates:\n  USD: {value: 1}", "line 7: rates.USD: date is missing (when it was so)"),
    "no file": ("jobs: {file: jobs.csv}", "line 6: jobs.csv: missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE)
def test_one_fault_has_its_line(faults, name):
    text, told = ONE[name]
    found = faults(HEAD + text)
    assert [fault[: len("fleet.yaml, ") + len(told)] for fault in found] == [f"fleet.yaml, {told}"]


SITES = {
    "entry of an entry": (
        "    battery: {energy: 2, charge: 1, min: 3 MWh}",
        "line 8: sites.a.battery.min: battery_min[site=a] = 3.0 MWh: above battery_energy",
    ),
    "shares": (
        "    battery:\n      energy: 2\n      charge: 1\n      round_trip_efficiency: 90\n",
        "line 11: sites.a.battery.round_trip_efficiency: 90: must be at most 1",
    ),
    "both efficiencies": (
        "    battery: {energy: 2, charge: 1, round_trip_efficiency: 0.9, charge_efficiency: 0.9}",
        "line 8: sites.a.battery: give `round_trip_efficiency`, or the efficiency each way, not both",
    ),
    "half a plant": (
        "    generation:\n      sun: {capacity: 3}",
        "line 9: sites.a.generation.sun: give `available`; `capacity`, `factor`; or `capacity`, `output`, `rated`",
    ),
    "plants of two costs": (
        "    generation:\n      sun: {available: 3}\n      gas: {available: 1, cost: 90}",
        "line 10: sites.a.generation.gas: cost or carbon is another than of the plant before: "
        "the model has one a site",
    ),
    "hours": (
        "    export_price:\n      time_of_use: [{hours: 7-25, price: 3}]\n      otherwise: 1",
        "line 9: sites.a.export_price.time_of_use[1].hours: '7-25': hours reach from 0 to 24, "
        "and end when others begin",
    ),
    "days": (
        "    export_price: {time_of_use: [{days: Mo-Fr, price: 3}], otherwise: 1}",
        "line 8: sites.a.export_price.time_of_use[1].days: 'Mo-Fr': write names such as Mon-Fri",
    ),
    "a word near none": ("    pue: 1.2", "line 8: sites.a: unknown key pue: did you mean cooling?"),
    "key of a series": (
        "    cooling: {file: x.csv, colunm: pue}",
        "line 8: sites.a.cooling: unknown key colunm: did you mean column?",
    ),
    "coordinates": (
        "    coordinates: [95, 13]",
        "line 8: sites.a.coordinates: 95: input should be less than or equal to 90",
    ),
}


@pytest.mark.parametrize("name", SITES)
def test_a_fault_of_a_site_has_its_line(faults, name):
    text, told = SITES[name]
    head = """\
title: T
horizon: {start: 2025-06-02 00:00, periods: 4, zone: Europe/Berlin}
sites:
  a:
    it_capacity: 5 MW
    price: 60
    carbon_intensity: 0.3
"""
    assert faults(head + text) == (f"fleet.yaml, {told}",)


HORIZONS = {
    "start: 2025-06-02 00:00, days: 1": "'2025-06-02 00:00': say its zone, here with Z or an offset, or as `zone`",
    "start: 2025-06-02 00:00, zone: UTC": "give one of `periods`, `days` and `end`",
    "start: 2025-06-02 00:00, zone: UTC, days: 1, periods: 2": "give one of `periods`, `days` and `end`",
    "start: 2025-06-02 00:00, zone: UTC, days: 1, step: 7 h": "the horizon is 1 days 00:00:00, no whole number of steps of 0 days 07:00:00",
    "start: 2025-06-02 00:00, zone: UTC, end: 2025-06-02": "the horizon is 0 days 00:00:00, no whole number of steps of 0 days 01:00:00",
    "start: 2025-06-02 00:00, zone: UTC, days: 1, step: 0.0833": "0.0833 h: write whole seconds",
    "start: 2025-06-02 00:00, zone: UTC, days: 1, step: 5 kW": "",
    "zone: UTC, days: 1": "start is missing (instant, such as 2025-06-02 00:00, in `zone`)",
}  # fmt: skip


@pytest.mark.parametrize("said", HORIZONS)
def test_a_fault_of_the_horizon(faults, said):
    site = "sites: {a: {it_capacity: 5, price: 60, carbon_intensity: 0.3}}"
    (found,) = faults(f"title: T\nhorizon: {{{said}}}\n{site}\n")
    assert found.startswith("fleet.yaml, line 2: horizon") and HORIZONS[said] in found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "line 1: not YAML: while parsing a flow node expected the node content"),
        ("a:\n\tb: 1", "line 2: not YAML: while scanning"),
        ("- a\n- b", "line 1: expected entries such as `sites:`, each in a line"),
        ("", "line 1: expected entries such as `sites:`, each in a line"),
        ("a: 1\n---\nb: 1", "line 2: not YAML: expected a single document"),
        ("a: &x [*x]", "line 1: too deep or too large: an alias within itself?"),
        ("a: \0", "row 1: a zero byte"),
        ("a: " + "[" * 3000, "line 1: not YAML: "),
    ],
)
def test_what_is_no_project_file(tmp_path, text, told):
    path = tmp_path / "fleet.yaml"
    path.write_text(text)
    with pytest.raises(cs.InstanceError) as caught:
        cs.project.read(path)
    assert told in caught.value.faults[0]


def test_aliases_that_grow_are_refused_at_once(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 9)]
    path = tmp_path / "fleet.yaml"
    path.write_text("\n".join(lines))
    with pytest.raises(cs.InstanceError, match="too deep or too large"):
        cs.project.read(path)


def test_every_fault_is_told_at_once_in_order(faults):
    found = faults(
        """\
        title: T
        currency: EUR
        horizon: {start: 2025-06-02, days: 2}
        defaults:
          sites:
            batery: {energy: 2}
            cooling: 0.9
        sites:
          a:
            it_capacity: -5 kW
            price: 60 GBP/MWh
            carbon_intensity: 0.3
          b:
            it_capacity: 3
            carbon_intensity: 300 kg
        jobs:
          j: {power: x, duration: 5 h, reward: 1, allowed: [c]}
        """
    )
    lines = [fault.removeprefix("fleet.yaml, ").partition(":")[0] for fault in found]
    assert lines == [f"line {k}" for k in (6, 7, 10, 11, 13, 15, 17, 17)]
    assert "defaults.sites: unknown key batery" in found[0]  # once, not of every site
    assert "sites.b: price is missing" in found[4]


def test_defaults_are_checked_though_no_entry_takes_them(faults):
    head = "title: T\nhorizon: {start: 2025-06-02, days: 2, zone: UTC}\n"
    site = "sites: {a: {it_capacity: 5, price: 60, carbon_intensity: 0.3}}\n"
    (found,) = faults(head + site + "defaults:\n  jobs:\n    rewart: 5")
    assert found == "fleet.yaml, line 6: defaults.jobs: unknown key rewart: did you mean reward?"


def test_a_fault_of_a_table_has_its_row(faults):
    text = "title: T\nhorizon: {start: 2025-06-02, days: 2, zone: UTC}\nsites: {file: sites.csv}\n"
    table = """\
    name,it_capacity [kW],price,carbon_intensity,battery.energy,battery.charge
    a,5000,60,0.3,,
    b,-1,60,0.3,,
    a,5000,60,0.3,,
    c,5000,60,,2,
    """
    assert faults(text, sites_csv=table) == (
        "sites.csv, row 3: sites.b.it_capacity: -1 kW: must be at least 0",
        "sites.csv, row 4: site a is given twice, first in sites.csv, row 2: "
        "leave one, or put what sites share in `defaults`",
        "sites.csv, row 5: sites.c: carbon_intensity is missing (emissions of imported energy, "
        "tCO2e/MWh)",
        "sites.csv, row 5: sites.c.battery: charge is missing (most charging power, MW)",
    )


def test_a_strange_column_is_told_once_with_the_nearest(faults):
    text = "title: T\nhorizon: {start: 2025-06-02, days: 2, zone: UTC}\nsites: {file: sites.csv}\n"
    table = "name,it_capacity,prize,carbon_intensity\na,5,60,0.3\nb,5,60,0.3\nc,5,60,0.3\n"
    told = "sites.csv, row 2: sites.a: unknown key prize: did you mean price?"
    assert faults(text, sites_csv=table) == (f"{told}; and so in 2 more rows",)
    without = "name,it_capacity,carbon_intensity\na,5,0.3\nb,5,0.3\n"
    told = "sites.csv, row 2: sites.a: price is missing (price paid for imported energy, USD/MWh)"
    assert faults(text, sites_csv=without) == (f"{told}; and so in 1 more row",)


def test_nothing_there_is_told():
    with pytest.raises(FileNotFoundError, match="carbonsched init"):
        cs.project.read("nowhere/fleet.yaml")
