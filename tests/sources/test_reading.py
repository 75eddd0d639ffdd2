"""Files in the formats of each source, made here with their traps, against values by hand."""

import io
import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_clock import CHANGES, hours_of

from carbonsched.errors import InstanceError
from carbonsched.sources import Profile, read
from carbonsched.sources.layout import Layout
from carbonsched.sources.profile import Time, Values


def utc(series):
    return series.data["time"].values.astype("datetime64[m]").astype(str).tolist()


def values(series):
    return series.data.values.tolist()


def counted(zone, day, around=1, step=timedelta(hours=1)):
    """Instants around a change of the clocks, their local times, and a value that names each."""
    hours = list(hours_of(zone, day, around, step))
    return hours, [hour.astimezone(ZoneInfo(zone)) for hour in hours], range(len(hours))


def holds(series, hours, step="1h"):
    """Whether a series has the value k in the k-th of these hours."""
    assert series.data["time"].values[0] == np.datetime64(hours[0].replace(tzinfo=None))
    assert values(series) == list(range(len(hours)))
    assert series.step == pd.Timedelta(step)
    return True


@pytest.mark.parametrize("season", [0, 1])
@pytest.mark.parametrize("marked", [False, True])
def test_entsoe(file, season, marked):
    """The former export, and the new one with the zone in the rows of the change."""
    hours, local, numbers = counted("Europe/Brussels", CHANGES["Europe/Berlin"][season])
    rows = []
    for here, hour, k in zip(local, hours, numbers, strict=True):
        end = (hour + timedelta(hours=1)).astimezone(here.tzinfo)
        if marked:
            name = [f" ({one.tzname()})" if here.hour in (1, 2, 3) else "" for one in (here, end)]
            times = f"{here:%d/%m/%Y %H:%M:%S}{name[0]} - {end:%d/%m/%Y %H:%M:%S}{name[1]}"
            rows.append(f'"{times}","BZN|X","Without Sequence","{k}","","n/e"')
        else:
            rows.append(f'"{here:%d.%m.%Y %H:%M} - {end:%d.%m.%Y %H:%M}","{k}.00","EUR","BZN|X"')
    head = (
        '"MTU (CET/CEST)","Area","Sequence","Day-ahead Price (EUR/MWh)",'
        '"Intraday Period (CET/CEST)","Intraday Price (EUR/MWh)"'
        if marked
        else '"MTU (CET/CEST)","Day-ahead Price [EUR/MWh]","Currency","BZN|X"'
    )
    series = read(file("\ufeff" + "\n".join([head, *rows])), "entsoe")
    assert holds(series, hours)
    assert (series.unit, series.zone) == ("EUR/MWh", "Europe/Brussels")


def test_entsoe_in_utc_and_its_gaps(file):
    path = file(
        '"MTU (UTC)","Area","Sequence","Day-ahead Price (EUR/MWh)"\n'
        '"01/10/2025 00:00:00 - 01/10/2025 00:15:00","BZN|X","Sequence Sequence 1","1.5"\n'
        '"01/10/2025 00:00:00 - 01/10/2025 00:15:00","BZN|X","Sequence Sequence 2","9.9"\n'
        '"01/10/2025 00:15:00 - 01/10/2025 00:30:00","BZN|X","Sequence Sequence 1","n/e"\n'
        '"01/10/2025 00:30:00 - 01/10/2025 00:45:00","BZN|X","Sequence Sequence 1","N/A"\n'
        '"01/10/2025 00:45:00 - 01/10/2025 01:00:00","BZN|X","Sequence Sequence 1","-3"\n'
    )
    series = read(path, "entsoe")
    np.testing.assert_array_equal(values(series), [1.5, np.nan, np.nan, -3])
    assert utc(series)[0] == "2025-10-01T00:00"
    assert any("Only rows whose Sequence" in note for note in series.notes)
    assert series.gaps == ["2025-10-01 00:15 UTC to 2025-10-01 00:45 UTC (2)"]


