"""What the staged sources give for six real sites: shared by the real week and the real year.

Every function takes the hours that are wanted, so that both are made alike. What no source gives
stands in `assumptions.py` and nowhere else.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from assumptions import CLASSES, GIVEN

WEEK_HOURS = 168
MONDAY = pd.Timestamp("2023-10-09")  # hour 0 of ServeGen's trace, on every origin's own clock

PRICE_LICENCES = (
    "LicenseRef-US-public-domain AND LicenseRef-BMRS-open-data AND CC-BY-4.0 AND LicenseRef-AEMO"
)
_JOBS = (
    "Acme Kalos trace and Acme power measurements (Hu et al., NSDI'24, CC BY 4.0), folded into a "
    "week and scaled as data/README.md states"
)
_SERVEGEN = "Alibaba ServeGen (Xiang et al., arXiv 2505.09999), scaled as data/README.md states"

PROVENANCE = {
    "import_price export_price": (
        "Wholesale prices in USD at annual mean exchange rates. Source: U.S. Energy Information "
        "Administration (Dec 2024), collected from CAISO/ERCOT/NYISO. Contains BMRS data (c) "
        "Elexon Limited copyright and database right [2023]. Bundesnetzagentur | SMARD.de. "
        "Source: AEMO aggregated price and demand data",
        PRICE_LICENCES,
    ),
    "carbon_intensity": (
        "Carbon intensity data: Electricity Maps, https://www.electricitymaps.com, ODbL 1.0. "
        "Direct emissions of the consumption mix, average",
        "ODbL-1.0",
    ),
    "cooling generation_available": (
        "Weather data by Open-Meteo.com. Modelled from it: wet-bulb temperature, cooling, solar "
        "and wind, as data/README.md states",
        "CC-BY-4.0",
    ),
    "demand": (_SERVEGEN, "Apache-2.0"),
    "power_per_unit value latency_limit home": (
        f"{_SERVEGEN}; power of a busy GPU from Acme (Hu et al., NSDI'24, CC BY 4.0)",
        "Apache-2.0 AND CC-BY-4.0",
    ),
    "latency": ("Azure network latency statistics, Microsoft Learn, CC BY 4.0", "CC-BY-4.0"),
    "power duration release deadline reward startup_cost allowed": (_JOBS, "CC-BY-4.0"),
}
ASSUMED = ("Assumptions of this project, stated in data/README.md", "MIT")


def hours(first: str, count: int) -> pd.DatetimeIndex:
    """Return hours in UTC."""
    return pd.date_range(first, periods=count, freq="h", name="time", unit="ns")


def cut(staged: Path, name: str, times: pd.DatetimeIndex) -> pd.DataFrame:
    """Return the rows of a staged hourly table at some hours."""
    frame = pd.read_csv(staged / name, parse_dates=["time_utc"])
    frame.index = frame.pop("time_utc").dt.tz_localize(None).dt.as_unit("ns")
    return frame.reindex(times)


def by_site(columns: dict[str, pd.Series]) -> xr.DataArray:
    """Stack one hourly series per site; a missing hour is an error."""
    frame = pd.DataFrame(columns).rename_axis(columns="site")
    if frame.isna().any(axis=None):
        raise ValueError(f"missing hours in {list(frame.columns[frame.isna().any()])}")
    return xr.DataArray(frame)


def labelled(values: dict[str, float], dim: str) -> xr.DataArray:
    """Return a dict as an array over its keys."""
    return xr.DataArray(np.array(list(values.values()), float), {dim: list(values)})


def read_sites(staged: Path) -> pd.DataFrame:
    """Return the staged list of sites."""
    return pd.read_csv(staged / "sites.csv", index_col="site")


def exchange_rates(sites: pd.DataFrame) -> dict[str, float]:
    """Return USD per unit of currency, checked against the staged list of sites."""
    usd = GIVEN.usd_per_eur
    rates = {"USD": 1.0, "EUR": usd, "GBP": usd / GIVEN.gbp_per_eur, "AUD": usd / GIVEN.aud_per_eur}
    if not np.allclose(sites.currency.map(rates), sites.fx_usd_per_unit, rtol=0, atol=1e-5):
        raise ValueError("the exchange rates of sites.csv differ from those assumed")
    return rates


def prices(
    staged: Path, sites: pd.DataFrame, times: pd.DatetimeIndex
) -> tuple[dict[str, xr.DataArray], pd.DataFrame]:
    """Return wholesale prices in USD/MWh, what a seller keeps of them, and which are filled.

    The second is true over (time, site) where the source has no price and the staged table fills.
    """
    us = cut(staged, "price_eia_us/price_us_2023.csv", times)
    gb = cut(staged, "price_elexon_gb/price_gb_2023.csv", times)
    eu = cut(staged, "price_smard_eu/price_eu_dayahead_2023_eur_mwh.csv", times)
    native = {
        **{site: us[f"{site}_filled_usd_mwh"] for site in ("us-ca", "us-tx", "us-ny")},
        "gb-lon": gb["gb-lon_filled_gbp_mwh"],
        "de-fra": eu["de_lu"],
        "au-syd": cut(staged, "price_aemo_au/price_nsw_2023.csv", times)["au-syd_aud_mwh"],
    }
    flags = (
        us.join(gb).reindex(columns=[f"{site}_flag" for site in native]).set_axis(native, axis=1)
    )
    rate = sites.currency.map(exchange_rates(sites))
    wholesale = by_site({site: series * rate[site] for site, series in native.items()})
    spread = GIVEN.export_spread + GIVEN.export_spread_share * abs(wholesale)
    return {
        "import_price": (wholesale + GIVEN.import_adder).round(2),
        "export_price": (wholesale - spread).round(2),
    }, flags > 0


def carbon_intensity(staged: Path, sites: pd.DataFrame, times: pd.DatetimeIndex) -> xr.DataArray:
    """Return observed average carbon intensity, tCO2e/MWh."""
    kilograms = cut(staged, "carbon_electricitymaps/carbon_intensity_2023.csv", times)
    return by_site({site: kilograms[f"{site}_direct"] / 1000 for site in sites.index}).round(5)


def weather_driven(
    staged: Path, capacity: xr.DataArray, times: pd.DatetimeIndex
) -> dict[str, xr.DataArray]:
    """Model cooling from the wet-bulb temperature and generation from capacity factors."""
    frame = cut(staged, "weather_openmeteo/derived_wetbulb_pv_wind_2023.csv", times)
    wet_bulb, solar, wind = (
        by_site({site: frame[f"{site}_{what}"] for site in capacity.site.values})
        for what in ("wetbulb_c", "pv_cf", "wind_cf")
    )
    excess = (wet_bulb - GIVEN.pue_free_cooling).clip(min=0)
    pue = GIVEN.pue_floor + GIVEN.pue_linear * excess + GIVEN.pue_quadratic * excess**2
    share = labelled(GIVEN.solar_share, "site") * solar + labelled(GIVEN.wind_share, "site") * wind
    return {
        "cooling": pue.clip(max=GIVEN.pue_ceiling).round(4),
        "generation_available": (share * capacity).round(3),
    }


def site_parameters(capacity: xr.DataArray) -> dict[str, xr.DataArray]:
    """Size connection and battery by the IT capacity."""
    connection = GIVEN.import_margin * GIVEN.pue_ceiling * capacity
    power, everywhere = GIVEN.battery_power * capacity, xr.ones_like(capacity)
    energy = GIVEN.battery_hours * power
    efficiency = round(GIVEN.round_trip**0.5, 4) * everywhere
    return {
        "it_capacity": capacity,
        "import_limit": connection.round(2),
        "export_limit": (GIVEN.export_share * connection).round(2),
        "generation_cost": GIVEN.generation_cost * everywhere,
        "generation_carbon": GIVEN.generation_carbon * everywhere,
        "battery_energy": energy,
        "battery_min": (GIVEN.battery_floor * energy).round(2),
        "battery_initial": (GIVEN.battery_start * energy).round(2),
        "charge_limit": power,
        "discharge_limit": power,
        "charge_efficiency": efficiency,
        "discharge_efficiency": efficiency,
        "battery_cost": GIVEN.battery_cost * everywhere,
    }


def busy_gpu(staged: Path) -> float:
    """Return the IT power of one busy A100 in MW: an eighth of the measured server's p95."""
    watts = pd.read_csv(staged / "power_acme/measured_power_quantiles.csv", index_col="quantity")
    return watts.at["seren_gpu_server_w", "p95"] / 8 / 1e6


