"""How long and how well to solve, as one value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import Any

GAPS = ("decided", "objective")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a solve is asked for, whatever it solves; the meanings are those of `solve`.

    Attributes
    ----------
    gap, time_limit : float
        Relative, and in seconds: the paper's 1 % and 120 by default.
    gap_of : {"decided", "objective"}
    solver : str
    verbose, polish : bool
    progress : bool, optional
    options : mapping of str to object

    Raises
    ------
    TypeError
        A value is of another kind: `gap="small"`, `time_limit="3 s"`.
    ValueError
        `gap_of` is unknown, or a gap or a time is negative or no number.

    Examples
    --------
    >>> Settings(gap=0.001).time_limit
    120.0
    """

    gap: float = 0.01
    gap_of: str = "decided"
    time_limit: float = 120.0
    solver: str = "highs"
    verbose: bool = False
    progress: bool | None = None
    polish: bool = True
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, *, options: Mapping[str, Any] | None = None, **asked: Any) -> Settings:
        """Return the settings that a function was given, whose options may be None."""
        return cls(options={} if options is None else options, **asked)

    def for_solve(self) -> dict[str, Any]:
        """Return them as the keywords of `solve`, but for the progress bar."""
        return {s.name: getattr(self, s.name) for s in fields(self) if s.name != "progress"}

    def __post_init__(self) -> None:
        for name in ("gap", "time_limit"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Real):
                raise TypeError(f"{name} = {value!r}: a number is needed")
            if math.isnan(value) or value < 0:
                raise ValueError(f"{name} = {value!r}: no number, or negative")
        for name in ("verbose", "polish"):
            if not isinstance(value := getattr(self, name), bool):
                raise TypeError(f"{name} = {value!r}: True or False is needed")
        if self.progress is not None and not isinstance(self.progress, bool):
            raise TypeError(f"progress = {self.progress!r}: True, False or None is needed")
        if not isinstance(self.solver, str):
            raise TypeError(f"solver = {self.solver!r}: a name is needed")
        if not isinstance(self.options, Mapping):
            raise TypeError(f"options = {self.options!r}: a mapping of names to values is needed")
        if self.gap_of not in GAPS:
            raise ValueError(f"gap_of {self.gap_of!r}, choose from {', '.join(GAPS)}")