@pytest.mark.parametrize("season", [0, 1])
def test_smard_and_its_wrong_end_in_march(file, season):
    """The end that SMARD tells of the hour before the change in March is of another day."""
    hours, local, numbers = counted("Europe/Berlin", CHANGES["Europe/Berlin"][season])
    lines = ["Datum von;Datum bis;Dänemark 1 [€/MWh] Originalauflösungen;Oman [€/MWh] Keine"]
    for here, k in zip(local, numbers, strict=True):
        end = f"{here - timedelta(days=1):%d.%m.%Y} 02:00"
        lines.append(f"{here:%d.%m.%Y %H:%M};{end};{k},00;-1.234,5")
    path = file("\ufeff" + "\n".join(lines))
    assert holds(read(path, "smard", column="Dänemark 1"), hours)
    assert set(values(read(path, "smard", column="oman"))) == {-1234.5}
    with pytest.raises(InstanceError, match=r"there are 2 columns of values: .*Dänemark 1, Oman"):
        read(path, "smard")
    with pytest.raises(InstanceError, match="no column 'Deutschland'; there are Dänemark 1, Oman"):
        read(path, "smard", column="Deutschland")


def test_smard_in_english(file):
    path = file(
        "Start date;End date;Oman [€/MWh] Original resolutions\n"
        "Oct 29, 2023 2:00 AM;x;1,234.5\nOct 29, 2023 2:00 AM;x;-\nOct 29, 2023 12:00 PM;x;-7\n"
    )
    series = read(path, "smard-english")
    assert (utc(series)[0], utc(series)[-1]) == ("2023-10-29T00:00", "2023-10-29T11:00")
    assert (values(series)[0], values(series)[-1], len(values(series))) == (1234.5, -7, 12)


def test_a_row_for_the_hour_that_march_skips(file):
    """As in a public French file: read as UTC its every later hour would be wrong."""
    lines = ["Date;Prix", *(f"26/03/2023 {h:02}:00;{h},5" for h in range(24))]
    form = own(time=Time(column=("Date",), format=("%d/%m/%Y %H:%M",)), decimal=",")
    series = read(file("\n".join(lines)), form, zone="Europe/Paris")
    assert values(series) == [h + 0.5 for h in range(24) if h != 2]
    assert utc(series)[:3] == ["2023-03-25T23:00", "2023-03-26T00:00", "2023-03-26T01:00"]
    assert series.notes == (
        "1 row was dropped of the hour that the clocks of Europe/Paris skip on 2023-03-26: row 4.",
    )


def test_caiso(file):
    head = "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,NODE,LMP_TYPE,MW,GROUP\n"
    rows = [
        f"2023-01-0{1 + h // 24}T{h % 24:02}:00:00-00:00,x,2023-01-01,1,{node},{kind},{value},1"
        for kind, more in (("MCC", 900), ("LMP", 0))
        for node, value_of in (("A_1", 10), ("B_1", 20))
        for h in (9, 8, 10)
        for value in [value_of + h + more]
    ]
    path = file(head + "\n".join(rows))
    series = read(path, "caiso", select={"NODE": "B_1"})
    assert values(series) == [28, 29, 30]
    assert utc(series)[0] == "2023-01-01T08:00"
    assert series.zone == "America/Los_Angeles"
    assert values(read(path, "caiso", column="a_1")) == [18, 19, 20]
    with pytest.raises(InstanceError, match=r"2 series apart: A_1, B_1; .* column: A_1, or select"):
        read(path, "caiso")


