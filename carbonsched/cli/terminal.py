"""What the command line says: tables, errors and warnings as sentences, never a traceback.

And how it ends: `EXIT_CODES`, here and in `carbonsched --help`.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from carbonsched.errors import (
    CarbonschedError,
    InstanceError,
    SuspiciousValueWarning,
    UnmatchedWarning,
)

if TYPE_CHECKING:
    from rich.console import Console

FAULTY, FAILED, INTERNAL = 2, 1, 3
EXIT_CODES = (
    "Exit codes: 0, done, and all that was asked holds; 1, no such schedule, or one that does not "
    "hold; 2, what was given is at fault, and nothing was done; 3, a fault of carbonsched itself."
)


class GivenError(ValueError):
    """What stands on the command line is at fault."""


@contextmanager
def explained() -> Generator[None]:
    """Turn errors and warnings into messages, errors into a non-zero exit code too."""
    try:
        with _warned():
            yield
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError as error:  # whoever reads it has enough, as `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit from error
    except (CarbonschedError, OSError, ValueError) as error:
        typer.echo(plain(f"error: {error}"), err=True)
        code = FAULTY if isinstance(error, InstanceError | OSError | GivenError) else FAILED
        raise typer.Exit(code) from error
    except Exception as error:
        # What nobody thought of: still a sentence, and an exit code of its own.
        said = f"internal error, please report it: {type(error).__name__}: {error}"
        typer.echo(plain(said), err=True)
        raise typer.Exit(INTERNAL) from error


@contextmanager
def _warned() -> Generator[None]:
    """Say what is suspicious or unmatched once, and before any error that may come of it."""
    with warnings.catch_warnings(record=True, action="ignore") as noted:
        for kind in (SuspiciousValueWarning, UnmatchedWarning):
            warnings.simplefilter("always", kind)
        try:
            yield
        finally:
            for text in dict.fromkeys(str(warning.message) for warning in noted):
                typer.echo(plain(f"warning: {text}"), err=True)


@contextmanager
def nothing_printed() -> Generator[None]:
    """Send what solvers print meanwhile to the standard error: the output is a document's."""
    try:
        sys.stdout.flush()
        kept = os.dup(1)
    except OSError:  # there is no output to keep clean
        yield
        return
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def plain(text: str) -> str:
    """Return a text without the control characters that a file may try on a terminal."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def console() -> Console:
    """Return the terminal; what stands in brackets in a file is text, not a style."""
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False)


def show_rows(rows: dict[str, str], title: str) -> None:
    """Print names and values as a table."""
    from rich.table import Table

    grid = Table(title=plain(title), show_header=False, title_justify="left")
    grid.add_column()
    grid.add_column(justify="right")
    for row in rows.items():
        grid.add_row(*map(plain, row))
    console().print(grid)
