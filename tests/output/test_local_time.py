"""Whose clocks instants are told by, and the currency that money is told in."""

from __future__ import annotations

import json
from unicodedata import normalize
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import carbonsched as cs
from carbonsched.io.zones import zone_of
from carbonsched.output.zones import in_local_time, told, zones_of
from carbonsched.plots.flow_map import places_of


@pytest.mark.parametrize(
    ("instant", "zone", "said"),
    [
        ("2025-10-26 00:30", "Europe/Berlin", "2025-10-26 02:30 +02:00"),
        ("2025-10-26 01:30", "Europe/Berlin", "2025-10-26 02:30 +01:00"),
        ("2025-03-30 01:00", "Europe/Berlin", "2025-03-30 03:00 +02:00"),
        ("2025-01-01 00:00", "Asia/Kolkata", "2025-01-01 05:30 +05:30"),
        ("2025-01-01 00:00", "America/New_York", "2024-12-31 19:00 -05:00"),
        ("2025-01-01 00:00:07", "UTC", "2025-01-01 00:00:07"),
    ],
)
def test_an_instant_by_a_clock(instant, zone, said):
    assert told(pd.Timestamp(instant), zone_of(zone)) == said


@given(st.datetimes(min_value=pd.Timestamp("1975-01-01"), max_value=pd.Timestamp("2037-01-01")),
       st.sampled_from(["Europe/London", "Australia/Sydney", "America/St_Johns"]))  # fmt: skip
def test_what_is_told_is_that_instant(at, zone):
    """Proves: the offset says which of two equal clock times is meant."""
    at = pd.Timestamp(at).floor("min")
    assert pd.Timestamp(told(at, ZoneInfo(zone))).tz_convert("UTC").tz_localize(None) == at


def test_a_plan_is_told_by_the_clock_of_each_site(fleet):
    instance, schedule = fleet
    frame = cs.plan(instance, schedule)
    local = in_local_time(frame, zones_of(instance.data))
    for job, row in frame.loc[frame.accepted].iterrows():
        offset = {"site-1": "+02:00", "site-3": "-04:00"}.get(row.site, "UTC")
        assert local.start[job].endswith(offset)
        assert pd.Timestamp(local.start[job]).tz_convert("UTC").tz_localize(None) == row.start
    assert (local.end[~frame.accepted] == "-").all()


def test_the_head_says_whose_clock(fleet):
    frame = cs.plan(*fleet).loc[lambda f: f.accepted].assign(site=["a", "b", "b"])
    berlin, new_york = zone_of("Europe/Berlin"), zone_of("America/New_York")
    for zones, said in (
        ({}, "UTC"),
        ({"c": berlin}, "UTC"),
        ({"a": berlin}, "local time"),
        ({"a": berlin, "b": new_york}, "local time"),
        ({"a": berlin, "b": berlin}, "Europe/Berlin"),
        (dict.fromkeys("ab", zone_of("UTC")), "UTC"),
    ):
        local = in_local_time(frame, zones)
        assert local.attrs["units"]["start"] == local.attrs["units"]["end"] == said
        ends = {text[-6:] for text in local.start}
        if said == "UTC":
            assert local.start.str.fullmatch(r"2025-03-30 \d\d:\d\d").all()
        else:
            assert ends & {"+01:00", "+02:00"}  # the clock moves on in this night
            assert local.start.str.endswith("UTC").tolist() == [s not in zones for s in frame.site]


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("Berlin", "expected a JSON object"),
        ("[1]", "expected a JSON object"),
        ('{"nowhere": "UTC"}', "'nowhere' is no site"),
        ('{"site-1": "Mars/Base"}', "'Mars/Base': no known time zone"),
        ('{"site-1": "../../etc/passwd"}', "no known time zone"),
    ],
)
def test_what_is_no_zone_is_a_fault(fleet, stated, said):
    with pytest.raises(cs.InstanceError, match=said):
        zones_of(fleet[0].data.assign_attrs(site_zones=stated))


@pytest.mark.parametrize("code", ["eur", "EURO", "", 978, "\x1b[2J"])
def test_a_currency_is_a_code(fleet, code):
    with pytest.raises(cs.InstanceError, match="expected an ISO 4217 code"):
        cs.Instance(fleet[0].data.assign_attrs(currency=code))


def test_the_currency_goes_along(fleet, tmp_path):
    instance, schedule = fleet
    assert cs.load(instance.save(tmp_path / "fleet")).data.attrs["currency"] == "EUR"
    assert cs.load(instance.save(tmp_path / "f.nc")).data.attrs["currency"] == "EUR"
    assert cs.Schedule.load(schedule.save(tmp_path / "day.nc")).currency == "EUR"
    assert " EUR" in repr(schedule) and "USD" not in repr(schedule)
    frame = cs.plan(instance, schedule)
    assert frame.attrs["units"]["reward"] == "EUR"
    assert not frame.reason.str.contains("USD").any() and frame.reason.str.contains("EUR").any()


def test_zones_and_places_are_found_however_their_letters_are_made():
    said = {normalize("NFD", "z\u00fcrich"): "Europe/Zurich"}
    data = cs.generate(sites=1, periods=4, jobs=1, services=1).data
    data = data.assign_coords(site=["z\u00fcrich"]).assign_attrs(
        site_zones=json.dumps(said), site_places=json.dumps({key: [47.4, 8.5] for key in said})
    )
    assert list(zones_of(data)) == ["z\u00fcrich"]
    assert places_of(data) == {"z\u00fcrich": (47.4, 8.5)}