@pytest.mark.parametrize("season", [0, 1])
@pytest.mark.parametrize("quarters", [False, True])
def test_ercot(file, season, quarters):
    step = timedelta(minutes=15 if quarters else 60)
    hours, local, numbers = counted("America/Chicago", CHANGES["America/New_York"][season], 1, step)
    lines = []
    for here, k in zip(local, numbers, strict=True):
        again = "Y" if here.fold else "N"
        day = f"{here:%m/%d/%Y}"
        if quarters:
            lines.append(f"{day},{here.hour + 1},{here.minute // 15 + 1},{again},HB_X,HU,{k}.0")
        else:
            lines.append(f"{day},{here.hour + 1:02}:00,HB_X,{k}.0,{again}")
    head = (
        "Delivery Date,Delivery Hour,Delivery Interval,Repeated Hour Flag,Settlement Point Name,"
        "Settlement Point Type,Settlement Point Price"
        if quarters
        else "DeliveryDate,HourEnding,SettlementPoint,SettlementPointPrice,DSTFlag"
    )
    series = read(file("\n".join([head, *lines[::-1]])), "ercot")
    assert holds(series, hours, "15min" if quarters else "1h")


@pytest.mark.parametrize("season", [0, 1])
def test_nyiso(file, season):
    hours, local, numbers = counted("America/New_York", CHANGES["America/New_York"][season])
    lines = ['"Time Stamp","Name","PTID","LBMP ($/MWHr)","Marginal Cost Losses ($/MWHr)"']
    for here, k in zip(local, numbers, strict=True):
        lines += [
            f'"{here:%m/%d/%Y %H:%M}","{n}",1,{k + m},0' for n, m in (("N.Y.C.", 0), ("W", 5))
        ]
    path = file("\n".join(lines))
    assert holds(read(path, "nyiso", column="N.Y.C."), hours)
    series = read(path, "nyiso", column="LBMP ($/MWHr)", select={"name": "W"})
    assert values(series) == [k + 5 for k in numbers]


@pytest.mark.parametrize("season", [0, 1])
@pytest.mark.parametrize("wall", [False, True])
def test_ends_of_intervals_whichever_way_the_clock_tells_them(file, season, wall):
    """02:00 in March, when there is none: the end as the clock tells it, or the start plus one."""
    step = timedelta(minutes=5)
    hours, local, numbers = counted(
        "America/New_York", CHANGES["America/New_York"][season], 1, step
    )
    lines = ['"Time Stamp","Name","PTID","LBMP ($/MWHr)"']
    for hour, here, k in zip(hours, local, numbers, strict=True):
        end = here.replace(tzinfo=None) + step if wall else (hour + step).astimezone(here.tzinfo)
        lines.append(f'"{end:%m/%d/%Y %H:%M:%S}","X",1,{k}')
    assert holds(read(file("\n".join(lines)), "nyiso-5min"), hours, "5min")


@pytest.mark.parametrize("season", [0, 1])
def test_aemo_keeps_one_clock_all_year(file, season):
    hours, _, numbers = counted("Australia/Sydney", CHANGES["Australia/Sydney"][season], 1)
    market = [hour.astimezone(ZoneInfo("Etc/GMT-10")) + timedelta(hours=1) for hour in hours]
    lines = ["REGION,SETTLEMENTDATE,TOTALDEMAND,RRP,PERIODTYPE"]
    lines += [
        f"X1,{end:%Y/%m/%d %H:%M:%S},7000,{k},TRADE" for end, k in zip(market, numbers, strict=True)
    ]
    series = read(file("\n".join(lines)), "aemo")
    assert holds(series, hours)
    assert series.unit == "AUD/MWh"
    assert "ends of intervals of 1 h" in " ".join(series.notes)
    assert read(file("\n".join(lines)), "aemo", column="TOTALDEMAND").unit == "MW"


