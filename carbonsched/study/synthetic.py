"""Synthetic instances: seeded draws from documented ranges, any number of sites to services.

========================  ==========================  =============================================
drawn                     range                       where the range comes from
========================  ==========================  =============================================
IT capacity of a site     50-300 MW                   hyperscale campuses; assumption
cooling (PUE)             1.08-1.35, with the day     hyperscale fleets report about 1.1, the
                                                      industry about 1.5; assumption
mean price                30-110 USD/MWh              2023 means of six wholesale markets, 34-103
mean carbon intensity     0.05-0.70 tCO2e/MWh         2023 hourly zone averages, Electricity Maps
on-site generation        20-80 % of IT capacity,     assumption; solar bell and a steady part
                          10-90 % of it solar
battery                   20-60 % of IT power, for    two- to four-hour utility-scale batteries,
                          2-4 h, 85-92 % round trip   85 % round trip (NREL ATB)
job power                 2-40 MW, log-uniform        2,000-30,000 accelerators at 1-1.4 kW all-in
                                                      (16,000 for Llama 3, arXiv 2407.21783)
job duration              2 h - a third of the        rigid jobs of Acme Kalos run 1 h to days
                          horizon, log-uniform
reward of a job           150-400 USD per MWh of IT   a margin over energy cost; assumption
value of inference        100-250 USD per MWh of IT   a margin over energy cost; assumption
latency                   10-250 ms between sites     Azure inter-region round trips, 17-250 ms
========================  ==========================  =============================================
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import index
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from carbonsched.bare import Bare
from carbonsched.core.instance import Instance
from carbonsched.keywords import named_keywords
from carbonsched.period import length_of

_MOST = 50_000_000
_LONGEST = 1e3  # h a period
_Drawn = dict[str, Any]  # variables: to a type checker NumPy makes arrays of them
_REACH = (60.0, 120.0, 250.0)  # ms that services tolerate: interactive, chat, batch-like


@named_keywords
def generate(
    sites: int = 3,
    periods: int = 24,
    jobs: int = 6,
    services: int = 3,
    seed: int = 0,
    *,
    utilisation: float = 0.6,
    budget_share: float = 1.0,
    feasible: bool = True,
    step_hours: float = 1.0,
    start: str | pd.Timestamp | None = None,
) -> Instance:
    """Return a random instance; the same arguments give the same instance.

    Parameters
    ----------
    sites, periods, jobs, services : int
        Sizes; `jobs` and `services` may be zero.
    seed : int
    utilisation : float
        Peak inference load as a share of what the sites can hold, up to 1.
    budget_share : float
        Carbon budget as a share of an upper limit: what the whole workload and a charge of every
        battery would emit at the highest intensity of any site and hour, and all on-site
        generation at the highest of its own. At 1 every method has a schedule.
    feasible : bool
        Feasible by construction: every method of Table I has a schedule if `budget_share` is at
        least 1. Otherwise demand may exceed what a service's home can hold, and the grid
        connection what the site needs.
    step_hours : float
        Length of a period, h.
    start : str or timestamp, optional
        When the first period begins, UTC or with an offset: periods are then timestamps in UTC.
        By default they are numbered.

    Returns
    -------
    Instance

    Raises
    ------
    ValueError
        Lists all that is wrong: no site or no period, a size or seed that is no whole number or
        negative, a share out of range, a length of period that is not positive, a start that is no
        instant, more values than can be drawn.
    TypeError
        There is no such keyword.

    Examples
    --------
    >>> import carbonsched as cs
    >>> cs.generate(sites=2, periods=4, jobs=1, services=1, seed=7)
    <Instance 'synthetic 2 x 4 x 1 x 1, seed 7': 2 sites x 4 periods x 1 job x 1 service>
    >>> day = cs.generate(periods=96, step_hours=0.25, start="2025-03-30 00:00+01:00")
    >>> day.data.indexes["time"][1]
    Timestamp('2025-03-29 23:15:00')
    """
    first, misread = _instant(start)
    wrong = [*_wrong(sites, periods, jobs, services, seed, utilisation, budget_share), *misread]
    if not (isinstance(step_hours, int | float) and 0 < step_hours <= _LONGEST):
        wrong.append(f"step_hours = {step_hours!r}, must be above 0 and at most {_LONGEST:g}")
    if wrong:
        raise ValueError(f"generate: {'; '.join(wrong)}")
    rng = np.random.default_rng(seed)
    coords = {
        "site": [f"site-{k + 1}" for k in range(sites)],
        "time": np.arange(periods),
        "job": [f"job-{k + 1}" for k in range(jobs)],
        "service": [f"service-{k + 1}" for k in range(services)],
    }
    data = xr.Dataset({"step_hours": float(step_hours)}, coords)
    data = data.assign(_draw_sites(data, rng, feasible))
    data = data.assign(_draw_jobs(data, rng))
    data = data.assign(_draw_services(data, rng, utilisation, feasible))
    data = data.assign(carbon_budget=budget_share * _most_emissions(Bare(data)))
    data.attrs = {
        "title": f"synthetic {sites} x {periods} x {jobs} x {services}, seed {seed}",
        "description": "Synthetic: drawn by carbonsched.generate, see there for the ranges.",
        "licence": "CC0-1.0",
    }
    return Instance(data if first is None else _dated(data, first))


def _instant(start: str | pd.Timestamp | None) -> tuple[pd.Timestamp | None, list[str]]:
    """Return an instant in UTC without a zone, or what is wrong with it."""
    if start is None:
        return None, []
    try:
        first = pd.Timestamp(start)
    except (ValueError, TypeError, OverflowError):
        first = pd.NaT
    if not isinstance(first, pd.Timestamp):
        return None, [f"start = {start!r}, expected an instant, as 2025-03-30 00:00Z"]
    return first.tz_convert("UTC").tz_localize(None) if first.tzinfo else first, []


def _dated(data: xr.Dataset, first: pd.Timestamp) -> xr.Dataset:
    """Return the data with timestamps in the place of the numbers of periods."""
    step = length_of(data.step_hours.item())
    times = pd.date_range(first, periods=data.sizes["time"], freq=step).to_numpy()
    named = {name: ("job", times[data[name].values]) for name in ("release", "deadline")}
    return data.assign_coords(time=times).assign(named)


def _wrong(
    sites: int,
    periods: int,
    jobs: int,
    services: int,
    seed: int,
    utilisation: float,
    budget_share: float,
) -> Iterator[str]:
    """Yield what is wrong with what `generate` is given."""
    least = {"sites": 1, "periods": 1, "jobs": 0, "services": 0, "seed": 0}
    given = dict(zip(least, (sites, periods, jobs, services, seed), strict=True))
    counts = dict.fromkeys(least, 0)
    for name, value in given.items():
        try:
            counts[name] = index(value)
        except TypeError:
            yield f"{name} = {value!r}, expected a whole number"
            continue
        if counts[name] < least[name]:
            yield f"{name} = {value}, at least {least[name]} is needed"
    widest = max(counts["sites"], counts["jobs"], counts["services"])
    if widest * max(counts["sites"], counts["periods"]) > _MOST:
        yield f"more than {_MOST:,} values of one kind, too large to draw"
    if not 0 <= utilisation <= 1:
        yield f"utilisation = {utilisation}, must be within 0 and 1"
    if not budget_share >= 0:
        yield f"budget_share = {budget_share}, must be at least 0"


def _profile(hours: Any, peak: Any) -> Any:
    """Return a daily wave of mean 0 and amplitude 1 that peaks at hour `peak`."""
    return np.cos(2 * np.pi * (hours - peak) / 24)


def _hours(data: xr.Dataset) -> xr.Variable:
    """Return when each period begins, in hours from the first."""
    return xr.Variable("time", data.time.values) * data.step_hours.item()


def _draw_sites(data: xr.Dataset, rng: np.random.Generator, feasible: bool) -> _Drawn:
    def per_site(low: float, high: float) -> xr.Variable:
        return xr.Variable("site", rng.uniform(low, high, data.sizes["site"]))

    def noise(spread: float) -> xr.Variable:
        shape = (data.sizes["site"], data.sizes["time"])
        return xr.Variable(("site", "time"), rng.normal(0, spread, shape))

    capacity = per_site(50, 300).round()
    local_hour = _hours(data) + per_site(0, 24).round()
    daylight = np.cos(2 * np.pi * (local_hour - 13) / 24).clip(min=0)

    drawn: _Drawn = {"it_capacity": capacity}
    warmth = _profile(local_hour, 15)
    drawn["cooling"] = (per_site(1.10, 1.25) + 0.05 * warmth + noise(0.005)).clip(1.08, 1.35)
    drawn["import_limit"] = (capacity * (1.4 if feasible else per_site(0.3, 1.2))).round(1)
    drawn["export_limit"] = (capacity * per_site(0.2, 0.6)).round(1)
    evening = _profile(local_hour, 19)
    price = per_site(30, 110) * (1 + 0.3 * evening - 0.25 * daylight + noise(0.08))
    drawn["import_price"] = price.round(2)
    drawn["export_price"] = (price - per_site(0.1, 0.5) * np.abs(price)).round(2)
    intensity = per_site(0.05, 0.70) * (1 + 0.15 * evening - 0.15 * daylight + noise(0.04))
    drawn["carbon_intensity"] = intensity.clip(min=0.01).round(4)
    nameplate, solar = capacity * per_site(0.2, 0.8), per_site(0.1, 0.9)
    steady = (per_site(0.2, 0.7) + noise(0.05)).clip(0, 1)
    generation = nameplate * (solar * daylight + (1 - solar) * steady)
    drawn["generation_available"] = generation.round(2)
    drawn["generation_cost"] = per_site(0, 15).round(2)
    drawn["generation_carbon"] = per_site(0, 0.05).round(4)
    battery = (capacity * per_site(0.2, 0.6)).round(1)
    stored = (battery * per_site(2, 4)).round(1)
    drawn |= {"battery_energy": stored, "battery_min": (0.1 * stored).round(1)}
    drawn |= {"charge_limit": battery, "discharge_limit": battery}
    one_way = np.sqrt(per_site(0.85, 0.92)).round(4)
    drawn |= {"charge_efficiency": one_way, "discharge_efficiency": one_way}
    drawn["battery_initial"] = (0.5 * stored).round(1)
    drawn["battery_cost"] = per_site(1, 6).round(2)
    return {name: values.transpose("site", ...) for name, values in drawn.items()}


def _draw_jobs(data: xr.Dataset, rng: np.random.Generator) -> _Drawn:
    count, periods = data.sizes["job"], data.sizes["time"]
    power = np.exp(rng.uniform(np.log(2), np.log(40), count)).round(1)
    longest = max(periods // 3, 1)
    duration = np.exp(
        rng.uniform(
            np.log(min(max(2 / data.step_hours.item(), 1), longest)), np.log(longest + 0.5), count
        )
    )
    duration = np.maximum(duration.round(), 1).astype(int)
    spare = periods - duration
    release = (rng.uniform(0, 0.6, count) * spare).astype(int)
    slack = (rng.uniform(0.2, 1.0, count) * (spare - release)).round().astype(int)
    energy = power * duration * data.step_hours.item()
    drawn = {
        "power": power,
        "duration": duration,
        "release": release,
        "deadline": release + duration - 1 + slack,
        "reward": (energy * rng.uniform(150, 400, count)).round(),
        "startup_cost": (power * rng.uniform(5, 30, count)).round(),
    }
    permitted = rng.random((count, data.sizes["site"])) < 0.8
    permitted[:, int(data.it_capacity.argmax("site"))] = True
    allowed = {"allowed": xr.Variable(("job", "site"), permitted)}
    return {name: xr.Variable("job", values) for name, values in drawn.items()} | allowed


def _draw_services(
    data: xr.Dataset, rng: np.random.Generator, utilisation: float, feasible: bool
) -> _Drawn:
    """Draw services, then scale their demand to the share of capacity asked for.

    The scale keeps the split in proportion to capacity, and if `feasible` also the load of each
    home, within `utilisation` of what each site can hold.
    """
    count, capacity = data.sizes["service"], data.it_capacity.variable

    def per_service(values: np.ndarray) -> xr.Variable:
        return xr.Variable("service", values)

    place = rng.uniform(0, 1, (2, data.sizes["site"]))
    home = rng.integers(0, data.sizes["site"], count)
    away = np.hypot(*(place[:, home][:, :, None] - place[:, None, :]))
    latency = xr.Variable(("service", "site"), (10 + 170 * away).round())
    limit = per_service(np.resize(_REACH, count))
    per_unit = per_service(rng.uniform(0.2, 2.0, count).round(2))
    per_energy = per_service(rng.uniform(100, 250, count))

    peak_hour = per_service(rng.uniform(0, 24, count))
    wave = 1 + 0.35 * _profile(_hours(data), peak_hour).transpose("time", "service")
    load = per_service(rng.uniform(0.5, 1.5, count)) * wave  # MW, before scaling
    reachable = (latency <= limit) * capacity
    ways = [reachable / reachable.sum("site")]
    if feasible:
        at_home = home[:, None] == np.arange(data.sizes["site"])
        ways.append(xr.Variable(("service", "site"), at_home.astype(float)))
    usage = [(way * load).sum("service") / capacity for way in ways]
    fullest = max(float(share.max()) for share in usage) if count else 1.0
    demand = load * utilisation / fullest / per_unit
    return {
        "latency": latency,
        "latency_limit": limit,
        "home": per_service(data.site.values[home].astype(object)),
        "power_per_unit": per_unit,
        "value": (per_energy * per_unit).round(2),
        "demand": np.floor(1e4 * demand) / 1e4,  # never above what was scaled to fit
    }


def _most_emissions(data: Bare) -> float:
    """Return an upper limit of emissions, tCO2e: workload, charging, generation at their worst."""
    inference = (data.power_per_unit * data.demand).sum()
    training = (data.power * data.duration).sum()
    generation = data.step_hours * data.generation_available.sum()
    worst = float((data.cooling * data.carbon_intensity).max())
    dirtiest_generation = generation * float(data.generation_carbon.max())
    battery_losses = data.battery_energy.sum() * worst
    return float(
        data.step_hours * (inference + training) * worst + dirtiest_generation + battery_losses
    )
