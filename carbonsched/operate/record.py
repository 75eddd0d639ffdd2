"""What each step knew and did, one row a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

# name: unit, meaning
COLUMNS: dict[str, tuple[str, str]] = {
    "issued": ("", "first period that was not known"),
    "ends": ("", "last period of the window"),
    "periods": ("1", "periods committed"),
    "placed": ("1", "jobs that started"),
    "moved": ("1", "jobs that wait and are planned otherwise than a step before"),
    "policy": ("", "what was let go so that there was a plan, and how it was settled"),
    "cut": ("MWh of IT", "believed demand beyond what can be served, left out of the plan"),
    "planned_benefit": ("USD", "of the committed periods, as believed"),
    "settled_benefit": ("USD", "of the committed periods, as it came"),
    "believed_cost": ("USD", "of energy and wear in the committed periods, as believed"),
    "true_cost": ("USD", "of energy and wear in the committed periods, as it came"),
    "emissions": ("tCO2e", "of the committed periods, as it came"),
    "carbon_cap": ("tCO2e", "most that the window may emit"),
    "carbon_price": ("USD/tCO2e", "what the outlook charges for emissions"),
    "carbon_left": ("tCO2e", "left of the budget after the step"),
    "unserved": ("MWh of IT", "inference that was not served"),
    "overdrawn": ("MWh", "imported beyond the limit, to feed jobs that run"),
    "seconds": ("s", "that the step took"),
}
_TEXT = ("policy",)
_LABELS = ("issued", "ends")


def record_of(rows: Iterable[Mapping[str, Any]], times: pd.Index) -> xr.Dataset:
    """Return the rows as a dataset over `step`, with units; times are labels of the horizon."""
    rows = list(rows)
    number = np.arange(len(rows))
    arrays: dict[str, Any] = {}
    for name, (unit, meaning) in COLUMNS.items():
        column = [row[name] for row in rows]
        if name in _LABELS:
            values = times[np.array(column, int)].values
        elif name in _TEXT:
            values = np.array(column, object)
        else:
            values = np.array(column, float)
        about = {"long_name": meaning} | ({"units": unit} if unit else {})
        arrays[name] = ("step", values, about)
    return xr.Dataset(arrays, {"step": number})


def kept_rows(rows: Iterable[Mapping[str, Any]]) -> xr.Dataset:
    """Return the rows to keep in a file, periods by position."""
    rows = list(rows)
    arrays = {
        f"step_{name}": (
            "step",
            np.array([row[name] for row in rows], object if name in _TEXT else float),
        )
        for name in COLUMNS
    }
    return xr.Dataset(arrays, {"step": np.arange(len(rows))})


def read_rows(kept: xr.Dataset) -> list[dict[str, Any]]:
    """Return the rows that were kept."""
    if "step_issued" not in kept:
        return []
    columns = {name: kept[f"step_{name}"].values for name in COLUMNS}
    whole = ("issued", "ends")
    return [
        {
            name: str(column[k])
            if name in _TEXT
            else int(column[k])
            if name in whole
            else float(column[k])
            for name, column in columns.items()
        }
        for k in range(kept.sizes["step"])
    ]


def told(steps: xr.Dataset, currency: str = "USD") -> dict[str, str]:
    """Return the record in two lines: how the plans were made, and how they came.

    Examples
    --------
    >>> import carbonsched as cs
    >>> rolled = cs.roll(cs.generate(sites=1, periods=4, jobs=0, services=1), window=2, step=2)
    >>> list(told(rolled.steps))
    ['steps', 'settled']
    """
    count, periods = steps.sizes["step"], int(steps.periods.sum())
    plans = [f"{count} plans for {periods} periods, {float(steps.seconds.sum()):.1f} s"]
    if moved := int(steps.moved.sum()):
        plans.append(f"{moved} times a waiting job planned otherwise than before")
    said = [part for text in steps.policy.values for part in str(text).split("; ") if part]
    plans += [f"{what} {said.count(what)} x" for what in dict.fromkeys(said)]
    planned, came = (float(steps[f"{how}_benefit"].sum()) for how in ("planned", "settled"))
    settled = [f"{planned:,.0f} {currency} as planned, {came:,.0f} as it came"]
    for name, what in (("unserved", "unserved"), ("overdrawn", "beyond the import limit")):
        if (missed := float(steps[name].sum())) > 0:
            settled.append(f"{missed:.3g} MWh {what}")
    left = float(steps.carbon_left.values[-1])
    if np.isfinite(left):
        settled.append(
            f"{left:,.6g} tCO2e of the budget left" if left >= 0 else f"{-left:.3g} tCO2e over"
        )
    return {"steps": "; ".join(plans), "settled": "; ".join(settled)}