@pytest.mark.parametrize("season", [0, 1])
def test_elexon_counts_46_or_50_periods(file, season):
    hours, local, numbers = counted(
        "Europe/London", CHANGES["Europe/London"][season], 1, timedelta(minutes=30)
    )
    seen, lines, records = {}, ["Settlement Date,Settlement Period,System Sell Price(£/MWh)"], []
    for here, k in zip(local, numbers, strict=True):
        seen[here.date()] = period = seen.get(here.date(), 0) + 1
        lines.append(f"{here:%d/%m/%Y},{period},{k}")
        records.append({"settlementDate": f"{here:%Y-%m-%d}", "settlementPeriod": period,
                        "price": k, "volume": 1.0, "dataProvider": "X"})  # fmt: skip
    assert sorted(seen.values()) == ([46, 48, 48] if season == 0 else [48, 48, 50])
    assert holds(read(file("\n".join(lines)), "elexon"), hours, "30min")
    records[3]["volume"] = 0
    series = read(file(json.dumps({"data": records}), "a.json"), "elexon")
    assert np.flatnonzero(np.isnan(series.data.values)).tolist() == [3]
    assert "1 values whose volume is 0 are placeholders: missing." in series.notes
    lines.append(f"{here:%d/%m/%Y},49,0")
    with pytest.raises(InstanceError, match="there is no period 49 on a day of 48"):
        read(file("\n".join(lines)), "elexon")


def test_eia(file):
    path = file(
        "CAISO 15-Minute Prices ($/megawatt) for Zones\nmade, by us\nSource: none\n"
        "UTC Timestamp (Interval Ending),Local Timestamp Pacific Time (Interval Beginning),"
        "Local Date,Hour Number,NP-15 LMP,SP-15 LMP\n"
        "2023-01-01 08:15:00,2023-01-01 00:00:00,2023-01-01,1,1.5,2\n"
        "2023-01-01 08:30:00,2023-01-01 00:15:00,2023-01-01,1,2.5,\n"
    )
    series = read(path, "eia", column="NP-15")
    assert utc(series) == ["2023-01-01T08:00", "2023-01-01T08:15"]
    assert values(series) == [1.5, 2.5]


@pytest.mark.parametrize("names", ["zone name,Zone Id", "Zone Name,Zone id"])
def test_electricity_maps(file, names):
    path = file(
        f"Datetime (UTC),Country,{names},Carbon intensity gCO₂eq/kWh (direct),"
        "Carbon Intensity gCO₂eq/kWh (Life cycle),Renewable Percentage\n"
        "2023-01-01 00:00:00,X,X,X-1,100.5,200,50\n2023-01-01 01:00:00,X,X,X-1,110,210,50\n"
    )
    series = read(path, "electricitymaps", column="direct")
    assert values(series.to("t/MWh")) == pytest.approx([0.1005, 0.11])
    assert values(read(path, "electricitymaps", column="life cycle")) == [200, 210]
    with pytest.raises(InstanceError, match="say which `column`: direct, Life cycle"):
        read(path, "electricitymaps")


def test_watttime(file):
    path = file("timestamp,MOER\n2023-01-01T00:00:00+00:00,1000\n2023-01-01T00:05:00+00:00,500\n")
    series = read(path, "watttime")
    assert values(series.to("kg/MWh")) == pytest.approx([453.59237, 226.796185])
    assert series.step == pd.Timedelta("5min")
    document = {"data": [{"point_time": f"2023-01-01T00:{m}:00+00:00", "value": 1000}
                         for m in ("00", "05")], "meta": {"region": "X"}}  # fmt: skip
    assert values(read(file(json.dumps(document), "w.json"), "watttime")) == [1000, 1000]


def test_uk_carbon_intensity(file):
    path = file(
        "Datetime (UTC),Actual Carbon Intensity (gCO2/kWh),Forecast Carbon Intensity (gCO2/kWh),"
        "Index\n2023-06-01T00:00:00,100,110,low\n2023-06-01T00:30:00,102,111,low\n"
    )
    assert values(read(path, "uk-carbon-intensity", column="forecast")) == [110, 111]
    document = {"data": [{"from": f"2023-06-01T00:{m}Z", "to": "x",
                          "intensity": {"forecast": 5, "actual": a, "index": "low"}}
                         for m, a in (("00", 1), ("30", None))]}  # fmt: skip
    series = read(file(json.dumps(document), "u.json"), "uk-carbon-intensity",
                  column="intensity.actual")  # fmt: skip
    np.testing.assert_array_equal(values(series), [1, np.nan])


