"""How long and how well to solve, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GAPS = ("decided", "objective")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a solve is asked for, whatever it solves.

    Attributes
    ----------
    gap : float
        Relative gap at which to stop; the paper's 1 % by default.
    gap_of : {"decided", "objective"}
        What it is relative to: `carbonsched.Schedule.turnover`, or the objective (1) as in the
        paper, with the revenue of inference that no schedule can change.
    time_limit : float
        Seconds; the paper's 120 by default.
    solver : str
        Any solver that linopy supports and finds installed.
    verbose : bool
        Let the solver print its log.
    progress : bool, optional
        Show a progress bar once a solve takes seconds; by default on a terminal only.
    polish : bool
        Take the best dispatch of the accepted jobs, and of equally good ones the calmest.
    options : mapping of str to object
        Handed to the solver under the solver's own names.

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

    def __post_init__(self) -> None:
        if self.gap_of not in GAPS:
            raise ValueError(f"gap_of {self.gap_of!r}, choose from {', '.join(GAPS)}")
