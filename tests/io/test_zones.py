"""Time zones by name: what a project, an output and a folder take is one and the same."""

from __future__ import annotations

import json
from datetime import timedelta, timezone

import pytest
from by_hand import plain

import carbonsched as cs
from carbonsched.io.package import parse
from carbonsched.io.zones import name_of, zone_of
from carbonsched.output.zones import zones_of
from carbonsched.project.windows import require_zone

TAKEN = ("UTC", "gmt", "Europe/Berlin", "Etc/GMT+3", "Singapore", "+01:00", "-0330")
REFUSED = ("CET", "EST5EDT", "Berlin", "+25:00", "", "Mars/Base", "../../etc/passwd")


def takes(name):
    """Return whether each of those who read zones takes a name."""
    data = plain(1, 1).assign_attrs(site_zones=json.dumps({"A": name}))
    folder = json.dumps({"timezone": name, "resources": []})
    tries = (lambda: zone_of(name), lambda: require_zone(name), lambda: zones_of(data))
    taken = [not any("time zone" in one for one in parse(folder)[2])]
    for read in tries:
        try:
            read()
            taken.append(True)
        except (ValueError, cs.InstanceError):
            taken.append(False)
    return taken


@pytest.mark.parametrize("name", TAKEN + REFUSED)
def test_everyone_takes_the_same(name):
    assert takes(name) == [name in TAKEN] * 4


def test_a_site_by_an_offset_is_told_by_it(built):
    text = """\
title: T
horizon: {start: 2025-06-02 00:00, periods: 2, zone: "+02:00"}
sites: {a: {it_capacity: 5, price: 60, carbon_intensity: 0.3}}
"""
    (zone,) = zones_of(built(text).instance.data).values()
    assert zone == timezone(timedelta(hours=2)) and name_of(zone) == "+02:00"
