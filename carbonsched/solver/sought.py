"""What a search by steps has so far: a bound, a value, and the time that is left."""

from __future__ import annotations

import time

from carbonsched.schedule import relative
from carbonsched.solver.settings import Settings


class Sought:
    """How near a search is to the gap asked for, and to its end.

    Attributes
    ----------
    settings : Settings
        With the gap at which to stop.
    deadline : float
        On the monotonic clock, s.
    bound, value : float
        The best bound of any step, and what the best that is known earns, USD.
    size : float
        What the gap is relative to, USD; zero before anything is known.
    """

    settings: Settings
    deadline: float
    bound: float
    value: float
    size: float

    @property
    def left(self) -> float:
        """Seconds to the deadline."""
        return self.deadline - time.monotonic()

    @property
    def done(self) -> bool:
        """Whether what is known is within the gap asked for."""
        return self.bound - self.value <= self.allowed

    @property
    def gap(self) -> float:
        """Relative distance of what is known from the bound."""
        return relative(self.bound - self.value, self.size)

    @property
    def allowed(self) -> float:
        """Distance from the bound that the gap allows, USD; none before anything is known."""
        return self.settings.gap * self.size
