"""Completion by the shell: a script to load once."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

Shell = StrEnum("Shell", ["bash", "zsh", "fish"])


def completion(
    shell: Annotated[Shell, typer.Argument(help="Whose script to print.")],
) -> None:
    """Print the script by which a shell completes commands and options.

    Example: carbonsched completion bash > ~/.local/share/bash-completion/completions/carbonsched
    """
    from typer.completion import get_completion_script as script  # pyright: ignore

    typer.echo(
        script(prog_name="carbonsched", complete_var="_CARBONSCHED_COMPLETE", shell=str(shell))
    )
