"""Made files in the formats of five sources, and the project file that joins them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

START, DAYS = pd.Timestamp("2025-10-25"), 3  # the clocks of Berlin go back on the second day
ZONES = ("DE", "SE", "ES", "FR", "IT")

# A whole project in five lines: what a test adds begins in line 6.
HEAD = """\
title: T
currency: EUR
horizon: {start: 2025-06-02 00:00, periods: 4, zone: Europe/Berlin}
sites:
  a: {it_capacity: 5 MW, price: 60, carbon_intensity: 0.3}
"""

FLEET = """\
title: Five sites
licence: CC0-1.0
currency: EUR
rates:
  SEK: {value: 0.09, date: 2025-10-25, source: made}
horizon: {start: 2025-10-25 00:00, end: 2025-10-27 12:00, zone: Europe/Berlin}
defaults:
  sites:
    it_capacity: 6 MW
    cooling: 1.2
    price: {file: smard.csv, profile: smard}
    carbon_intensity:
      file: intensities.csv
      profile: electricitymaps
      column: direct
    generation:
      sun: {capacity: 2 MW, rated: 1 kW, output: {file: pvgis.csv, profile: pvgis}}
  jobs: {reward: 200 EUR/MWh}
sites:
  berlin:
    price: {column: Deutschland}
    carbon_intensity: {select: {Zone Id: DE}}
    battery: {energy: 4 MWh, charge: 1 MW, round_trip_efficiency: 90 %}
  stockholm:
    price: {file: nordic.csv, profile: none, zone: Europe/Stockholm}
    carbon_intensity: {select: {Zone Id: SE}}
    generation: none
  madrid:
    price: {column: Spanien}
    carbon_intensity: {select: {Zone Id: ES}}
    export_limit: 1 MW
    export_price: 90 %
  paris:
    price: {column: Frankreich}
    carbon_intensity: {select: {Zone Id: FR}}
  rome:
    zone: Europe/Rome
    price: {otherwise: 80 EUR/MWh, time_of_use: [{hours: 8-20, days: Mon-Fri, price: 140 EUR/MWh}]}
    carbon_intensity: {select: {Zone Id: IT}}
jobs:
  - {file: sacct.txt, profile: slurm, kw_per_gpu: 0.7, zone: Europe/Berlin, slack: 24h}
  - {name: monthly, power: 1 MW, duration: 10 h, required: true, allowed: [paris, rome]}
services:
  chat:
    home: berlin
    demand: 800
    power_per_unit: 1.5 kW
    latency_limit: 30 ms
latency: {file: latency.csv}
carbon_budget: 25 t
"""

SIXTH = """\
  oslo:
    price: 55 EUR/MWh
    carbon_intensity: 20 g/kWh
"""


def write(folder: Path) -> Path:
    """Write all of it and return the project file."""
    draw = np.random.default_rng(5)
    hours = pd.date_range(START - pd.Timedelta(days=1), periods=24 * (DAYS + 2), freq="h")
    local = hours.tz_localize("UTC").tz_convert("Europe/Berlin")
    _smard(folder, local, draw)
    _nordic(folder, local, draw)
    _intensities(folder, hours, draw)
    _sun(folder, hours)
    _jobs(folder, draw)
    names = ["berlin", "stockholm", "madrid", "paris", "rome", "oslo"]
    far = pd.DataFrame([[1, 22, 45, 18, 26, 24]], ["berlin"], names)
    far.rename_axis("origin").to_csv(folder / "latency.csv")
    path = folder / "fleet.yaml"
    path.write_text(FLEET, encoding="utf-8")
    return path


def _smard(folder: Path, local: pd.DatetimeIndex, draw: np.random.Generator) -> None:
    names = ("Deutschland", "Spanien", "Frankreich")
    rows = ["Datum von;Datum bis;" + ";".join(f"{n} [€/MWh] Originalauflösungen" for n in names)]
    for stamp in local:
        cells = [f"{price:.2f}".replace(".", ",") for price in draw.uniform(20, 110, len(names))]
        until = stamp + pd.Timedelta(hours=1)
        rows.append(";".join([f"{stamp:%d.%m.%Y %H:%M}", f"{until:%d.%m.%Y %H:%M}", *cells]))
    (folder / "smard.csv").write_text("\ufeff" + "\n".join(rows), encoding="utf-8")


def _nordic(folder: Path, local: pd.DatetimeIndex, draw: np.random.Generator) -> None:
    price = draw.uniform(100, 700, len(local)).round(1)
    table = pd.DataFrame({"time": local.strftime("%Y-%m-%d %H:%M"), "SE3 [SEK/MWh]": price})
    table.to_csv(folder / "nordic.csv", index=False)


def _intensities(folder: Path, hours: pd.DatetimeIndex, draw: np.random.Generator) -> None:
    unit = "Carbon intensity gCO₂eq/kWh"
    tables = [
        pd.DataFrame(
            {
                "Datetime (UTC)": hours.strftime("%Y-%m-%d %H:%M:%S"),
                "Zone Id": zone,
                f"{unit} (direct)": draw.uniform(20, 400, len(hours)).round(2),
                f"{unit} (Life cycle)": draw.uniform(50, 450, len(hours)).round(2),
            }
        )
        for zone in ZONES
    ]
    pd.concat(tables).to_csv(folder / "intensities.csv", index=False)


def _sun(folder: Path, hours: pd.DatetimeIndex) -> None:
    power = 800 * np.clip(np.sin((hours.hour - 6) / 12 * np.pi), 0, None)
    rows = [f"{h:%Y%m%d:%H}10,{p:.1f},0.0" for h, p in zip(hours, power, strict=True)]
    head = ["Latitude (decimal degrees):\t52.000", "", "time,P,G(i)"]
    (folder / "pvgis.csv").write_text("\n".join([*head, *rows, "", "P: PV system power (W)"]))


def _jobs(folder: Path, draw: np.random.Generator) -> None:
    rows = ["JobID|Submit|Start|End|ElapsedRaw|State|AllocTRES"]
    for k in range(6):
        submit = START + pd.Timedelta(minutes=int(draw.integers(60, 24 * 60)))
        length = int(draw.integers(1, 12)) * 3600 + 900
        begin = submit + pd.Timedelta(minutes=30)
        end = begin + pd.Timedelta(length, "s")
        times = [f"{time:%Y-%m-%dT%H:%M:%S}" for time in (submit, begin, end)]
        gpus = f"cpu=64,gres/gpu={draw.integers(1, 9) * 256},node=2"
        rows.append("|".join([str(100 + k), *times, str(length), "COMPLETED", gpus]))
    (folder / "sacct.txt").write_text("\n".join(rows))
