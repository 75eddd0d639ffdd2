"""What a judge found: one check a row, by how much it is broken, in which unit, and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from carbonsched.errors import VerificationError


@dataclass(frozen=True)
class Check:
    """The worst violation of one row family: how much, in which unit, and where."""

    equation: str
    row: str
    worst: float
    unit: str
    label: str
    ok: bool

    @property
    def extent(self) -> str:
        """How badly the row is broken, in words."""
        if np.isinf(self.worst):
            return "not a number" if self.unit else "cannot be checked"
        return f"broken by {self.worst:.4g} {self.unit.removeprefix('1')}".rstrip()


@dataclass(frozen=True)
class Report:
    """The outcome of every check.

    Attributes
    ----------
    checks : tuple of Check
    unjudged : tuple of str
        Families that the schedule names and that were not given, or parameters of the instance
        that no family knows: what they forbid, earn and emit could not be checked.
    """

    checks: tuple[Check, ...]
    unjudged: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every check passed, and nothing is left unjudged."""
        return all(check.ok for check in self.checks) and not self.unjudged

    @property
    def broken(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if not check.ok)

    @property
    def table(self) -> pd.DataFrame:
        """One row a check, with equation, row, worst, unit, label and ok."""
        return pd.DataFrame(self.checks)

    def raise_if_broken(self) -> None:
        """Raise `VerificationError` if any check failed."""
        if not self.ok:
            raise VerificationError(self)

    def __str__(self) -> str:
        if self.ok:
            return f"verified: {len(self.checks)} checks, none broken"
        lines = [f"({c.equation}) {c.row}: {c.extent} {c.label}".rstrip() for c in self.broken]
        lines.insert(0, f"{len(lines)} of {len(self.checks)} checks broken")
        lines += [f"not judged: {name}, whose family was not given" for name in self.unjudged]
        return "\n".join(lines)
