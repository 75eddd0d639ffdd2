"""Entries that are rare in a project file, each read or told with its line."""

from __future__ import annotations

import pytest
from made_files import HEAD

import carbonsched as cs
from carbonsched.project.amounts import Money, amount
from carbonsched.project.new_fleet import template
from carbonsched.project.windows import minutes_of

TOLD = {
    "a tag on a list": ("description: !x [a]", "line 6: description: the tag !x is not read"),
    "a list for a key": ("jobs:\n  ? [a, b]\n  : 1", "line 7: jobs: a key must be a text"),
    "a rate of its own currency": (
        "rates: {EUR: {value: 1}}", "line 6: rates.EUR: it is the currency of the project",
    ),
    "a rate of no currency": (
        "rates: {dollar: {value: 1}}", "line 6: rates.dollar: expected an ISO code such as EUR",
    ),
    "an item that is no amount": (
        "services:\n  s: {demand: [1, 2, true, 4], power_per_unit: 0.1}",
        "line 7: services.s.demand: item 3 is no amount",
    ),
    "a unit where there is none": (
        "services:\n  s: {demand: 5 kW, power_per_unit: 0.1}",
        "line 7: services.s.demand: '5 kW': write a number without a unit",
    ),
    "a length of nothing": (
        "jobs:\n  j: {power: 1, duration: 0 h, reward: 1}",
        "line 7: jobs.j.duration: '0 h': must be above 0 h",
    ),
    "a job of nothing": (
        "jobs:\n  j:",
        "line 7: jobs.j: duration is missing (a time, such as 5 h, or a number of periods)",
    ),
    "latencies from no coordinates": (
        "latency: coordinates\nservices:\n  s: {demand: 1, power_per_unit: 1, latency_limit: 5}",
        "line 5: sites.a: no coordinates, and latencies come from them",
    ),
    "a plant of no size": (
        "defaults:\n  sites: {generation: {w: {capacity: 1, output: 1, rated: 0}}}",
        "line 7: defaults.sites.generation.w: rated: must be above 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_an_odd_entry_is_told_with_its_line(faults, name):
    text, told = TOLD[name]
    assert f"fleet.yaml, {told}" in faults(HEAD + text)


def test_a_horizon_of_too_many_periods_is_told(faults):
    many = HEAD.replace("periods: 4", "periods: 100000000")
    told = "fleet.yaml, line 3: horizon: 100,000,000 periods, at most 1,000,000"
    assert faults(many) == (told,)


def test_a_rate_that_is_no_amount_leaves_the_others(faults):
    """The one of USD is told; that of GBP is read, so that an amount in it is no fault."""
    rates = "rates: {USD: {value: much, date: '2025'}, GBP: {value: 1.2, date: '2025'}}\n"
    found = faults(HEAD + rates + "jobs:\n  j: {power: 1, duration: 1, reward: 5 GBP}")
    assert any("rates.USD" in fault for fault in found)
    assert not any("GBP" in fault for fault in found), found


def test_an_amount_in_quotes_without_a_unit_is_in_the_model_s(built):
    assert amount(" 5 ", "MW", Money()) == 5.0
    found = built(HEAD + 'carbon_budget: "7"\n')
    assert found.instance.data.carbon_budget.item() == 7.0


def test_a_project_shows_how_many_it_has(written):
    assert repr(cs.project.read(written(HEAD))) == "<Project 'T': 1 sites, 0 jobs, 0 services>"


@pytest.mark.parametrize("sites", [[], ["a", "a"], ["a", " "]])
def test_a_template_needs_sites_of_different_names(sites):
    with pytest.raises(ValueError, match="expected different names of sites, at least one"):
        template(sites)


@pytest.mark.parametrize("hours", ["16", "16-", "7-8-9", "7:60-8", "25-26", "8-8"])
def test_what_is_no_range_of_hours_is_told(hours):
    with pytest.raises(ValueError, match=rf"^'{hours}': "):
        minutes_of(hours)
