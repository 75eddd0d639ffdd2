"""Commands on a project file: a new one, and one made an instance."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from carbonsched.cli.outputs import INSTANCE_FILE, INSTANCE_FOLDER, require_free
from carbonsched.cli.terminal import explained, plain, show_rows

if TYPE_CHECKING:
    from carbonsched.project import Built, Source


def init(
    folder: Annotated[Path | None, typer.Argument(help="Folder to write the files to.")] = None,
    schema: Annotated[
        bool,
        typer.Option(
            "--schema", help="Only the JSON Schema, by which editors help: to FOLDER, or printed."
        ),
    ] = False,
    ask: Annotated[bool, typer.Option("--ask", help="Ask for the names of the sites.")] = False,
) -> None:
    """Write a project file, fleet.yaml, with comments, and small tables beside it; or its schema.

    It can be built and solved as it is; its numbers are made up, to be replaced. Nothing that is
    there is replaced.

    Example: carbonsched init my-fleet
    """
    with explained():
        from carbonsched import project
        from carbonsched.io import replacing_all
        from carbonsched.project.new_fleet import FILE, SCHEMA

        if folder is None and not schema:
            raise ValueError("name a folder to write to, such as: carbonsched init my-fleet")
        if folder is None:
            typer.echo(json.dumps(project.json_schema(), indent=1, ensure_ascii=False))
            return
        sites = ("north", "middle", "south")
        if ask:
            answer = typer.prompt("Names of the sites, parted by commas", default=", ".join(sites))
            sites = tuple(name.strip() for name in answer.split(","))
        files = project.template(sites)
        files = {name: text for name, text in files.items() if not schema or name == SCHEMA}
        paths = [folder / name for name in files]
        if taken := [str(path) for path in paths if path.exists() or path.is_symlink()]:
            raise FileExistsError(f"{', '.join(taken)}: there already, and never replaced here")
        if folder.exists() and not folder.is_dir():
            raise FileExistsError(f"{folder} is not a folder")
        with replacing_all(*paths) as temporary:
            for path, text in zip(temporary, files.values(), strict=True):
                path.write_text(text, encoding="utf-8")
    typer.echo(plain(f"written to {folder}: {', '.join(files)}"))
    if not schema:
        typer.echo(plain(f"next: carbonsched build {folder / FILE}"))


def build(
    project: Annotated[
        Path,
        typer.Argument(metavar="PROJECT", help="YAML or TOML; `carbonsched init` makes one."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="Instance to write: a file ending in .nc, or a folder of CSV tables."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what an earlier run wrote there.")
    ] = False,
) -> None:
    """Read PROJECT and every file that it names, check all, and say what came of it.

    It names the sites, the horizon, each file with what was done to its numbers, what holds where
    nothing is said, and licences. Without --out nothing is written. Every fault is told by file and
    line; then nothing is written, and the exit code is 2.

    Example: carbonsched build my-fleet/fleet.yaml --out fleet.nc
    """
    with explained():
        outputs = {}
        if out is not None:
            outputs = {out: INSTANCE_FILE if out.suffix == ".nc" else INSTANCE_FOLDER}
        require_free(outputs, [project], overwrite=overwrite)
        from carbonsched.project import build as build_project

        built = build_project(project)
        require_free(outputs, [project], overwrite=overwrite)
        if out is not None:
            built.instance.save(out)
    _show(built, project)
    if out is not None:
        typer.echo(plain(f"written to {out}: next: carbonsched solve {out}"))
    else:
        typer.echo(plain(f"nothing is written without --out; next: carbonsched solve {project}"))


def _show(built: Built, path: Path) -> None:
    """Print what was built, from which files, and what holds where nothing is said."""
    from carbonsched.io.horizon import horizon

    data = built.instance.data
    capacity = data.it_capacity.max("time") if "time" in data.it_capacity.dims else data.it_capacity
    sites = ", ".join(
        f"{name} {size:g} MW" for name, size in zip(data.site.values, capacity.values, strict=True)
    )
    rows = {
        "sites": f"{data.sizes['site']}: {sites}",
        "horizon": horizon(built.instance),
        "jobs": str(data.sizes["job"]),
        "services": ", ".join(data.service.values) or "none",
        "currency": data.attrs["currency"],
        "licence": data.attrs.get("licence", "not stated"),
    }
    show_rows(rows, f"{path}: {data.attrs['title']}")
    _show_sources(built)
    _list("done to what is written", built.notes)
    _list("not said, so", built.defaults)


def _show_sources(built: Built) -> None:
    """Print each file once, with the entries that use it, and each note once.

    A note that is not of all the file's entries names those that it is of.
    """
    from carbonsched.project.gathered import shown

    files: dict[tuple[str, str], list[Source]] = {}
    for source in built.sources:
        about = "; ".join(filter(None, (source.source, source.licence or "licence not stated")))
        files.setdefault((source.file, about), []).append(source)
    for (file, about), sources in files.items():
        entries = [source.entry for source in sources]
        typer.echo(plain(f"{file} ({shown(entries)}): {about}"))
        for note in dict.fromkeys(note for source in sources for note in source.notes):
            of = [source.entry for source in sources if note in source.notes]
            whose = f"{shown(of)}: " if len(of) < len(entries) else ""
            typer.echo(plain(f"  - {whose}{note}"))


def _list(title: str, lines: tuple[str, ...]) -> None:
    if lines:
        typer.echo(f"{title}:")
        for line in lines:
            typer.echo(plain(f"  - {line}"))