def request_rates(staged: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ServeGen's 336 hours by class, in requests per second, and which were seen in full.

    An hour seen only in part is a gap in the capture, not a lull. (The staged fill keeps the
    almost empty last window of each gap.)
    """
    frame = pd.read_csv(staged / "inference_servegen/inference_rates_hourly_14days.csv")
    rates = pd.DataFrame({c: frame[f"llm_{c}"] for c in CLASSES})
    return rates, pd.DataFrame({c: frame[f"llm_{c}_observed_frac"] == 1 for c in CLASSES})


def per_request(tokens: pd.DataFrame) -> tuple[xr.DataArray, xr.DataArray]:
    """Return the GPU-seconds and the revenue in USD of each class's mean request."""
    rows = tokens.loc[[f"llm_{cls}" for cls in CLASSES]].set_axis(CLASSES).rename_axis("cls")
    read, write = (xr.DataArray(rows[f"mean_{way}_tokens"]) for way in ("input", "output"))
    peak = GIVEN.peak_tflops * 1e12 / (2e9 * labelled(GIVEN.parameters, "cls"))  # tokens a second
    seconds = (read / GIVEN.prefill_utilisation + write / GIVEN.decode_utilisation) / peak
    per_token = labelled(GIVEN.input_price, "cls"), labelled(GIVEN.output_price, "cls")
    return seconds, (read * per_token[0] + write * per_token[1]) / 1e6


def services(
    staged: Path, sites: pd.DataFrame, rates: pd.DataFrame, times: pd.DatetimeIndex
) -> xr.Dataset:
    """Split each class over the origins, in thousand requests per second.

    Each origin lives the trace, again and again, on its own clock: its hour 0, which its profile
    suggests is a midnight, is Monday 2023-10-09, 00:00 local time.
    """
    scaled = rates.to_numpy() * GIVEN.demand_scale / 1000
    clocks = [
        times.tz_localize("UTC").tz_convert(zone).tz_localize(None) for zone in sites.timezone
    ]
    at = [((clock - MONDAY) // pd.Timedelta(hours=1)) % len(scaled) for clock in clocks]
    local = xr.DataArray(
        np.stack([scaled[hour] for hour in at]),
        {"origin": sites.index.to_numpy(object), "time": times, "cls": list(CLASSES)},
    )
    rtt = pd.read_csv(staged / "latency_azure/rtt_ms_origin_to_site.csv", index_col="origin_region")
    nearest = rtt.loc[sites.azure_region, sites.index].set_axis(sites.index)
    seconds, revenue = per_request(
        pd.read_csv(staged / "inference_servegen/token_means.csv", index_col="cls")
    )
    data = xr.Dataset(
        {
            "demand": (local * labelled(GIVEN.origin_share, "origin")).round(4),
            "power_per_unit": (1000 * seconds * busy_gpu(staged)).round(5),
            "value": (1000 * 3600 * revenue * GIVEN.contribution).round(2),
            "latency": xr.DataArray(nearest, dims=("origin", "site")).astype(float),
            "latency_limit": labelled(GIVEN.latency_limit, "cls"),
            "home": local.origin,
        }
    )
    data = data.stack(service=("origin", "cls"))
    names = [f"{origin}-{cls}" for origin, cls in data.indexes["service"]]
    return data.drop_vars(("service", "origin", "cls")).assign_coords(service=names)


def folded_jobs(staged: Path) -> pd.DataFrame:
    """Fold 90 days of Kalos into one week, as if thirteen such clusters ran side by side.

    A job arrives at its hour of the week, `release`, and runs `duration` hours.
    """
    trace = pd.read_csv(staged / "jobs_acme_kalos/kalos_jobs.csv", index_col="job")
    trace = trace[(trace.rigid_candidate == 1) & (trace.duration_s >= 3600 * GIVEN.job_hours)]
    return trace.assign(
        release=trace.arrival_s // 3600 % WEEK_HOURS,
        duration=np.ceil(trace.duration_s / 3600).astype(int),
    )


def jobs(
    staged: Path, trace: pd.DataFrame, capacity: xr.DataArray, times: pd.DatetimeIndex
) -> xr.Dataset:
    """Return jobs released at positions of `times`; the index of the trace has their names.

    One that could not finish by the end even if started at once is left out.
    """
    trace = trace[trace.release + trace.duration <= len(times)]
    last = (trace.release + trace.duration + int(GIVEN.job_slack) - 1).clip(upper=len(times) - 1)
    gpus, margin = trace.gpus * GIVEN.job_scale, GIVEN.gpu_hour_price * GIVEN.contribution
    columns = {
        "power": (gpus * busy_gpu(staged)).round(3),
        "duration": trace.duration,
        "release": times[trace.release],
        "deadline": times[last],
        "reward": (trace.gpu_hours * GIVEN.job_scale * margin).round(),
        "startup_cost": (gpus * GIVEN.warm_up * margin).round(),
    }
    data = xr.Dataset(pd.DataFrame(columns, index=trace.index.rename("job")))
    return data.assign(allowed=data.power <= GIVEN.job_share * capacity)


def inference_power(data: xr.Dataset, rule: str) -> xr.DataArray:
    """Return the IT power of inference at `home`, or `split` by capacity over feasible sites."""
    if rule == "home":
        weight = (data.site == data.home).astype(float)
    else:
        weight = (data.latency <= data.latency_limit) * data.it_capacity
    return xr.dot(weight / weight.sum("site"), data.power_per_unit * data.demand, dim="service")


def check_room(data: xr.Dataset) -> None:
    """Raise unless both fixed routings fit and leave each job, alone, a place to run."""
    if (data.latency.where(data.site == data.home) > data.latency_limit).any():
        raise ValueError("a service is beyond its latency limit at home")
    times = data.indexes["time"]
    first, end = times.get_indexer(data.release), times.get_indexer(data.deadline) + 1
    fits = (data.power * data.allowed).transpose("job", "site").values  # 0 where not allowed
    for rule in ("home", "split"):
        room = (data.it_capacity - inference_power(data, rule)).transpose("site", "time").values
        if (room < 0).any():
            raise ValueError(f"{rule}: inference lacks {-room.min():.1f} MW of IT capacity")
        for j, (name, length) in enumerate(zip(data.job.values, data.duration.values, strict=True)):
            window = room[:, first[j] : end[j]]
            lowest = np.lib.stride_tricks.sliding_window_view(window, length, axis=1).min(axis=2)
            if not ((lowest >= fits[j][:, None]) & (fits[j][:, None] > 0)).any():
                raise ValueError(f"{rule}: no room for {name} beside inference")


def describe(data: xr.Dataset, **attrs: str) -> xr.Dataset:
    """Attach sources and licences, and what the instance says of itself."""
    entries = {name: entry for names, entry in PROVENANCE.items() for name in names.split()}
    for name in data.data_vars:
        source, licence = entries.get(name, ASSUMED)
        data[name].attrs = {"source": source, "licence": licence}
    return data.assign_attrs(attrs)