def pvwatts(leap):
    """A year of hours whose value is month * 10,000 + day * 100 + hour."""
    year = 2024 if leap else 2023
    stamps = pd.date_range(f"{year}-01-01", f"{year}-12-31 23:00", freq="1h")
    columns = "Month,Day,Hour,Cell Temperature (C),DC Array Output (W),AC System Output (W)"
    head = ["PVWatts: made by us", "Latitude (deg),45.0", "", columns]
    rows = [
        f"{t.month},{t.day},{t.hour},10,0,{t.month * 10_000 + t.day * 100 + t.hour}" for t in stamps
    ]
    return "\n".join([*head, *rows, "Totals,,,,0,123456789"])


@pytest.mark.parametrize("leap", [False, True])
@pytest.mark.parametrize("year", [2023, 2024])
def test_pvwatts_and_its_29_february(file, leap, year):
    series = read(file(pvwatts(leap)), "pvwatts", zone="America/New_York", year=year)
    stamps = pd.DatetimeIndex(series.data["time"].values) - pd.Timedelta("5h")  # no summer time
    assert len(stamps) == (8784 if year == 2024 else 8760)
    assert stamps[0] == pd.Timestamp(year, 1, 1)
    days = np.where((stamps.month == 2) & (stamps.day == 29) & (not leap), 28, stamps.day)
    assert values(series) == (stamps.month * 10_000 + days * 100 + stamps.hour).tolist()
    told = " ".join(series.notes)
    assert ("29 February 2024: 28 February once more" in told) == (year == 2024 and not leap)
    assert ("29 February was dropped: 2023 has none" in told) == (year == 2023 and leap)


def test_pvwatts_needs_zone_and_year_and_takes_several(file):
    path = file(pvwatts(leap=False))
    with pytest.raises(InstanceError) as caught:
        read(path, "pvwatts")
    assert len(caught.value.faults) == 2
    series = read(path, "pvwatts", zone="+10:00", year=(2022, 2023))
    assert len(series.data) == 2 * 8760
    assert not series.gaps
    around = series.on(pd.date_range("2022-12-31 13:00", periods=2, freq="1h"))
    assert values(around) == [12 * 10_000 + 31 * 100 + 23, 10_100]


def test_pvgis(file):
    rows = "".join(f"20230101:{h:02}10,{h * 10}.5,0.0,0.0,{h - 2}.0,1.0,0.0\n" for h in range(4))
    path = file(
        "Latitude (decimal degrees):\t45.000\r\nRadiation database:\tPVGIS-SARAH3\r\n"
        "Nominal power of the PV system (c-Si) (kWp):\t1.0\r\n\r\n"
        f"time,P,G(i),H_sun,T2m,WS10m,Int\r\n{rows}\r\n\r\n"
        "P: PV system power (W)\r\nT2m: 2-m air temperature (degree Celsius)\r\n"
    )
    series = read(path, "pvgis")
    assert utc(series)[:2] == ["2023-01-01T00:00", "2023-01-01T01:00"]
    assert values(series.to("kW")) == pytest.approx([0.0005, 0.0105, 0.0205, 0.0305])
    assert values(read(path, "pvgis", column="T2m").to("K"))[0] == pytest.approx(271.15)


def test_renewables_ninja(file):
    path = file(
        '# Made by us\n# {"units": {"time": "UTC", "electricity": "kW"}, "params": {"a": 1}}\n'
        "time,local_time,electricity\n2019-06-01 00:00,2019-06-01 02:00,0.25\n"
        "2019-06-01 01:00,2019-06-01 03:00,0.5\n"
    )
    series = read(path, "renewables-ninja")
    assert (values(series), utc(series)[0]) == ([0.25, 0.5], "2019-06-01T00:00")
    country = file("time,national\n2019-01-01 00:00:00,0.1\n2019-01-01 01:00:00,0.2\n")
    assert read(country, "renewables-ninja").unit == "1"


