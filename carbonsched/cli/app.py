"""The command line: every command in the order of `--help`, and where it is written.

What a command needs is imported when it runs.
"""

from __future__ import annotations

from typing import Annotated

import typer

import carbonsched as cs
from carbonsched.cli import (
    handing_on,
    importing,
    judging,
    making,
    project,
    rolling,
    showing,
    solving,
    uncertain,
)
from carbonsched.cli.bench import bench
from carbonsched.cli.completion import completion
from carbonsched.cli.terminal import EXIT_CODES

app = typer.Typer(
    help="Schedule AI data centers and their energy together. An INSTANCE is a folder of CSV "
    "tables with a datapackage.json, a NetCDF file, or a project file; start from "
    "`carbonsched init my-fleet`.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
COMMANDS = (
    project.init,
    project.build,
    importing.import_series,
    making.generate,
    solving.solve,
    rolling.roll,
    uncertain.stochastic,
    judging.plan,
    showing.show,
    showing.info,
    handing_on.plot,
    handing_on.export,
    handing_on.report,
    judging.compare,
    judging.verify,
    judging.certify,
    judging.check,
    solving.table,
    solving.diagnose,
    completion,
)
NAMES: dict[object, str] = {importing.import_series: "import"}  # which Python keeps for itself
for command in COMMANDS:
    app.command(NAMES.get(command))(command)
app.add_typer(bench, name="bench")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"carbonsched {cs.__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Hold the options that need no command."""
