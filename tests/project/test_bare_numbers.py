"""Numbers without a unit: told as which they were taken, and doubted where all of a fleet is kW."""

from __future__ import annotations

import warnings

import pytest

import carbonsched as cs

HEAD = "title: T\ncurrency: EUR\nhorizon: {start: 2025-06-02 00:00, periods: 4, zone: UTC}\n"
SITE = """\
sites:
  a:
    it_capacity: %s
    price: 60
    carbon_intensity: 0.3
    battery: {energy: %s, charge: %s}
jobs:
  j: {power: %s, duration: 2, reward: 5}
"""


def told(built, *amounts):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = built(HEAD + SITE % amounts)
    assert made.doubts == tuple(
        str(one.message) for one in caught if "has no unit" in str(one.message)
    )
    return made.doubts


def test_a_fleet_in_kw_without_saying_so_is_doubted(built):
    (size, store, rate, job) = told(built, 5000, 4000, 2000, 900)
    assert size == (
        "fleet.yaml, line 6: sites.a.it_capacity: 5000 has no unit and was taken as MW: "
        "write `5000 kW` if that is meant, or else `5000 MW`"
    )
    assert "battery.energy: 4000 has no unit and was taken as MWh: write `4000 kWh`" in store
    assert "battery.charge" in rate and "line 11: jobs.j.power: 900" in job


@pytest.mark.parametrize(
    "amounts",
    [
        ("5000 kW", "4000 kWh", "2000 kW", "900 kW"),
        ("5000 MW", "4000 MWh", "2000 MW", "900 MW"),
        (499, 1999, 499, 99),
        (0.5, 2, 1, 0.4),
    ],
)
def test_what_has_a_unit_or_is_a_usual_size_is_not(built, amounts):
    assert not told(built, *amounts)


def test_the_threshold_itself_is_large(built):
    assert len(told(built, 500, 2000, 500, 100)) == 4


def test_a_column_says_its_unit_once_and_a_default_counts_once(built):
    rows = "name,power,duration,reward [ct]\nj,0.4,2,100\nk,0.3,1,200\n"
    sites = (
        "sites:\n  a: {price: 60, carbon_intensity: 0.3}\n  b: {price: 60, carbon_intensity: 0}\n"
    )
    text = HEAD + "defaults: {sites: {it_capacity: 600}}\n" + sites + "jobs: {file: jobs.csv}\n"
    with pytest.warns(cs.SuspiciousValueWarning, match="line 4: .*600 has no unit"):
        made = built(text, jobs_csv=rows.replace("[ct]", "[EUR]"))
    assert len(made.doubts) == 1 and "more of" not in made.doubts[0]
    assert [note for note in made.notes if "has no unit" in note] == [
        "jobs.csv: column power has no unit: taken as MW; name it `power [kW]` if it is in kW",
        "jobs.csv: column duration has no unit: taken as periods; name it `duration [h]` if it is "
        "in h",
    ]
    assert "has no unit" in made.instance.data.attrs["notes"]


def test_several_of_a_kind_are_one_doubt(built):
    rows = "name,it_capacity,price,carbon_intensity\na,5000,60,0.3\nb,4000,60,0.3\n"
    with pytest.warns(cs.SuspiciousValueWarning, match="taken as MW, and 1 more of 500 MW and ab"):
        made = built(HEAD + "sites: {file: sites.csv}\n", sites_csv=rows)
    assert made.doubts[0].startswith("sites.csv, row 2: sites.a.it_capacity: 5000")
    assert any(note[11:] == "column price has no unit: taken as EUR/MWh" for note in made.notes)
