"""A new fleet: a project file with comments, and small tables beside it to be replaced.

Their numbers are made up, by sines and a seeded generator, and say so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from carbonsched.project.for_editors import json_schema

FILE, SCHEMA = "fleet.yaml", "fleet.schema.json"
_PLACES = ((52.5, 13.4), (59.3, 18.1), (40.4, -3.7), (48.9, 2.4), (41.9, 12.5), (53.3, -6.3))
_START, _HOURS = "2025-06-02", 72

_FLEET = """\
# yaml-language-server: $schema={schema}
# A fleet in one file. Check it:    carbonsched build {file}
# Make it a schedule:               carbonsched solve {file}
# Amounts have units (500 kW, 60 EUR/MWh, 0.4 kg/kWh); a bare number is in MW, MWh, h, tCO2e, ms.
# Every number here and in the tables beside is made up: replace them by yours.
title: My fleet (made-up numbers)
licence: CC0-1.0
currency: EUR                 # of every amount; others need a rate, such as
# rates:                      # (what one USD is worth)
#   USD: {{value: 0.92, date: 2025-06-02, source: where it is from}}

horizon:
  start: {start} 00:00
  days: 3                     # or periods: 72, or end: 2025-06-05 00:00
  step: 1 h                   # or 15 min
  zone: Europe/Berlin         # of every time in this file that says no other

defaults:                     # what an entry says that does not say it itself
  sites:
    cooling: 1.25             # PUE
    price: {{file: prices.csv, zone: UTC, unit: EUR/MWh}}
    carbon_intensity: {{file: intensities.csv, zone: UTC, unit: g/kWh}}
  jobs:
    reward: 250 EUR/MWh       # of IT energy; or an amount, such as 9000 EUR

sites:                        # one more site is one more entry
{sites}
jobs:                         # a mapping, a list, or a table; here a table and a job of its own
  - file: jobs.csv            # columns are called as the keys of a job, with units in brackets;
                              # a key within a key has a dot: running.site, battery.energy [MWh]
  - name: weekly-evaluation
    power: 400 kW
    duration: 90 min          # or a number of periods
    release: 2025-06-03 08:00
    deadline: 2025-06-03 20:00
    required: true            # it must run
    allowed: [{first}]
  # - name: under-way         # one that is running already: where, and for how long it has run
  #   power: 300 kW
  #   duration: 30 h
  #   running: {{site: {first}, done: 12 h}}   # or started: 2025-06-01 12:00
  # A cluster's own log: {{file: sacct.txt, profile: slurm, kw_per_gpu: 0.7}}

services:
  chat:
    home: {first}
    demand: {{file: requests.csv, column: chat, zone: UTC}}   # requests per second
    power_per_unit: 1.2 kW    # of IT for each of them
    value: 0.4 EUR/h
    latency_limit: 60 ms
  batch-embedding:
    home: {last}
    demand: {{file: requests.csv, column: batch-embedding, zone: UTC}}
    power_per_unit: 0.8 kW
    value: 0.1 EUR/h          # no latency_limit: any site may serve

latency: coordinates          # or 20 ms, or {{file: latency.csv}}: origins by sites
carbon_budget: 60 t           # or none
"""
_FIRST = """\
  {name}:
    it_capacity: 5 MW
    coordinates: [{lat}, {lon}]
    price: {{column: {name}}}     # the file is that of the defaults
    carbon_intensity: {{column: {name}}}
    generation:
      solar: {{capacity: 3 MW, factor: {{file: sun.csv, column: {name}, zone: UTC}}}}
    battery: {{energy: 4 MWh, charge: 2 MW, round_trip_efficiency: 88 %, min: 10 %}}
    export_limit: 2 MW
    export_price: 80 %        # of the price
"""
_OTHER = """\
  {name}:
    it_capacity: 4000 kW
    coordinates: [{lat}, {lon}]
    price: {{column: {name}}}
    carbon_intensity: {{column: {name}}}
