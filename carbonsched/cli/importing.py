"""`carbonsched import`: says what a file of one's own is understood to be, and writes it tidily."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from carbonsched.cli.outputs import Kind, require_free
from carbonsched.cli.terminal import console, explained, plain, show_rows

if TYPE_CHECKING:
    from carbonsched.sources import Series


def _holds(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"time,"


SERIES = Kind("series", _holds)


def import_series(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="CSV, .gz, .zip, .xlsx or JSON.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE.toml",
            help="What kind of file it is; see --list. If not said: tidy, a table of your own.",
        ),
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="Column of values, bidding zone, hub or region.")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone: Europe/Berlin, UTC, +02:00.")] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the values, if not stated.")] = None,
    interval: Annotated[
        str | None, typer.Option(metavar="start|end", help="What of an interval a stamp is.")
    ] = None,
    select: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=VALUE", help="Rows of a long table. Repeatable."),
    ] = None,
    year: Annotated[
        list[int] | None,
        typer.Option(help="Year of a profile that has none. Repeatable, in order."),
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook.")] = None,
    decimal: Annotated[
        str | None, typer.Option(metavar=".|,", help="Decimal mark, if not the profile's.")
    ] = None,
    thousands: Annotated[
        str | None, typer.Option(metavar="MARK", help="Mark between groups of three digits.")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="Of its stamps, such as %m/%d/%Y %H:%M."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="CSV file for it: time in UTC, value with its unit."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what an earlier run wrote there.")
    ] = False,
    listed: Annotated[
        bool,
        typer.Option(
            "--list", help="List the profiles; with --profile print that one, to copy from."
        ),
    ] = False,
) -> None:
    """Read a series from FILE and say what was understood: when, unit, gaps, every rule applied.

    Prices, carbon intensities, capacity factors, power and weather, from the files that grid
    operators and providers publish, or by a profile of your own. Nothing is written without --out.

    Example: carbonsched import prices.csv --profile smard --column Deutschland/Luxemburg
    """
    if file is None and not listed:
        raise typer.BadParameter("name the FILE to read, or --list the profiles")
    with explained():
        if file is None:
            _list() if profile is None else _print(profile)
            return
        if out is not None:
            require_free({out: SERIES}, [file], overwrite=overwrite)
        from carbonsched import sources

        chosen = dict[str, str]()
        for pair in select or ():
            name, equals, value = pair.partition("=")
            if not (name and equals):
                raise ValueError(f"select {pair!r}: write COLUMN=VALUE")
            chosen[name] = value
        series = sources.read(
            file,
            profile or "tidy",
            column=column,
            zone=zone,
            unit=unit,
            interval=interval,
            select=chosen,
            year=year,
            sheet=sheet,
            decimal=decimal,
            thousands=thousands,
            format=form,
        )
        if out is not None:
            _write(series, out)
    _describe(series, str(file))
    if out is not None:
        typer.echo(plain(f"written to {out}"))


def _list() -> None:
    from rich.table import Table

    from carbonsched.sources import profiles
    from carbonsched.sources.log_profile import JobProfile, LatencyProfile, RequestProfile

    grid = Table("profile", "what", "files of")
    of_project = (profiles(JobProfile), profiles(RequestProfile), profiles(LatencyProfile))
    for name, profile in profiles().items():
        grid.add_row(name, profile.kind.replace("_", " "), profile.title)
    for name, profile in (pair for known in of_project for pair in known.items()):
        grid.add_row(name, f"{profile.kind}, in a project file", profile.title)
    console().print(grid)


def _print(name: str) -> None:
    """Print a profile that comes with the package, as it is written."""
    from carbonsched.sources.profile import text_of

    typer.echo(text_of(name), nl=False)


def _describe(series: Series, file: str) -> None:
    """Print what a file was understood to be."""
    from carbonsched.io.horizon import span
    from carbonsched.io.zones import zone_of
    from carbonsched.sources.clock import local

    data, zone = series.data, zone_of(series.zone)
    first, last = data["time"].values[0], data["time"].values[-1]
    ends = local([first, last], zone)
    known = data.dropna("time")

    def told(instant: object, there: str) -> str:
        here = str(instant)[:16].replace("T", " ")
        return f"{here} UTC" if series.zone == "UTC" else f"{there} = {here} UTC"

    sizes = " or ".join(f"{size:g} kW" for size in series.ratings)
    size = {"plant it is of": sizes} if sizes else {}
    show_rows(
        {
            "what": series.kind.replace("_", " "),
            "series": series.name,
            "unit": series.unit,
            "first interval begins": told(first, ends[0]),
            "last interval begins": told(last, ends[1]),
            "step": span(series.step.total_seconds() / 3600),
            "intervals": f"{data.size:,}, {data.size - known.size:,} missing",
            "least, mean, most": f"{known.min():g}, {known.mean():g}, {known.max():g}",
            "time zone": series.zone,
            **size,
            "source": series.source,
            "licence": series.licence,
        },
        file,
    )
    for note in series.notes:
        typer.echo(plain(f"- {note}"))


def _write(series: Series, out: Path) -> None:
    """Write a series as a table of two columns: time in UTC, and value with its unit."""
    from carbonsched.io import replacing

    times = series.data.indexes["time"].strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = zip(times, series.data.values, strict=True)
    lines = [f"time,value [{series.unit}]"]
    lines += [f"{time},{'' if value != value else repr(float(value))}" for time, value in rows]
    with replacing(out) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
