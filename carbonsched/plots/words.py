"""Figures in words, for who cannot see them: what is drawn, and what there is to be seen."""

from __future__ import annotations

import math
from datetime import tzinfo

import numpy as np

from carbonsched.core.instance import Instance
from carbonsched.currency import currency_of
from carbonsched.plots.balance import SUPPLY, USE
from carbonsched.plots.carbon import emitted
from carbonsched.plots.choice import require_figure
from carbonsched.plots.flow_map import places_of
from carbonsched.plots.routes import served
from carbonsched.plots.timeline import clock_of, instant
from carbonsched.schedule import Schedule


def alt(
    kind: str, instance: Instance, schedule: Schedule | None = None, zone: tzinfo | None = None
) -> str:
    """Return the alternative text of a figure: what it shows, with the numbers that stand out.

    Parameters
    ----------
    kind : {"dispatch", "gantt", "budget", "prices", "flows"}
    instance : Instance
    schedule : Schedule, optional
        All but "prices" need one.
    zone : tzinfo, optional
        Whose clocks instants are told by; by default UTC. The words name it.

    Raises
    ------
    ValueError
        There is no such figure, or it is one of a schedule and there is none.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=1, services=0)
    >>> alt("gantt", instance, cs.solve(instance)).partition(":")[0]
    'Gantt chart of 1 job within its window'
    """
    require_figure(kind, schedule)
    if kind == "prices" or schedule is None:
        return _prices(instance)
    if kind == "gantt":
        return _gantt(instance, schedule, zone)
    return {"dispatch": _dispatch, "budget": _budget, "flows": _flows}[kind](instance, schedule)


def _dispatch(instance: Instance, schedule: Schedule) -> str:
    told = []
    for site in instance.data.site.values:
        own = schedule.data.sel(site=site)
        energy = {
            label: float(own[name].sum()) * instance.data.step_hours.item()
            for name, (label, *_) in (SUPPLY | USE).items()
        }
        parts = ", ".join(f"{label} {mwh:,.0f} MWh" for label, mwh in energy.items() if mwh >= 0.5)
        told.append(f"{site}: {parts or 'next to nothing'}")
    return f"Power balance of each site over time, stacked by source and use. {'; '.join(told)}."


def _gantt(instance: Instance, schedule: Schedule, zone: tzinfo | None) -> str:
    starts = schedule.data.start.transpose("job", "site", "time").values > 0.5
    runs = []
    for job, site, time in np.argwhere(starts):
        given = instance.data
        runs.append(
            f"{given.job.values[job]} on {given.site.values[site]} from "
            f"{instant(instance, time, zone)}"
        )
    declined = [
        str(j) for j, on in zip(instance.data.job.values, starts, strict=True) if not on.any()
    ]
    many = (
        "1 job within its window"
        if len(starts) == 1
        else f"{len(starts)} jobs within their windows"
    )
    said = [*runs[:20], *([f"{len(runs) - 20} more"] if len(runs) > 20 else [])]
    last = f"; declined: {', '.join(declined[:20])}" if declined else ""
    clock = f", times in {clock}" if (clock := clock_of(instance, zone)) else ""
    return f"Gantt chart of {many}{clock}: {', '.join(said) or 'none runs'}{last}."


def _budget(instance: Instance, schedule: Schedule) -> str:
    total = emitted(instance, schedule).sum(axis=1)
    most = instance.data.carbon_budget.item()
    of = f" of a budget of {most:,.4g} tCO2e" if math.isfinite(most) else ", without a budget"
    by = ", ".join(
        f"{site} {own:,.4g}" for site, own in zip(instance.data.site.values, total, strict=True)
    )
    return f"Emissions so far, stacked by site, rising to {total.sum():z,.4g} tCO2e{of}: {by}."


def _prices(instance: Instance) -> str:
    data, unit = instance.data, f"{currency_of(instance.data)}/MWh"
    told = []
    for site in data.site.values:
        price, carbon = data.import_price.sel(site=site), data.carbon_intensity.sel(site=site)
        told.append(
            f"{site}: {float(price.min()):z,.4g} to {float(price.max()):z,.4g} {unit}, "
            f"{float(carbon.min()):.3g} to {float(carbon.max()):.3g} tCO2e/MWh"
        )
    return (
        f"Import and export price and carbon intensity of each site over time. {'; '.join(told)}."
    )


def _flows(instance: Instance, schedule: Schedule) -> str:
    power = served(instance, schedule)
    sites = power.site.values
    told = [
        f"{sites[i]} to {sites[j]} {power.values[i, j]:.3g} MW"
        for i, j in sorted(
            np.argwhere(power.values > 5e-4).tolist(), key=lambda p: -power.values[*p]
        )
    ]
    said = "; ".join(told[:20]) or "there is none"
    form = "Matrix" if places_of(instance.data) is None else "Map"
    return f"{form} of mean inference power by where it arises and where it is served: {said}."