def test_open_meteo(file):
    csv = file(
        "latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation\n"
        "45.0,9.0,100.0,-14400,America/New_York,EDT\n\n"
        "time,temperature_2m (°C),wind_speed_10m (km/h)\n"
        "2023-11-05T00:00,1.5,36\n2023-11-05T01:00,2.5,18\n2023-11-05T02:00,,18\n"
    )
    document = {
        "utc_offset_seconds": -14400,
        "hourly_units": {"time": "iso8601", "temperature_2m": "°C", "wind_speed_10m": "km/h"},
        "hourly": {
            "time": ["2023-11-05T00:00", "2023-11-05T01:00", "2023-11-05T02:00"],
            "temperature_2m": [1.5, 2.5, None],
            "wind_speed_10m": [36, 18, 18],
        },
    }
    for path in (csv, file(json.dumps(document), "o.json")):
        series = read(path, "open-meteo", column="temperature_2m")
        assert utc(series)[0] == "2023-11-05T04:00"  # one offset all year: no hour is told twice
        np.testing.assert_array_equal(values(series), [1.5, 2.5, np.nan])
        assert (series.unit, series.zone) == ("°C", "-04:00")
        assert values(read(path, "open-meteo", column="wind_speed_10m").to("m/s")) == [10, 5, 5]


# -- any file --------------------------------------------------------------------------------------


def own(time=None, decimal=".", **how):
    given_values = {"pattern": "(?P<name>Pri[xc]e?)", "unit": "EUR/MWh"} | how.pop("values", {})
    return Profile(
        title="ours", kind="price", source="us", licence="CC0-1.0",
        text=Layout(decimal=decimal, **how), time=time or Time(column=("time",)),
        values=Values(**given_values),
    )  # fmt: skip


def test_a_zone_is_mandatory_unless_the_stamps_carry_it(file):
    path = file("time,Price\n2023-01-01 00:00,1\n2023-01-01 01:00,2\n")
    with pytest.raises(InstanceError, match="have no time zone: give one"):
        read(path, own())
    assert utc(read(path, own(), zone="+02:00"))[0] == "2022-12-31T22:00"
    with pytest.raises(InstanceError, match="'CET': no known time zone"):
        read(path, own(), zone="CET")
    carried = file("time,Price\n2023-01-01T00:00+05:30,1\n2023-01-01T01:00+05:30,2\n")
    assert utc(read(carried, own()))[0] == "2022-12-31T18:30"


def test_every_fault_is_told_at_once(file):
    path = file('time,Price\n2023-01-01 00:00,x\n2023-13-01 01:00,2\n2023-01-01 02:00,"1,5"\n')
    with pytest.raises(InstanceError) as caught:
        read(path, own())
    faults = caught.value.faults
    assert any(f.startswith("row 2, column 'Price': 'x' is no number") for f in faults)
    assert any(f.startswith("row 4, column 'Price': '1,5' is no number") for f in faults)
    assert any(f.startswith("row 3, column 'time': '2023-13-01 01:00' is no time") for f in faults)
    assert any("time zone" in f for f in faults)
    assert str(path) in str(caught.value)


def test_a_unit_is_mandatory_and_known(file):
    path = file(
        "time,a [EUR/MWh],b (USD/MWh),c\n2023-01-01T00:00Z,1,2,3\n2023-01-01T01:00Z,1,2,3\n"
    )
    assert read(path, "tidy", column="a").unit == "EUR/MWh"
    assert read(path, "tidy", column="b").unit == "USD/MWh"
    with pytest.raises(InstanceError, match="column 'c': neither profile nor file says its unit"):
        read(path, "tidy", column="c")
    assert read(path, "tidy", column="c", unit="kg/MWh").unit == "kg/MWh"
    with pytest.raises(InstanceError, match="unit 'bananas' is not known"):
        read(path, "tidy", column="c", unit="bananas")


