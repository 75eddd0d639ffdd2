"""What building a project gathers beside numbers: sources with their notes, and faults by line."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from carbonsched.errors import InstanceError
from carbonsched.io.files import UnreadableError
from carbonsched.project.file import Project
from carbonsched.project.nodes import Fault

At = tuple[str | int, ...]


@dataclass(frozen=True)
class Source:
    """A file that numbers come from.

    Attributes
    ----------
    entry, file : str
        Where the project names it, and the file.
    quantities : tuple of str
        What it gives.
    source, licence : str
        What is said of it, or empty.
    notes : tuple of str
        What was done to its numbers.
    """

    entry: str
    file: str
    quantities: tuple[str, ...]
    source: str = ""
    licence: str = ""
    notes: tuple[str, ...] = ()


@dataclass
class Gathered:
    """Sources, notes and faults, as they come."""

    project: Project
    sources: list[Source] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @contextmanager
    def at(self, path: At) -> Generator[None]:
        """Take what goes wrong in this block as faults of an entry."""
        try:
            yield
        except InstanceError as error:
            self.faults += [self.project.fault(path, told) for told in error.faults]
        except (UnreadableError, ValueError, OSError) as error:
            self.faults.append(self.project.fault(path, str(error)))
