"""Commands of the benchmark: make its instances, run, check, submit, and see where it stands."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import carbonsched as cs
from carbonsched.cli.options import JsonOption, OverwriteOption
from carbonsched.cli.outputs import INSTANCE_FILE, INSTANCE_FOLDER, Kind, require_free
from carbonsched.cli.terminal import console, explained, nothing_printed, plain

if TYPE_CHECKING:
    from carbonsched.bench.check import Proved

bench = typer.Typer(
    help="A public benchmark: instances by recipe, and entries that are accepted by proof alone.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
Form = StrEnum("Form", ["folder", "netcdf"])
FOLDER = Form("folder")  # in which what has a licence of its own is a file of its own
METADATA = Kind("metadata", lambda path: path.read_bytes()[:11] == b"benchmarks:")
MPS = Kind("model", lambda path: path.read_bytes()[:2] == b"\x1f\x8b")

NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME]...", help="Instances, kinds or sizes; by default all."),
]
SubmissionsArgument = Annotated[
    list[Path], typer.Argument(metavar="SUBMISSION...", help="Folders that `bench run` wrote.")
]
HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--entries",
        metavar="FOLDER",
        help="Folder of the record, entries.csv; by default that which comes with carbonsched.",
    ),
]


@bench.command()
def make(
    names: NamesArgument = None,
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("bench-instances"),
    form: Annotated[Form, typer.Option(help="A folder of tables each, or a file.")] = FOLDER,
    mps: Annotated[
        bool, typer.Option("--mps", help="The model as NAME.mps.gz, too, and metadata.yaml.")
    ] = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Make instances by their recipes, each compared with the digest in the table.

    Example: carbonsched bench make paper-0 --out instances --mps
    """
    from carbonsched.bench.files import write_instance, write_mps
    from carbonsched.bench.metadata import metadata
    from carbonsched.bench.recipe import chosen, made, recipes
    from carbonsched.errors import extra
    from carbonsched.io import replacing

    with explained():
        asked = chosen(names, recipes())
        kind = INSTANCE_FILE if form == "netcdf" else INSTANCE_FOLDER
        suffix = ".nc" if form == "netcdf" else ""
        outputs = {out / f"{recipe.name}{suffix}": kind for recipe in asked}
        if mps:
            outputs |= {out / f"{recipe.name}.mps.gz": MPS for recipe in asked}
            outputs |= {out / "metadata.yaml": METADATA}
        require_free(outputs, overwrite=overwrite)
        for recipe in asked:
            instance = made(recipe)
            where = write_instance(instance, recipe.name, out, str(form))
            if mps:
                with nothing_printed():
                    write_mps(instance, out / f"{recipe.name}.mps.gz")
            typer.echo(f"{recipe.name}  {recipe.sha256[:12]}  {recipe.licence}  {where}")
        if mps:
            with extra("sources", "writing metadata"):
                import yaml
            told = yaml.safe_dump(metadata(asked, cs.__version__), sort_keys=False)
            with replacing(out / "metadata.yaml") as temporary:
                temporary.write_text(told, encoding="utf-8")


@bench.command()
def run(
    names: NamesArgument = None,
    method: Annotated[
        str, typer.Option(help="highs-start, highs-paper, scip-start, columns, auto, rolling, ...")
    ] = "auto",
    out: Annotated[Path, typer.Option(help="Folder for submissions.")] = Path("submissions"),
    time_limit: Annotated[float, typer.Option(min=0, help="Seconds for each.")] = 60.0,
    gap: Annotated[float, typer.Option(min=0, help="Relative gap to stop at.")] = 0.001,
    by: Annotated[str, typer.Option(help="Who submits.")] = "anonymous",
    machine: Annotated[str, typer.Option(help="On what; by default what the system says.")] = "",
    proof: Annotated[bool, typer.Option(help="Make a certificate, too.")] = True,
) -> None:
    """Solve instances and write a submission for each, to OUT/NAME/METHOD; none is replaced.

    Example: carbonsched bench run paper-0 --method columns --by "A. Name"
    """
    from carbonsched.bench.methods import WAYS
    from carbonsched.bench.recipe import chosen, made, recipes
    from carbonsched.bench.run import run as solved
    from carbonsched.cli.terminal import GivenError

    with explained():
        if method not in WAYS:
            raise GivenError(f"method {method!r}, choose from {', '.join(WAYS)}")
        asked = chosen(names, recipes())
        if taken := [str(out / r.name / method) for r in asked if (out / r.name / method).exists()]:
            raise FileExistsError(f"{' and '.join(taken)}: exists, and is not replaced")
        for recipe in asked:
            with nothing_printed():
                proved = solved(
                    recipe.name, made(recipe), method, out / recipe.name / method,
                    time_limit=time_limit, gap=gap, by=by, on=machine, proof=proof,
                )  # fmt: skip
            typer.echo(f"{recipe.name}  {proved}")


