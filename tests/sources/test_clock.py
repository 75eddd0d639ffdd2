"""Local clocks as instants, against hours counted one by one with zoneinfo."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbonsched.io.zones import name_of, zone_of
from carbonsched.sources.clock import instants, local, stamps, standard_time

# By zone, the days on which the clocks change in 2023: forward, back.
CHANGES = {
    "Europe/Berlin": ("2023-03-26", "2023-10-29"),
    "Europe/London": ("2023-03-26", "2023-10-29"),
    "America/New_York": ("2023-03-12", "2023-11-05"),
    "Australia/Sydney": ("2023-10-01", "2023-04-02"),
}


def hours_of(zone, day, around=3, step=timedelta(hours=1)):
    """Every step of the days around one, as instants in UTC, counted one by one."""
    middle = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone))
    at = (middle - timedelta(days=around)).astimezone(UTC)
    end = (middle + timedelta(days=around + 1)).astimezone(UTC)
    while at < end:
        yield at
        at += step


def shown(zone, hours, form="%Y-%m-%d %H:%M"):
    clock = ZoneInfo(zone)
    return pd.Series([hour.astimezone(clock).strftime(form) for hour in hours], name="time")


def naive(hours):
    return [pd.Timestamp(hour).tz_localize(None) for hour in hours]


@pytest.mark.parametrize("minutes", [60, 15])
@pytest.mark.parametrize("season", [0, 1])
@pytest.mark.parametrize("zone", CHANGES)
def test_a_week_of_a_change_gives_every_hour(zone, season, minutes):
    hours = list(hours_of(zone, CHANGES[zone][season], step=timedelta(minutes=minutes)))
    day = 24 + (1 if season else -1)
    assert len(hours) * minutes == (6 * 24 + day) * 60  # seven days, one of 23 or 25 hours
    cells = shown(zone, hours)
    for order in (slice(None), slice(None, None, -1)):  # newest first, too
        faults = []
        found = instants(cells.iloc[order], faults, zone=zone_of(zone))
        assert found.utc.tolist() == naive(hours)[order]
        assert not faults
        assert len(found.notes) == season  # the hour told twice, in autumn


@pytest.mark.parametrize("zone", CHANGES)
def test_a_flag_or_an_abbreviation_tells_the_hours_apart(zone):
    hours = list(hours_of(zone, CHANGES[zone][1]))
    cells = shown(zone, hours)
    shuffled = np.random.default_rng(0).permutation(len(hours))
    again = pd.Series([hour.astimezone(ZoneInfo(zone)).fold == 1 for hour in hours])
    found = instants(cells[shuffled], [], zone=zone_of(zone), again=again[shuffled])
    assert found.utc.tolist() == [naive(hours)[k] for k in shuffled]
    named = shown(zone, hours, "%Y-%m-%d %H:%M (%Z)")
    found = instants(named[shuffled], faults := [], zone=zone_of(zone))
    assert found.utc.tolist() == [naive(hours)[k] for k in shuffled]
    assert not faults


@pytest.mark.parametrize("zone", CHANGES)
def test_a_row_of_the_hour_that_is_skipped_is_dropped_and_told(zone):
    hours = list(hours_of(zone, CHANGES[zone][0]))
    cells = shown(zone, hours)
    whole = sorted(
        {*cells, *pd.date_range(cells.min(), cells.max(), freq="1h").strftime("%F %H:%M")}
    )
    skipped = [k for k, cell in enumerate(whole) if cell not in set(cells)]
    found = instants(pd.Series(whole, index=range(2, len(whole) + 2)), [], zone=zone_of(zone))
    assert found.utc[found.utc.notna()].tolist() == naive(hours)
    assert len(skipped) == 1
    assert found.utc.index[found.utc.isna()].tolist() == [skipped[0] + 2]
    (note,) = found.notes
    assert f"skip on {CHANGES[zone][0]}: row {skipped[0] + 2}." in note


def test_an_hour_that_is_told_once_is_the_first_unless_the_file_begins_in_it():
    berlin = zone_of("Europe/Berlin")
    whole = pd.Series(["2023-10-29 01:00", "2023-10-29 02:00", "2023-10-29 03:00"])
    found = instants(whole, [], zone=berlin)
    assert found.utc.dt.hour.tolist() == [23, 0, 2]
    assert "once" in found.notes[0]
    found = instants(whole[1:], [], zone=berlin)
    assert found.utc.dt.hour.tolist() == [1, 2]


def test_a_log_repeats_a_stamp_without_leaving_the_first_hour():
    cells = pd.Series(["2023-10-29 02:10"] * 2 + ["2023-10-29 02:40", "2023-10-29 02:05"])
    found = instants(cells, [], zone=zone_of("Europe/Berlin"), sudden=False)
    assert found.utc.dt.strftime("%H:%M").tolist() == ["00:10", "00:10", "00:40", "01:05"]


def test_a_wrong_abbreviation_is_a_fault():
    cells = pd.Series(["2023-07-01 00:00 (CET)"], index=[7])
    instants(cells, faults := [], zone=zone_of("Europe/Berlin"))
    assert faults == [
        "row 7: it says CET where the clocks of Europe/Berlin have CEST: is the zone another?"
    ]


def test_stamps_carry_their_offset_or_need_a_zone():
    cells = pd.Series(["2023-01-01T01:00+01:00", "2023-01-01T01:00:00.5Z", "2023-01-01 01:00 UTC"])
    assert instants(cells, []).utc.dt.strftime("%H:%M").tolist() == ["00:00", "01:00", "01:00"]
    instants(pd.Series(["2023-01-01 01:00"], name="when"), faults := [])
    assert "column 'when': the stamps have no time zone" in faults[0]
    mixed = pd.Series(["2023-01-01T01:00Z", "2023-01-01T02:00"], index=[2, 3], name="when")
    instants(mixed, faults := [], zone=UTC)
    assert faults == ["row 3, column 'when': '2023-01-01T02:00' has no offset, as other rows have"]


def test_the_day_is_not_guessed_and_24_00_is_midnight():
    wall, _, _ = stamps(pd.Series(["31.01.2023 24:00", "02.01.2023 5:00"]), [], ["%d.%m.%Y %H:%M"])
    assert wall.tolist() == [pd.Timestamp("2023-02-01"), pd.Timestamp("2023-01-02 05:00")]
    stamps(pd.Series(["13/01/2023 00:00"], name="t"), faults := [], ["%m/%d/%Y %H:%M"])
    assert "row 0, column 't': '13/01/2023 00:00' is no time of the form %m/%d/%Y" in faults[0]
    for text in ("2023", "7", "", "20230101", "2023-13-01", "2023-01-01 25:00", "7023-01-01"):
        stamps(pd.Series([text]), faults := [])
        assert faults, text


def test_rows_that_tell_no_time_are_faults_and_no_crash():
    cells = pd.Series(["2023-10-29 02:00", "x", "y"])
    found = instants(cells, faults := [], zone=zone_of("Europe/Berlin"))
    assert found.utc.isna().tolist() == [False, True, True]
    assert len(faults) == 2
    instants(pd.Series(["2023-01-01T00:00+20:00"]), faults := [], zone=UTC)
    assert len(faults) == 1


@pytest.mark.parametrize("name", ["CET", "Berlin", "Europe/Nowhere", "", "+25:00", "../etc"])
def test_what_is_no_zone_is_refused(name):
    with pytest.raises(ValueError, match="time zone"):
        zone_of(name)


def test_names_of_zones_are_read_back():
    for name in ("UTC", "+10:00", "-03:30", "Asia/Kolkata"):
        assert name_of(zone_of(name)) == name
    assert name_of(zone_of("gmt")) == name_of(zone_of("UTC+00:00")) == "UTC"


def test_standard_time_is_that_of_winter():
    for name in CHANGES:
        offset = standard_time(zone_of(name), 2023).utcoffset(None)
        both = {datetime(2023, m, 1, tzinfo=ZoneInfo(name)).utcoffset() for m in (1, 7)}
        assert len(both) == 2
        assert offset == min(both)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)),
    st.sampled_from([*CHANGES, "Asia/Kolkata", "America/Sao_Paulo", "Australia/Lord_Howe"]),
)
def test_what_a_clock_shows_is_read_back(moment, zone):
    instant = pd.Timestamp(moment.replace(second=0, microsecond=0))
    (text,) = local([instant], zone_of(zone))
    wall = pd.Series([text.rsplit(" ", 1)[0]])
    here = instant.tz_localize("UTC").tz_convert(zone)
    found = instants(wall, [], zone=zone_of(zone), again=pd.Series([here.fold == 1]))
    assert found.utc[0] == instant