def test_a_table_of_ones_own_with_decimal_commas(file):
    path = file("time;a [EUR/MWh]\n01.06.2023 00:00;1.234,5\n01.06.2023 01:00;-0,5\n")
    series = read(path, "tidy-comma", zone="Europe/Berlin")
    assert (values(series), utc(series)[0]) == ([1234.5, -0.5], "2023-05-31T22:00")
    with pytest.raises(InstanceError, match="'-0,5' is no number with decimal"):
        read(path, "tidy", zone="Europe/Berlin")


def test_gaps_and_duplicates_are_told_by_local_time(file):
    path = file(
        "time,Price\n2023-10-29 01:00,1\n2023-10-29 02:00,2\n2023-10-29 03:00,4\n"
        "2023-10-29 03:00,4\n2023-10-29 04:00,\n2023-10-29 06:00,7\n"
    )
    series = read(path, own(), zone="Europe/Berlin")
    np.testing.assert_array_equal(values(series), [1, 2, np.nan, 4, np.nan, np.nan, 7])
    assert series.gaps == [
        "2023-10-29 02:00 CET to 2023-10-29 03:00 CET (1)",
        "2023-10-29 04:00 CET to 2023-10-29 06:00 CET (2)",
    ]
    once, twice, gaps = series.notes
    assert "the one after it is missing" in once
    assert "with the same value was dropped: row 5." in twice
    assert gaps.startswith(
        "3 of 7 values are missing, 2 of them without a row: 2023-10-29 02:00 CET"
    )


def test_what_is_asked_for_must_be_there(file):
    path = file("time,k,Price\n2023-01-01T00:00Z,a,1\n2023-01-01T01:00Z,a,2\n")
    with pytest.raises(InstanceError, match="select: there is no column 'x'"):
        read(path, own(), select={"x": "a"})
    with pytest.raises(InstanceError, match="column 'k' has no 'b'; it has a"):
        read(path, own(), select={"k": "b"})
    with pytest.raises(InstanceError, match="interval is start or end"):
        read(path, own(), interval="middle")
    empty = file("time,Price\n2023-01-01T00:00Z,-\n2023-01-01T01:00Z,n/e\n")
    with pytest.raises(InstanceError, match="has no value"):
        read(empty, own())


def test_epochs(file):
    path = file("time,Price\n1672531200000,1\n1672534800000,2\n")
    series = read(path, own(Time(column=("time",), epoch="ms")))
    assert utc(series) == ["2023-01-01T00:00", "2023-01-01T01:00"]
    with pytest.raises(InstanceError, match="row 2, column 'time': 'x' is no count since 1970"):
        read(file("time,Price\nx,1\n"), own(Time(column=("time",), epoch="s")))
    with pytest.raises(InstanceError, match="'1672531200000' is no count since 1970"):
        read(file("time,Price\n1672531200000,1\n"), own(Time(column=("time",), epoch="s")))


ZONES = [*CHANGES, "Asia/Kolkata", "UTC", "+02:00"]