@bench.command()
def check(submissions: SubmissionsArgument) -> None:
    """Check submissions by proof, in exact arithmetic, without a solver.

    Exits with 1 if one breaks a row of the model or claims more than it proves; every fault of
    every one is listed.

    Example: carbonsched bench check submissions/paper-0/columns
    """
    from carbonsched.errors import CarbonschedError

    with explained():
        refused = False
        for folder in submissions:
            try:
                typer.echo(plain(f"{folder}: {_proved(folder)}"))
            except (CarbonschedError, OSError) as error:
                refused = True
                typer.echo(plain(f"error: {error}"), err=True)
        raise typer.Exit(1 if refused else 0)


@bench.command()
def submit(
    submissions: SubmissionsArgument,
    entries: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder of the record.")] = Path(
        "bench-entries"
    ),
    overwrite: OverwriteOption = False,
) -> None:
    """Check submissions, copy those accepted to a folder of entries, and list them in its record.

    Example: carbonsched bench submit submissions/paper-0/columns --entries bench-entries
    """
    from carbonsched.bench.entries import submit as kept

    with explained():
        checked = {folder: _proved(folder) for folder in submissions}
        for folder, proved in checked.items():
            entry = kept(folder, proved, entries, overwrite=overwrite)
            typer.echo(plain(f"{entry.instance}  {entry.entry}  {proved}"))


@bench.command()
def table(entries: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show the best interval of each instance, and by method how many are solved how closely.

    Example: carbonsched bench table --entries bench-entries
    """
    import json

    from carbonsched.bench.entries import read_entries
    from carbonsched.bench.recipe import recipes, table_folder
    from carbonsched.bench.standing import by_instance, by_method, reading

    with explained():
        known, read = recipes(), read_entries(entries or table_folder())
        instances, methods, told = by_instance(read, known), by_method(read), reading(read, known)
    if as_json:
        document = {"reading": told}
        for name, frame in (("instances", instances), ("methods", methods)):
            document[name] = json.loads(str(frame.reset_index().to_json(orient="records")))
        typer.echo(json.dumps(document, indent=2))
        return
    from rich.table import Table

    shown = instances[["size", "outcome", "value", "bound", "gap", "value by", "seconds"]]
    for frame, formats in (
        (shown, {"value": ",.2f", "bound": ",.2f", "gap": ".3%", "seconds": ".1f"}),
        (methods, {"median seconds": ".1f"}),
    ):
        grid = Table(*map(str, [frame.index.name or "", *frame.columns]))
        for label, row in frame.iterrows():
            cells = [_cell(row[name], formats.get(str(name), "")) for name in frame.columns]
            grid.add_row(plain(str(label)), *map(plain, cells))
        console().print(grid)
    for sentence in told:
        typer.echo(sentence)


def _cell(value: object, form: str) -> str:
    return "" if value != value else format(value, form)


def _proved(folder: Path) -> Proved:
    """Return what a submission proves of the instance of the benchmark that it names."""
    from carbonsched.bench.check import check as checked
    from carbonsched.bench.recipe import chosen, made, recipes
    from carbonsched.bench.submission import Submission

    (recipe,) = chosen([Submission.read(folder).instance], recipes())
    return checked(folder, made(recipe))
