"""Make `data/real-week`: six real sites, the week of 2023-10-09, hourly in UTC.

    python data/scripts/make_real_week.py --staged path/to/sources

Observed: wholesale prices, average carbon intensity, request rates, training jobs, GPU power and
round-trip times. Modelled from observed weather: cooling and on-site generation. What no source
gives stands in `assumptions.py` and nowhere else. Sources and licences: `data/README.md`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
import xarray as xr
from assumptions import CLASSES, GIVEN, table

import carbonsched

HOURS = 168
WEEK = pd.date_range("2023-10-09", periods=HOURS, freq="h", name="time", unit="ns")  # Mon 00 UTC

_PRICE_LICENCES = (
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
        _PRICE_LICENCES,
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


def cut(staged: Path, name: str) -> pd.DataFrame:
    """Return the rows of a staged hourly table that lie in the week."""
    frame = pd.read_csv(staged / name, parse_dates=["time_utc"])
    frame.index = frame.pop("time_utc").dt.tz_localize(None).dt.as_unit("ns")
    return frame.reindex(WEEK)


def by_site(columns: dict[str, pd.Series]) -> xr.DataArray:
    """Stack one hourly series per site; a missing hour is an error."""
    frame = pd.DataFrame(columns).rename_axis(columns="site")
    if frame.isna().any(axis=None):
        raise ValueError(f"missing hours in {list(frame.columns[frame.isna().any()])}")
    return xr.DataArray(frame)


def labelled(values: dict[str, float], dim: str) -> xr.DataArray:
    """Return a dict as an array over its keys."""
    return xr.DataArray(np.array(list(values.values()), float), {dim: list(values)})


def exchange_rates(sites: pd.DataFrame) -> dict[str, float]:
    """Return USD per unit of currency, checked against the staged list of sites."""
    usd = GIVEN.usd_per_eur
    rates = {"USD": 1.0, "EUR": usd, "GBP": usd / GIVEN.gbp_per_eur, "AUD": usd / GIVEN.aud_per_eur}
    if not np.allclose(sites.currency.map(rates), sites.fx_usd_per_unit, rtol=0, atol=1e-5):
        raise ValueError("the exchange rates of sites.csv differ from those assumed")
    return rates


def prices(staged: Path, sites: pd.DataFrame) -> dict[str, xr.DataArray]:
    """Return observed wholesale prices in USD/MWh, and what a seller keeps of them."""
    us = cut(staged, "price_eia_us/price_us_2023.csv")
    native = {
        **{site: us[f"{site}_usd_mwh"] for site in ("us-ca", "us-tx", "us-ny")},
        "gb-lon": cut(staged, "price_elexon_gb/price_gb_2023.csv")["gb-lon_gbp_mwh"],
        "de-fra": cut(staged, "price_smard_eu/price_eu_dayahead_2023_eur_mwh.csv")["de_lu"],
        "au-syd": cut(staged, "price_aemo_au/price_nsw_2023.csv")["au-syd_aud_mwh"],
    }
    rate = sites.currency.map(exchange_rates(sites))
    wholesale = by_site({site: series * rate[site] for site, series in native.items()})
    spread = GIVEN.export_spread + GIVEN.export_spread_share * abs(wholesale)
    return {
        "import_price": (wholesale + GIVEN.import_adder).round(2),
        "export_price": (wholesale - spread).round(2),
    }


def weather_driven(staged: Path, capacity: xr.DataArray) -> dict[str, xr.DataArray]:
    """Model cooling from the wet-bulb temperature and generation from capacity factors."""
    frame = cut(staged, "weather_openmeteo/derived_wetbulb_pv_wind_2023.csv")
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


def request_rates(staged: Path) -> pd.DataFrame:
    """Return ServeGen's first week by class, in requests per second.

    An hour seen only in part is a gap in the capture, not a lull: it is bridged linearly between
    the hours seen in full. (The staged fill keeps the almost empty last window of each gap.)
    """
    frame = pd.read_csv(staged / "inference_servegen/inference_rates_hourly_14days.csv")[:HOURS]
    whole = {cls: frame[f"llm_{cls}_observed_frac"] == 1 for cls in CLASSES}
    return pd.DataFrame({c: frame[f"llm_{c}"].where(whole[c]).interpolate() for c in CLASSES})


def per_request(tokens: pd.DataFrame) -> tuple[xr.DataArray, xr.DataArray]:
    """Return the GPU-seconds and the revenue in USD of each class's mean request."""
    rows = tokens.loc[[f"llm_{cls}" for cls in CLASSES]].set_axis(CLASSES).rename_axis("cls")
    read, write = (xr.DataArray(rows[f"mean_{way}_tokens"]) for way in ("input", "output"))
    peak = GIVEN.peak_tflops * 1e12 / (2e9 * labelled(GIVEN.parameters, "cls"))  # tokens a second
    seconds = (read / GIVEN.prefill_utilisation + write / GIVEN.decode_utilisation) / peak
    prices = labelled(GIVEN.input_price, "cls"), labelled(GIVEN.output_price, "cls")
    return seconds, (read * prices[0] + write * prices[1]) / 1e6