@given(st.data())
def test_a_series_in_any_habit_is_read_back(tmp_path_factory, data):
    """Separators, marks, stamps, zones, gaps, order: the same values at the same instants."""
    zone = data.draw(st.sampled_from(ZONES), "zone")
    day = data.draw(st.sampled_from([*CHANGES.get(zone, ()), "2024-02-29", "2023-12-31"]), "day")
    minutes = data.draw(st.sampled_from([15, 30, 60]), "minutes")
    decimal = data.draw(st.sampled_from(".,"), "decimal")
    thousands = data.draw(st.sampled_from([None, " ", "." if decimal == "," else ","]), "thousands")
    separator = data.draw(st.sampled_from(";\t|,"), "separator")
    form = data.draw(
        st.sampled_from(
            ["%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M", "%m/%d/%Y %I:%M %p", "%d-%b-%y %H:%M"]
        ),
        "form",
    )
    ends = data.draw(st.booleans(), "ends")
    offsets = data.draw(st.booleans(), "offsets") and "%p" not in form and "%b" not in form
    length = pd.Timedelta(minutes=minutes)
    begin = (
        pd.Timestamp(day) - pd.Timedelta("7h") + pd.Timedelta(f"{data.draw(st.integers(0, 9))}h")
    )
    times = pd.date_range(begin, periods=data.draw(st.integers(24, 40), "count"), freq=length)
    cents = st.one_of(st.none(), st.integers(-5_000_00, 9_999_999_99))
    drawn = data.draw(st.lists(cents, min_size=len(times), max_size=len(times)), "values")
    drawn[0] = drawn[-1] = 5
    marks = {"_": thousands or "", ".": decimal}
    local = times.tz_localize("UTC").tz_convert(zone if "/" in zone else pd.Timestamp(
        f"2023-01-01T00:00{zone.replace('UTC', 'Z')}").tz)  # fmt: skip
    rows = []
    for stamp, value in zip(local, drawn, strict=True):
        moved = stamp + length if ends else stamp
        offset = moved.isoformat()[-6:] if offsets else ""
        gap = data.draw(st.sampled_from(["", "-", "n/e", "N/A"]))
        number = gap if value is None else "".join(marks.get(c, c) for c in f"{value / 100:_.2f}")
        rows.append((f"{moved.strftime(form)}{offset}", number))
    if data.draw(st.booleans(), "backwards"):
        rows.reverse()
    content = io.StringIO()
    for row in [("preamble", ""), ("time", "Price"), *rows]:
        content.write(separator.join(f'"{cell}"' for cell in row) + "\r\n")
    path = tmp_path_factory.mktemp("any") / "any.csv"
    path.write_text(content.getvalue(), encoding=data.draw(st.sampled_from(["utf-8", "utf-8-sig"])))
    profile = own(
        Time(column=("time",), format=(form,), interval="end" if ends else "start"),
        decimal, thousands=thousands,
    )  # fmt: skip
    series = read(path, profile, zone=None if offsets else zone)
    assert pd.DatetimeIndex(series.data["time"].values).tolist() == times.tolist()
    wanted = [np.nan if value is None else value / 100 for value in drawn]
    np.testing.assert_allclose(series.data.values, wanted, rtol=1e-12)


def test_a_year_is_refused_where_the_rows_have_years(file):
    path = file("time,price [EUR/MWh]\n2023-10-29 01:00,1\n2023-10-29 02:00,2\n")
    with pytest.raises(InstanceError, match="year: the file tells the years of its own rows"):
        read(path, "tidy", zone="UTC", year=2024)


def test_a_file_without_the_columns_of_time_says_which(file):
    path = file("settlementDate,price,dataProvider\n2023-10-28,5,APXMIDP\n")
    with pytest.raises(InstanceError, match=r"column 'settlementPeriod' or .* is missing, which"):
        read(path, "elexon", column="price")


def test_a_date_with_an_hour_needs_a_clock(file, tmp_path):
    form = tmp_path / "days.toml"
    form.write_text(
        'title = "days"\nkind = "price"\nsource = "ours"\nlicence = "ours"\n'
        '[time]\ndate = "day"\nhour = "hour"\n[values]\ncolumns = "price"\nunit = "EUR/MWh"\n'
    )
    path = file("day,hour,price\n2023-06-01,1,5\n2023-06-01,2,6\n")
    with pytest.raises(InstanceError, match="the dates have no time zone"):
        read(path, form)
    assert utc(read(path, form, zone="Europe/London")) == ["2023-05-31T23:00", "2023-06-01T00:00"]
