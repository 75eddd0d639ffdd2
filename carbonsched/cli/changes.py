"""What changes from one schedule to another, in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

import pandas as pd
import typer

from carbonsched.cli.answer import MOST_ROWS, show_frame
from carbonsched.cli.terminal import plain
from carbonsched.output.compare import Comparison
from carbonsched.output.energy import with_total
from carbonsched.output.zones import common, told

_HOURLY = ("facility_power", "grid_import", "grid_export", "generate", "emissions", "cost")
_SEEN = 0.005  # MWh, tCO2e or currency: less is written as nothing


def show_changes(
    change: Comparison,
    files: Mapping[str, tuple[object, object]],
    clocks: Mapping[str, tzinfo],
    *,
    every_hour: bool,
) -> None:
    """Print a comparison: terms with their sum, jobs that are not as they were, sites, hours.

    Parameters
    ----------
    change : Comparison
    files : mapping of str to tuple
        The files of the schedule and the instance, "before" and "after".
    clocks : mapping of str to tzinfo
        By whose the instants of a site are told; UTC of a site without.
    every_hour : bool
        However many there are.
    """
    typer.echo(plain(" to ".join(str(schedule) for schedule, _ in files.values())))
    terms = change.terms
    show_frame(with_total(terms, "objective"), "term", list(terms), "by term", None, "")
    for when, objective in change.stated.items():
        schedule, given = files[when]
        own = f"{schedule} states {objective:,.2f} {terms.attrs['units']['change']} of its own"
        why = f"it was solved for other numbers; here it is valued by {given}"
        typer.echo(plain(f"{own}: {why}"))
    same = len(change.jobs) - len(change.moved)
    if len(change.moved):
        jobs = _local(change.moved, clocks)
        show_frame(jobs, "job", list(jobs), f"by job; {same} as before", None, "")
    else:
        typer.echo(f"by job: all {same} as before")
    shown = [name for name in change.sites if name != "it"]  # the facility draws it, with cooling
    show_frame(with_total(change.sites, "all sites"), "site", shown, "by site", None, "")
    hours = change.hours[list(_HOURLY)]
    hours = _with(change.hours, hours.loc[(hours.abs() > _SEEN).any(axis=1)])
    if hours.empty:
        typer.echo("by hour: nothing changes")
        return
    dated, zone = hours.index.dtype.kind == "M", common(clocks, change.sites.index)
    head = f"from [{zone if zone is not None else 'UTC'}]" if dated else "period"
    hours.index = [told(at, zone) for at in hours.index]
    most = None if every_hour else MOST_ROWS
    title = f"by hour, {len(hours)} of {len(change.hours)} change"
    show_frame(hours, head, list(hours), title, most, "give --hours")


def _with(like: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    frame.attrs["units"] = like.attrs["units"]
    return frame


def _local(jobs: pd.DataFrame, clocks: Mapping[str, tzinfo]) -> pd.DataFrame:
    """Return the jobs with their instants as text by the clocks of the sites they run at."""
    made = jobs.copy()
    for name, unit in jobs.attrs["units"].items():
        sites = jobs[f"site_{name.partition('_')[2]}"]
        zones = [clocks.get(site) if isinstance(site, str) else None for site in sites]
        made[name] = pd.Series(list(map(told, jobs[name], zones)), jobs.index, object)
        if unit == "UTC" and clocks:
            made.attrs["units"] = made.attrs["units"] | {name: "local time"}
    pairs = zip(jobs.site_before, jobs.site_after, strict=True)
    sites = (dict.fromkeys(site for site in pair if isinstance(site, str)) for pair in pairs)
    made["site"] = [" to ".join(own) or "-" for own in sites]
    columns = ["change", "site", "start_before", "start_after"]
    if jobs.change.str.contains("longer|shorter").any():  # else the start says it
        columns += ["end_before", "end_after"]
    return _with(made, made.filter(columns))
