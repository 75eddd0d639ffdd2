"""What stands in a report: every table, sentence and figure, as its template takes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import numpy as np
import pandas as pd

import carbonsched
from carbonsched.core.instance import Instance
from carbonsched.currency import currency_of, in_currency
from carbonsched.errors import CertificateError
from carbonsched.io.digest import digest
from carbonsched.io.horizon import horizon
from carbonsched.judge.plan import plan
from carbonsched.judge.verify import verify
from carbonsched.output.energy import energy, with_total
from carbonsched.output.figures import on_page
from carbonsched.output.notes import notes_of
from carbonsched.output.words import amount, in_words, standing_by_file
from carbonsched.output.zones import common, in_local_time, zone_of, zones_of
from carbonsched.proof.certificate import Certificate
from carbonsched.proof.rational import as_float
from carbonsched.schedule import Schedule

FIGURES = {
    "gantt": "Jobs in time",
    "dispatch": "Power of each site",
    "budget": "Emissions against the budget",
    "prices": "Prices and carbon intensity",
    "flows": "Where inference is served",
}
_SLOTS = {
    "routing": "inference goes to",
    "generation": "on-site generation",
    "export": "export to the grid",
    "storage": "batteries",
    "carbon": "carbon",
    "workload": "workload",
}
_MOST_JOBS = 2000  # a page is to be read; `carbonsched export` has them all


@dataclass(frozen=True)
class Table:
    """A table of a page: heads, rows of text, and which columns are numbers."""

    heads: list[str]
    rows: list[list[str]]
    numeric: list[bool]


def content(
    instance: Instance, schedule: Schedule, certificate: Certificate | None, zone: str | None
) -> dict[str, Any]:
    """Return what stands in a report, by the names that its template has for it."""
    from carbonsched.plots import COLOURS, DARK

    data = instance.data
    frame = plan(instance, schedule)
    own = dict.fromkeys(data.site.values, zone_of(zone)) if zone else zones_of(data)
    declined, running = frame.loc[~frame.accepted], frame.loc[frame.accepted]
    judged = verify(instance, schedule)
    sites = with_total(energy(instance, schedule), "all sites")
    money = currency_of(data)
    verdict = None if certificate is None else _verdict(instance, schedule, certificate)
    return {
        "title": str(data.attrs.get("title", "")) or "Schedule",
        "description": str(data.attrs.get("description", "")),
        "made": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "version": carbonsched.__version__,
        "answer": _answer(instance, schedule, frame, verdict),
        "running": _table(in_local_time(running.sort_values("start", kind="stable"), own), "job",
                          ("site", "start", "end", "power", "reward")),
        "declined": _table(declined, "job", ("power", "reward", "reason")),
        "left_out": max(len(running), len(declined)) > _MOST_JOBS,
        "sites": _table(sites, "site", tuple(sites)),
        "terms": [(name, f"{amount(value)} {money}") for name, value in schedule.benefit.items()],
        "objective": f"{amount(schedule.objective)} {money}",
        "light": COLOURS,
        "dark": DARK,
        "figures": _figures(instance, schedule, common(own, data.site.values)),
        "assumptions": _assumptions(schedule),
        "notes": notes_of(data),
        "given": _given(instance),
        "sources": _sources(instance),
        "digest": digest(instance),
        "verified": judged.ok,
        "verification": str(judged).splitlines(),
        "checks": _checks(judged.checks),
        "certificate": verdict,
        "versions": dict(schedule.versions),
    }  # fmt: skip


def _answer(
    instance: Instance, schedule: Schedule, frame: pd.DataFrame, verdict: dict[str, Any] | None
) -> list[tuple[str, str]]:
    money, budget = currency_of(instance.data), instance.data.carbon_budget.item()
    running, jobs = int(frame.accepted.sum()), len(frame)
    held = schedule.method.carbon == "budget"
    proved = verdict["proved"] if verdict is not None else ""
    limit = "no budget" if np.isinf(budget) else f"budget {amount(budget, 3)} tCO2e"
    if np.isfinite(budget) and not held:
        limit += ", which this method does not hold"
    return [
        ("Benefit", f"{amount(schedule.objective)} {money}"),
        ("Jobs", f"{running} of {jobs} run"),
        ("Emissions", f"{amount(schedule.emissions, 3)} tCO2e; {limit}"),
        ("How good", proved or standing_by_file(schedule)),
        ("Horizon", horizon(instance)),
    ]


def _figures(instance: Instance, schedule: Schedule, where: tzinfo | None) -> list[dict[str, str]]:
    from carbonsched.plots import alt

    kinds = [k for k in FIGURES if k != "flows" or instance.data.sizes["service"]]
    kinds = [k for k in kinds if k != "gantt" or instance.data.sizes["job"]]
    return [
        {
            "title": FIGURES[kind],
            "alt": alt(kind, instance, schedule, where),
            **on_page(kind, instance, schedule, where),
        }
        for kind in kinds
    ]


def _assumptions(schedule: Schedule) -> list[tuple[str, str]]:
    method, stated = schedule.method, schedule.formulation
    rows = [("method", method.name)]
    rows += [(words, str(getattr(method, slot))) for slot, words in _SLOTS.items()]
    rows.append(("solver", f"{schedule.solver}, {schedule.runtime:.2f} s, ended {schedule.status}"))
    rows.append(("jobs are stated as", stated.jobs))
    families = ", ".join(family.name for family in schedule.families)
    rows.append(("families beside the paper's", families or "none"))
    bound = (
        f"{amount(schedule.bound)} {schedule.currency}" if np.isfinite(schedule.bound) else "none"
    )
    rows.append(("bound, by the schedule's file", bound))
    gap = f"{schedule.gap:.3%} of what can be decided" if np.isfinite(schedule.gap) else "none"
    rows.append(("gap, by the schedule's file", gap))
    return rows


def _given(instance: Instance) -> Table:
    """Return the range of every number that is given, with its unit."""
    rows = []
    for name, quantity in instance.quantities.items():
        values = instance.data[name].values.ravel()
        if quantity.kind != "float" or not values.size:
            continue
        unit = in_currency(quantity.unit, currency_of(instance.data))
        least, most = (f"{v + 0.0:,.6g}" for v in (values.min(), values.max()))
        rows.append([name.replace("_", " "), quantity.meaning, least, most, unit])
    heads = ["what", "meaning", "smallest", "largest", "unit"]
    return Table(heads, rows, [False, False, True, True, False])


def _sources(instance: Instance) -> Table:
    """Return where numbers come from and under which licence: of the whole, then of a variable."""
    attrs = instance.data.attrs
    rows = [["the instance", str(attrs.get("source", "")), str(attrs.get("licence", ""))]]
    for name, array in instance.data.items():
        about = [str(array.attrs.get(key, "")) for key in ("source", "licence")]
        if any(about):
            rows.append([str(name).replace("_", " "), *about])
    return Table(["what", "source", "licence"], rows, [False] * 3)


def _checks(checks: Iterable[Any]) -> Table:
    rows = [
        [
            f"({c.equation})",
            c.row,
            f"{c.worst:.3g} {c.unit}".removesuffix(" 1"),
            "holds" if c.ok else "BROKEN",
        ]
        for c in checks
    ]
    return Table(["equation", "row", "off by at most", ""], rows, [False, False, True, False])


def _verdict(instance: Instance, schedule: Schedule, certificate: Certificate) -> dict[str, Any]:
    """Check a certificate anew, and whether it is one of this schedule."""
    try:
        certificate.check(instance)
    except CertificateError as error:
        return {"holds": False, "lines": list(error.faults), "same": False, "proved": ""}
    starts = schedule.data.start.transpose("job", "site", "time").values > 0.5
    placed = {tuple(map(int, at)) for at in np.argwhere(starts)}
    money = currency_of(instance.data)
    best = as_float(certificate.bound)
    distance = max(best - schedule.objective, 0.0)
    lines = [
        f"No schedule earns more than {amount(best, up=True)} {money}: proved in exact arithmetic.",
        f"This one is at most {amount(distance, up=True)} {money} from that.",
    ]
    if not certificate.feasible:
        lines += [f"Its schedule misses a limit: {miss}" for miss in certificate.missed]
    alike = certificate.method == schedule.method.name  # which the bound is for
    free = certificate.scope["workload"] != "first fit"
    return {
        "holds": certificate.feasible,
        "lines": lines,
        "same": alike and placed == set(certificate.incumbent.placements),
        "proved": f"at most {amount(distance, up=True)} {money} better exists: proved"
        if alike and free
        else "",
    }


def _table(frame: pd.DataFrame, label: str, columns: tuple[str, ...]) -> Table:
    units = frame.attrs["units"]
    heads = [f"{name} [{units[name]}]" if name in units else name for name in columns]
    numeric = [pd.api.types.is_float_dtype(frame[name]) for name in columns]
    rows = [
        [str(at), *(in_words(v, units.get(n, "")) for v, n in zip(row, columns, strict=True))]
        for at, row in zip(
            frame.index[:_MOST_JOBS], frame[list(columns)].itertuples(index=False), strict=False
        )
    ]
    return Table([label, *heads], rows, [False, *numeric])