"""
_LAST = """\
  {name}:
    it_capacity: 3 MW
    cooling: 1.15
    coordinates: [{lat}, {lon}]
    zone: Europe/Berlin
    price:                    # a tariff by local time
      otherwise: 62 EUR/MWh
      time_of_use:
        - {{days: Mon-Fri, hours: 16-21, price: 140 EUR/MWh}}
        - {{hours: 22-6, price: 38 EUR/MWh}}
    carbon_intensity: 210 g/kWh
"""


def template(sites: Sequence[str] = ("north", "middle", "south")) -> dict[str, str]:
    """Return the files of a new fleet, by name: `fleet.yaml`, its schema, and tables beside it.

    Parameters
    ----------
    sites : sequence of str
        Their names, at least one.

    Examples
    --------
    >>> sorted(template())[:3]
    ['fleet.schema.json', 'fleet.yaml', 'intensities.csv']
    """
    names = [_name(name) for name in sites]
    if not names or len(set(names)) < len(names) or not all(map(str.strip, sites)):
        raise ValueError("expected different names of sites, at least one")
    entries = ""
    for k, name in enumerate(names):
        place = _PLACES[k % len(_PLACES)]
        form = _FIRST if k == 0 else _LAST if k == len(names) - 1 else _OTHER
        entries += form.format(name=name, lat=place[0], lon=place[1])
    fleet = _FLEET.format(
        schema=SCHEMA, file=FILE, start=_START, sites=entries, first=names[0], last=names[-1]
    )
    schema = json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"
    return {FILE: fleet, SCHEMA: schema, "jobs.csv": _JOBS, **_series(sites)}


def _name(text: str) -> str:
    """Return a name as YAML takes it for nothing else."""
    plain = re.fullmatch(r"[A-Za-z][\w -]*\w", text) and text.lower() not in _TAKEN
    return text if plain else json.dumps(text, ensure_ascii=False)


_TAKEN = ("yes", "no", "on", "off", "true", "false", "null", "none", "file", "name")

_LABEL = "# made-up numbers: replace them by yours"
_JOBS = f"""\
{_LABEL}
name,power [kW],duration,release,deadline
pretraining-a,1800,30 h,2025-06-02 00:00,2025-06-04 12:00
pretraining-b,1200,20 h,2025-06-02 06:00,2025-06-04 00:00
fine-tuning-a,900,8 h,2025-06-02 09:00,2025-06-03 09:00
fine-tuning-b,700,6 h,2025-06-03 00:00,2025-06-04 00:00
ablation,300,12 h,,
"""


def _series(sites: Sequence[str]) -> dict[str, str]:
    """Return made series: prices and intensities with a dip at noon, sun, requests."""
    times = pd.date_range("2025-06-01", periods=_HOURS + 48, freq="h")
    hour = times.hour.to_numpy()
    draw = np.random.default_rng(7)
    sun = np.clip(np.sin((hour - 4) / 16 * np.pi), 0, None) * ((hour > 4) & (hour < 20))
    prices, intensities, factors = {}, {}, {}
    for k, name in enumerate(sites):
        noise = draw.normal(0, 4, len(times))
        evening = np.exp(-(((hour - 19) / 2.5) ** 2))
        prices[name] = (62 + 6 * k - 35 * sun + 70 * evening + noise).round(2)
        intensities[name] = (320 - 90 * k % 250 - 120 * sun + 60 * evening + noise).round(0)
        factors[name] = (sun * draw.uniform(0.5, 0.9, len(times))).round(3)
    day = np.sin((hour - 8) / 24 * 2 * np.pi)
    requests = {
        "chat": (900 + 500 * day + draw.normal(0, 20, len(times))).round(1),
        "batch-embedding": (300 + draw.normal(0, 10, len(times))).round(1),
    }
    index = pd.Index(times.strftime("%Y-%m-%d %H:%M"), name="time")
    tables = {
        "prices.csv": prices,
        "intensities.csv": intensities,
        "sun.csv": factors,
        "requests.csv": requests,
    }
    return {
        name: f"{_LABEL}\n" + pd.DataFrame(columns, index).to_csv(lineterminator="\n")
        for name, columns in tables.items()
    }
