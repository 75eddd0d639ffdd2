"""The command line. Nothing here is imported before it is needed: `--help` needs no arrays."""

import gc
import os
import sys
from contextlib import suppress

from carbonsched.errors import MissingExtraError, extra


def main() -> None:
    """Run the command line, or say what it lacks."""
    try:
        with extra("cli", "the command line"):
            from carbonsched.cli.app import app
    except MissingExtraError as error:
        sys.exit(f"error: {error}")
    if "_CARBONSCHED_COMPLETE" in os.environ:  # a shell asks what a word may become
        from typer.completion import completion_init  # pyright: ignore[reportPrivateImportUsage]

        completion_init()
    gc.set_threshold(50_000)  # imports make objects to keep: search them for garbage less often
    if any(word.startswith(("--family", "--solver")) for word in sys.argv):
        app()  # code of others takes part: it finds and ends all as in any program
        return
    # Of what is installed, xarray imports Dask, linopy what its remote solving needs, and pandas
    # PyArrow. Nothing here uses them, but for PyArrow a file in its format, and they take as long
    # as a small solve: to this process they are not there.
    parquet = any(word.endswith(".parquet") for word in sys.argv)
    for unused in ("dask", "requests", *["pyarrow"] * (not parquet)):
        sys.modules.setdefault(unused, None)  # pyright: ignore[reportArgumentType]
    try:
        app()
    except SystemExit as ended:
        _leave(ended.code)
        raise


def _leave(code: str | int | None) -> None:
    """End the process at once: all files are closed, and to free every object takes 0.2 s."""
    with suppress(OSError):  # what cannot be printed is told by the usual end
        sys.stdout.flush()
        sys.stderr.flush()
        if isinstance(code, int):
            os._exit(code)