def services(staged: Path, sites: pd.DataFrame) -> xr.Dataset:
    """Split each class over the origins, in thousand requests per second.

    Each origin lives the trace's week on its own clock: hour 0 of the trace, which its profile
    suggests is a midnight, is Monday 00:00 local time.
    """
    offset = [WEEK[0].tz_localize("UTC").tz_convert(zone).utcoffset() for zone in sites.timezone]
    hours = [int(ahead / pd.Timedelta(hours=1)) for ahead in offset]
    rates = request_rates(staged).to_numpy() * GIVEN.demand_scale / 1000
    local = xr.DataArray(
        np.stack([np.roll(rates, -ahead, axis=0) for ahead in hours]),
        {"origin": sites.index.to_numpy(object), "time": WEEK, "cls": list(CLASSES)},
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


def jobs(staged: Path, capacity: xr.DataArray) -> xr.Dataset:
    """Fold 90 days of Kalos into one week, as if thirteen such clusters ran side by side.

    A job arrives at its hour of the week; one that could not finish by the week's end even if
    started at once is left out.
    """
    trace = pd.read_csv(staged / "jobs_acme_kalos/kalos_jobs.csv", index_col="job")
    trace = trace[(trace.rigid_candidate == 1) & (trace.duration_s >= 3600 * GIVEN.job_hours)]
    trace["release"] = trace.arrival_s // 3600 % HOURS
    trace["duration"] = np.ceil(trace.duration_s / 3600).astype(int)
    trace = trace[trace.release + trace.duration <= HOURS]
    last = (trace.release + trace.duration + int(GIVEN.job_slack) - 1).clip(upper=HOURS - 1)
    gpus, margin = trace.gpus * GIVEN.job_scale, GIVEN.gpu_hour_price * GIVEN.contribution
    columns = {
        "power": (gpus * busy_gpu(staged)).round(3),
        "duration": trace.duration,
        "release": WEEK[trace.release],
        "deadline": WEEK[last],
        "reward": (trace.gpu_hours * GIVEN.job_scale * margin).round(),
        "startup_cost": (gpus * GIVEN.warm_up * margin).round(),
    }
    names = pd.Index([f"kalos-{number:03d}" for number in trace.index], name="job")
    data = xr.Dataset(pd.DataFrame(columns, index=trace.index).set_index(names))
    return data.assign(allowed=data.power <= GIVEN.job_share * capacity)


def inference_power(data: xr.Dataset, rule: str) -> xr.DataArray:
    """Return the IT power of inference at `home`, or `split` by capacity over feasible sites."""
    if rule == "home":
        weight = (data.site == data.home).astype(float)
    else:
        weight = (data.latency <= data.latency_limit) * data.it_capacity
    return (weight / weight.sum("site") * data.power_per_unit * data.demand).sum("service")


def reference_emissions(data: xr.Dataset) -> float:
    """Return tCO2e if inference stays home, all power is imported and every job runs."""
    rate = data.cooling * data.carbon_intensity  # per MWh of IT power
    inference = (inference_power(data, "home") * rate).sum()
    return float(inference + (data.power * data.duration).sum() * rate.mean())


def check_room(data: xr.Dataset) -> None:
    """Raise unless both fixed routings fit and leave each job, alone, a place to run."""
    if (data.latency.where(data.site == data.home) > data.latency_limit).any():
        raise ValueError("a service is beyond its latency limit at home")
    for rule in ("home", "split"):
        room = data.it_capacity - inference_power(data, rule)
        if (room < 0).any():
            raise ValueError(f"{rule}: inference lacks {-float(room.min()):.1f} MW of IT capacity")
        for name, job in data.groupby("job"):
            one = job.squeeze("job")
            window = room.sel(time=slice(one.release.values, one.deadline.values))
            lowest = window.rolling(time=int(one.duration)).min()
            if not ((lowest >= one.power) & one.allowed).any():
                raise ValueError(f"{rule}: no room for {name} beside inference")


def build(staged: Path) -> xr.Dataset:
    """Return the week as a dataset with the variables of an instance."""
    sites = pd.read_csv(staged / "sites.csv", index_col="site")
    capacity = labelled(GIVEN.it_capacity, "site")
    kilograms = cut(staged, "carbon_electricitymaps/carbon_intensity_2023.csv")
    carbon = {site: kilograms[f"{site}_direct"] / 1000 for site in sites.index}
    data = xr.Dataset(
        {
            "step_hours": 1.0,
            "carbon_intensity": by_site(carbon).round(5),
            **site_parameters(capacity),
            **prices(staged, sites),
            **weather_driven(staged, capacity),
            **services(staged, sites),
            **jobs(staged, capacity),
        }
    )
    check_room(data)
    data["carbon_budget"] = round(GIVEN.budget_share * reference_emissions(data), 0)
    return describe(data)


def describe(data: xr.Dataset) -> xr.Dataset:
    """Attach title, sources and licences."""
    entries = {name: entry for names, entry in PROVENANCE.items() for name in names.split()}
    for name in data.data_vars:
        source, licence = entries.get(name, ASSUMED)
        data[name].attrs = {"source": source, "licence": licence}
    return data.assign_attrs(
        title="Six AI data-center sites, week of 2023-10-09",
        description="Observed prices, carbon intensity, requests, training jobs and latency; "
        "modelled cooling, solar and wind; the rest is assumed. Demand in thousand requests/s.",
        licence=f"MIT AND ODbL-1.0 AND Apache-2.0 AND {_PRICE_LICENCES}",
        source="Made by data/scripts/make_real_week.py; sources are listed in data/README.md",
    )


def main(
    staged: Annotated[Path, typer.Option(help="Folder of the staged sources.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")] = Path("data/real-week"),
) -> None:
    """Write the instance and print its assumptions as Markdown."""
    carbonsched.Instance(build(staged)).save(out)
    typer.echo(table())


if __name__ == "__main__":
    typer.run(main)
