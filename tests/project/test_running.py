"""Jobs that are running already: as `cs.already_running` states them, and faults by line."""

from __future__ import annotations

import pytest

import carbonsched as cs

HEAD = "title: T\nhorizon: {start: 2025-06-02 00:00, periods: 6, zone: UTC}\n"
SITES = """\
sites:
  a: {it_capacity: 5 MW, price: 60, carbon_intensity: 0.3}
  b: {it_capacity: 5 MW, price: 50, carbon_intensity: 0.3}
"""
JOB = """\
jobs:
  j:
    power: 1 MW
    duration: 5 h
    startup_cost: 9
    reward: 100 USD/MWh
"""
NAMES = ("power", "duration", "release", "deadline", "allowed", "required", "startup_cost")


@pytest.mark.parametrize(
    ("said", "site", "left"),
    [
        ("{site: b, done: 2 h}", "b", 3),
        ("{site: b, done: 2}", "b", 3),
        ("{site: a, started: 2025-06-01 20:00}", "a", 1),
        ("{site: a, started: 2025-06-02 01:00+02:00}", "a", 4),
    ],
)
def test_it_is_what_already_running_makes_of_it(built, said, site, left):
    free = built(HEAD + SITES + JOB).instance
    made = built(HEAD + SITES + JOB + f"    running: {said}\n")
    again = cs.already_running(free, {"j": (site, left)})
    for name in (*NAMES, "reward"):
        assert made.instance.data[name].equals(again.data[name]), name
    assert made.instance.data.reward.item() == 500  # of all its energy, done or not
    assert any(f"running on {site}, {left} h of 5 h are left" in note for note in made.notes)
    assert not any("release" in said or "allowed" in said for said in made.defaults)


def test_a_part_of_a_period_keeps_its_energy_and_the_horizon_is_the_end(built):
    text = HEAD + SITES + JOB
    data = built(text + "    running: {site: a, done: 90 min}\n").instance.data
    assert data.duration.item() == 4 and data.power.item() == pytest.approx(3.5 / 4)
    long = text.replace("5 h", "50 h") + "    running: {site: a, done: 90 min}\n"
    made = built(long)
    assert made.instance.data.duration.item() == 6 and made.instance.data.power.item() == 1
    assert any("more than the horizon" in note for note in made.notes)


def test_in_a_table_its_columns_are_dotted(built):
    rows = "name,power [kW],duration,running.site,running.done\nj,900,5 h,b,2 h\nk,900,2 h,,\n"
    made = built(HEAD + SITES + "jobs: {file: jobs.csv, reward: 10}\n", jobs_csv=rows)
    data = made.instance.data
    assert data.duration.values.tolist() == [3, 2] and data.required.values.tolist() == [
        True,
        False,
    ]
    assert data.allowed.sel(job="j").values.tolist() == [False, True]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("    running: {site: c, done: 2 h}\n", "line 12: jobs.j.running.site: no site c"),
        ("    running: {site: a}\n", "line 12: jobs.j.running: give one of `done` and `started`"),
        ("    running: {site: a, done: 5 h}\n", "line 12: jobs.j.running: it has run for 5 h of 5"),
        ("    running: {site: a, started: 2025-06-02 00:00}\n", "no time before the horizon"),
        ("    running: {site: a, done: 1 h}\n    release: 2025-06-02\n", "give no `release`"),
        ("    running: {site: a, done: 1 h}\n    allowed: [b]\n", "none of the sites that are"),
        ("    running: {site: a, done: 1 h}\n    deadline: 2025-06-02 03:00\n",
         "line 13: jobs.j.deadline: 2025-06-02 03:00: it is running"),
        ("    running: {site: a, dune: 1 h}\n", "unknown key dune: did you mean done?"),
    ],
)  # fmt: skip
def test_faults_have_their_line(faults, said, told):
    found = faults(HEAD + SITES + JOB + said)
    assert any(told in one and one.startswith("fleet.yaml, line ") for one in found), found


def test_an_editor_knows_it_and_a_new_fleet_tells_of_it():
    import jsonschema  # takes seconds, which collecting tests need not

    editor = jsonschema.Draft202012Validator(cs.project.json_schema())
    whole = {"title": "T", "horizon": {"start": "2025-06-02", "days": 2}, "sites": {"a": {}}}
    job = {"power": 1, "duration": "5 h", "running": {"site": "a", "done": "2 h"}}
    assert editor.is_valid(whole | {"jobs": {"j": job}})
    assert not editor.is_valid(whole | {"jobs": {"j": job | {"running": {"sitte": "a"}}}})
    assert "running: {site: xy, done: 12 h}" in cs.project.template(["xy"])["fleet.yaml"]
