"""The settings of the live figure that the page and Python are compared at, and the two answers.

    python tests/page/live_grid.py

solves all of them in headless Chromium and by the package, and writes `data/results/live-grid.csv`.
"""

from __future__ import annotations

import itertools
import json
import math
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import carbonsched as cs

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))  # as pytest has it
from browser import FLAGS, chromium  # noqa: E402

BUILT = ROOT / "_build" / "web" / "live"
TABLE = ROOT / "data" / "results" / "live-grid.csv"
MOVES = json.loads((ROOT / "web/src/ui/settings.json").read_text(encoding="utf-8"))
LAUNCH = {"executable_path": chromium(), "args": FLAGS}
GAP = 1e-9  # of both, so that two optima can be compared to 1e-6
ENERGY = ("carbon_budget", "battery", "price")  # what a fixed workload does not go by

Setting = dict[str, Any]


@cache
def default() -> cs.Instance:
    """Return the instance of the page."""
    return cs.load(ROOT / "data" / "default")


def stops(name: str) -> list[float]:
    """Return the stops of a slider: factors, or for the budget tCO2e."""
    of_emissions = MOVES[name].get("of_emissions")
    between = of_emissions or MOVES[name]["factor"]
    count = round((between["to"] - between["from"]) / between["step"])
    values = [between["from"] + k * between["step"] for k in range(count + 1)]
    return [round(706.6 * value, 1) if of_emissions else round(value, 6) for value in values]


def grid() -> list[tuple[str, Setting]]:
    """Return method and setting of each: every stop of every slider, deadlines, several at once."""
    sliders = [name for name in MOVES if name != "deadline"]
    found = [("joint", {name: stop}) for name in sliders for stop in stops(name)]
    found += [("joint", {"deadline": due}) for due in deadlines()]
    rng = np.random.default_rng(0)

    def several(names: tuple[str, ...]) -> Setting:
        chosen = [n for n in names if rng.random() < 0.6] or [names[0]]
        return {name: float(rng.choice(stops(name))) for name in chosen}

    for _ in range(40):
        found.append(("joint", several(tuple(n for n in sliders if n != "carbon_budget"))))
    for method in ("compute_only", "no_battery", "no_routing", "no_carbon", "energy_only"):
        names = ENERGY if method == "energy_only" else tuple(sliders)
        found += [(method, several(names[1:])) for _ in range(6)]
    for generation, budget in itertools.product((0.2, 0.5, 0.8), (720.0, 960.0, 1400.0, 1900.0)):
        found.append(("joint", {"generation": generation, "carbon_budget": budget}))
    return found


def deadlines() -> Iterator[dict[str, str]]:
    """Yield some deadlines of every job, none so early that the job cannot run."""
    data = default().data
    times = data.indexes["time"]
    for job in data.job.values:
        one = data.sel(job=job)
        first = times.get_loc(one.release.values) + int(one.duration) - 1
        for at in sorted({first, (first + len(times)) // 2, len(times) - 1}):
            yield {"job": str(job), "label": f"{np.datetime_as_string(times.values[at], 's')}Z"}


def moved(setting: Setting) -> cs.Instance:
    """Return the instance with a setting, as the sliders of the page move it."""
    instance = default()
    new: dict[str, Any] = {}
    for name, value in setting.items():
        for scaled in MOVES[name].get("scales", ()):
            new[scaled] = value * instance.data[scaled]
        if name == "carbon_budget":
            new["carbon_budget"] = value
        if name == "deadline":
            due = np.datetime64(value["label"].removesuffix("Z"), "ns")
            new["deadline"] = xr.where(
                instance.data.job == value["job"], due, instance.data.deadline
            )
    return instance.replace(**new)


def python_optimum(method: str, setting: Setting) -> float:
    """Return the optimum by the package, USD; not a number if there is no schedule."""
    try:
        schedule = cs.solve(
            moved(setting), method, gap=GAP, gap_of="objective", progress=False, polish=False
        )
    except cs.InfeasibleError:
        return math.nan
    return schedule.objective


@contextmanager
def page(browser: Any) -> Iterator[Any]:
    """Open a page with the engine, from a file; it holds every address that was asked for."""
    base = f"{BUILT.as_uri()}/"
    text = f'<!doctype html><html lang="en"><title>The engine</title><script src="{base}live.js">'
    with TemporaryDirectory() as folder, browser.new_context() as context:
        blank = Path(folder) / "page.html"
        blank.write_text(f"{text}</script></html>", encoding="utf-8")
        opened = context.new_page()
        opened.asked = []
        opened.on("request", lambda request: opened.asked.append(request.url))
        opened.goto(blank.as_uri())
        opened.evaluate(
            "async base => "
            "{ globalThis.engine = await carbonsched.openEngine('default', base, () => {}); }",
            base,
        )
        yield opened


def page_answer(opened: Any, method: str, setting: Setting) -> dict[str, Any]:
    """Return the page's answer, without its decisions."""
    return opened.evaluate(
        """async ([method, setting, gap]) => {
            const { given, labels } = engine.package;
            const moved = carbonsched.apply(given, setting, labels.job);
            const { values, ...answer } = await engine.solve(moved, { method, gap });
            return answer;
        }""",
        [method, setting, GAP],
    )


def apart(one: float, other: float) -> float:
    """Return the relative difference of two optima; none if neither has a schedule."""
    if math.isnan(one) and math.isnan(other):
        return 0.0
    return abs(one - other) / max(abs(one), abs(other))


def main() -> None:
    """Write the table."""
    from playwright.sync_api import sync_playwright

    rows = []
    with sync_playwright() as play, page(play.chromium.launch(**LAUNCH)) as opened:
        page_answer(opened, "joint", {})  # the first builds the model
        for method, setting in grid():
            answer = page_answer(opened, method, setting)
            found = answer["objective"] if answer["status"] == "optimal" else math.nan
            optimum = python_optimum(method, setting)
            rows.append(
                {
                    "method": method, "setting": json.dumps(setting), "python": optimum,
                    "page": found, "apart": apart(optimum, found),
                    "carbon_price": answer["carbonPrice"], "seconds": answer["seconds"],
                }
            )  # fmt: skip
            print(rows[-1], answer["status"], flush=True)
    table = pd.DataFrame(rows)
    table.to_csv(TABLE, index=False, float_format="%.12g", lineterminator="\n")
    print(
        f"{len(table)} settings, {table.page.isna().sum()} without a schedule, at most "
        f"{table.apart.max():.1e} apart, {statistics.median(table.seconds):.3f} s in the median"
    )


if __name__ == "__main__":
    sys.exit(main())
