"""Numbers with units, and how good a schedule is, in words that hold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from carbonsched.currency import DEFAULT

if TYPE_CHECKING:
    from carbonsched.schedule import Schedule

CENT = 0.01  # of the currency
ENDED = {
    "time_limit": "out of time",
    "stopped": "no further step known",
    "held": "held near a former plan",
    "optimal": "",
}


def amount(value: float, decimals: int = 2, *, up: bool = False) -> str:
    """Return a number of at least four digits or so many decimals, never a negative zero.

    Parameters
    ----------
    value : float
    decimals : int
        The most.
    up : bool
        Round up, where it is said that nothing is more.

    Examples
    --------
    >>> amount(208133.6), amount(-0.001), amount(7.1), amount(411.02, up=True)
    ('208,134', '0.00', '7.10', '411.1')
    """
    if not value or not math.isfinite(value):
        return f"{value:z,.0f}"
    places = min(decimals, max(0, 3 - math.floor(math.log10(abs(value)))))
    if up:
        value = math.ceil(value * 10**places - 1e-6) / 10**places
    return f"{value:z,.{places}f}"


def power(value: float) -> str:
    """Return a power as `amount` does, in three digits or more where it is small.

    Examples
    --------
    >>> power(0.0014), power(0.5), power(12.0), power(0.0), power(2e-9)
    ('0.00140', '0.500', '12.00', '0', '2e-09')
    """
    size = abs(value)
    if not value or not math.isfinite(value) or size >= 1:
        return amount(value)
    return f"{value:.3g}" if size < 1e-6 else f"{value:.{2 - math.floor(math.log10(size))}f}"


def in_words(value: object, unit: str = "") -> str:
    """Return what stands in a cell as text: a power, another number, or what is text already."""
    if not isinstance(value, float):
        return str(value)
    return power(value) if unit == "MW" else amount(value)


def standing(
    status: str, distance: float, gap: float, solver: str = "the solver", currency: str = DEFAULT
) -> str:
    """Return in words that hold how good a schedule is.

    Parameters
    ----------
    status : str
        As `Schedule.status` has it.
    distance, gap : float
        From objective to bound, USD and relative; not a number where there is no bound.
    solver : str
        Whose word it is.
    currency : str
        Of the distance.

    Examples
    --------
    >>> standing("optimal", 411.6, 0.0018)
    'within 0.18 %: at most 412 USD better exists'
    >>> standing("time_limit", math.nan, math.nan)
    'out of time: no bound is known'
    """
    ended = ENDED.get(status, status)
    if not math.isfinite(distance):
        if status == "optimal":
            return f"optimal by the word of {solver}, which gave no bound"
        return f"{ended}: no bound is known"
    if distance < CENT:
        return "optimal: no schedule earns a cent more"
    percent = max(math.ceil(gap * 1e4 - 1e-6) / 100, 0.01) if math.isfinite(gap) else math.inf
    within = f"within {percent:g} %" if percent <= 1000 else ""
    said = ", ".join(part for part in (ended, within) if part)
    most = amount(distance, 0 if distance >= 100 else 2, up=True)
    return f"{said}{': ' if said else ''}at most {most} {currency} better exists"


def standing_of(schedule: Schedule) -> str:
    """Return in words that hold how good a schedule is."""
    return standing(
        schedule.status, schedule.distance, schedule.gap, schedule.solver, schedule.currency
    )


def standing_by_file(schedule: Schedule) -> str:
    """Return how good a schedule is by what its file says, which nothing here proves.

    Examples
    --------
    >>> import carbonsched as cs
    >>> schedule = cs.solve(cs.generate(sites=2, periods=4, jobs=1, services=1), gap=0)
    >>> standing_by_file(schedule)
    'optimal: no schedule earns a cent more, by its file'
    """
    if schedule.bound < schedule.objective - max(CENT, 1e-6 * abs(schedule.objective)):
        return "unknown: its file states a bound below what it earns"
    said = standing(
        schedule.status, schedule.distance, math.nan, schedule.solver, schedule.currency
    )
    return f"{said}, by its file"
