"""What a live page shows before it lives, and without JavaScript: its settings as a table.

The notebooks of the live pages call `sliders` and `methods`; `web/src/ui/mount.ts` puts the live
figure in the place of what they return, and reads what the sliders need to know from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from carbonsched import Instance, Schedule, solve
from carbonsched.core.reach import endless_positions
from carbonsched.currency import currency_of
from carbonsched.output import PageTable, as_table
from carbonsched.output.words import amount
from carbonsched.page.package import cells

SETTINGS = Path(__file__).parents[1] / "web/src/ui/settings.json"
SCRIPT = '<script src="live/live.js" defer></script>'


def sliders(instance: Instance, schedule: Schedule, package: str, still: str) -> str:
    """Return the place of a live figure, with a table of what can be set.

    Parameters
    ----------
    instance : Instance
    schedule : Schedule
        The best one of the instance as given.
    package : str
        Name of the file beside the page that has the instance's model.
    still : str
        Id of the figure that stands for the live one until its first answer.
    """
    start = _start(instance, schedule)
    rows = pd.DataFrame(_settings(instance, start), columns=["setting", "as given", "from", "to"])
    table = as_table(rows, caption="What can be set on this page with JavaScript")
    return _place("sliders", package, still, table, start)


def methods(
    instance: Instance, schedules: Mapping[str, Schedule], paper: pd.DataFrame, package: str
) -> str:
    """Return the place of the live Table I, with the paper's and Python's values.

    Parameters
    ----------
    instance : Instance
    schedules : mapping of str to Schedule
        The best one by each method.
    paper : pandas.DataFrame
        `data/paper/table1.csv`, by method.
    package : str
        Name of the file beside the page that has the instance's model.
    """
    money = currency_of(instance.data)
    rows = [
        {
            "name": name,
            "title": name.replace("_", " "),
            **_outcome(found),
            "paper": {key: float(paper.loc[name, key]) for key in ("objective", "emissions")},
        }
        for name, found in schedules.items()
    ]
    shown = pd.DataFrame(
        {
            "method": [row["title"] for row in rows],
            "objective, paper": [row["paper"]["objective"] for row in rows],
            "objective, Python": [row["objective"] for row in rows],
            "emissions, paper": [row["paper"]["emissions"] for row in rows],
            "emissions, Python": [row["emissions"] for row in rows],
        }
    )
    units = {name: "tCO2e" if name.startswith("emissions") else money for name in shown}
    table = as_table(
        shown,
        caption="The paper's Table I, and our default instance solved in Python",
        units={name: unit for name, unit in units.items() if name != "method"},
        formats=dict.fromkeys(list(shown)[1:], ",.0f"),
    )
    start = _start(instance, schedules["joint"]) | {"methods": rows}
    return _place("methods", package, "", table, start)


def least_emissions(instance: Instance) -> float:
    """Return what every schedule emits at least, tCO2e, jobs declined if need be.

    It is the least cost where a tonne costs a dollar and nothing else costs or earns.
    """
    data = instance.data
    free = ("export_price", "battery_cost", "battery_value", "reward", "startup_cost", "value")
    priced = instance.replace(
        **dict.fromkeys(free, 0.0),
        import_price=data.carbon_intensity.drop_attrs(),
        generation_cost=data.generation_carbon.drop_attrs(),
        carbon_budget=np.inf,
    )
    return -solve(priced, gap=1e-6, progress=False).objective


def _outcome(schedule: Schedule) -> dict[str, float]:
    """Return what is told of a schedule, in digits that any machine agrees on."""
    return {
        "objective": round(schedule.objective, 1),
        "emissions": float(f"{schedule.emissions:.4g}"),
    }


def _start(instance: Instance, schedule: Schedule) -> dict[str, Any]:
    """Return what `web/src/ui/stops.ts` calls a start."""
    data = instance.data
    first, _ = endless_positions(data)
    budget = data.carbon_budget.item()
    ends = zip(
        data.job.values, first.clip(min=0), data.duration.values, cells(data.deadline, "time"),
        strict=True,
    )  # fmt: skip
    return {
        "currency": currency_of(data),
        "budget": budget if np.isfinite(budget) else "inf",
        **_outcome(schedule),
        "least": float(np.ceil(least_emissions(instance) * 10) / 10),
        "times": cells(data.time, "time"),
        "jobs": [
            {"name": str(job), "earliest": int(begin + length - 1), "deadline": deadline}
            for job, begin, length, deadline in ends
        ],
    }


def _settings(instance: Instance, start: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield the rows of the table: what can be set, how it is given, and between what."""
    emitted = start["emissions"]
    for name, move in json.loads(SETTINGS.read_text(encoding="utf-8")).items():
        label = move["label"].lower()
        if name == "deadline":
            yield [f"{label} a job", "its own", "the earliest it can end", "the end of the horizon"]
        elif "factor" in move:
            ends = [f"{move['factor'][end]:g} ×" for end in ("from", "to")]
            yield [label, "1 ×", *ends]
        else:
            given = instance.data[name].item()
            low, high = start["least"], max(emitted * move["of_emissions"]["to"], given)
            yield [f"{label} [{move['unit']}]", amount(given), amount(low), amount(high)]


def _place(view: str, package: str, still: str, table: PageTable, start: Mapping[str, Any]) -> str:
    told = json.dumps(start, ensure_ascii=False).replace("<", "\\u003c")
    about = f'class="cs-live" data-view="{view}" data-package="{package}" data-still="{still}"'
    return (
        f"<div {about}>{table._repr_html_()}"
        f'<script type="application/json">{told}</script></div>{SCRIPT}'
    )
