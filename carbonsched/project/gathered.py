"""What building a project gathers beside numbers: sources with their notes, and faults by line."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

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
    """Sources, notes and faults, as they come; by quantity, what is estimated and how."""

    project: Project
    sources: list[Source] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    estimates: dict[str, str] = field(default_factory=dict)
    of_files: dict[tuple[str, str], list[At]] = field(default_factory=dict)

    @contextmanager
    def at(self, path: At, file: str | None = None) -> Generator[None]:
        """Take what goes wrong in this block as faults of an entry, or of the file that it names.

        A fault of a file that several entries share is told once, with all of them.
        """
        try:
            yield
        except InstanceError as error:
            self._take(path, file, error.faults)
        except (UnreadableError, ValueError, OSError) as error:
            self._take(path, file, [str(error)])

    def _take(self, path: At, file: str | None, faults: Iterable[str]) -> None:
        for told in faults:
            if file is None:
                self.faults.append(self.project.fault(path, told))
            else:
                self.of_files.setdefault((file, f"{file}: {told}"), []).append(path)

    @property
    def count(self) -> int:
        """How often something was found to be at fault."""
        return len(self.faults) + sum(map(len, self.of_files.values()))

    @property
    def all_faults(self) -> list[Fault]:
        """Every fault; what is wrong with a file is told once, with the entries that use it."""
        return [*self.faults, *(self._of_file(told, at) for (_, told), at in self.of_files.items())]

    def _of_file(self, told: str, paths: list[At]) -> Fault:
        places = [self.project.fault(path, told) for path in paths]
        names = [place.told.removesuffix(f": {told}") for place in places]
        return replace(places[0], told=f"{shown(names)}: {told}")


def shown(names: Iterable[str]) -> str:
    """Return the first names, and how many more there are.

    Examples
    --------
    >>> shown("abcdefg")
    'a, b, c, d, e and 2 more'
    """
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


_SHOWN = 5  # entries that a fault or note names
