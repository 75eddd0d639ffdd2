"""What each freedom of a scheduler is worth: Shapley's fair split of what they earn together."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from itertools import combinations
from math import factorial
from typing import Any

from carbonsched.core.instance import Instance
from carbonsched.core.method import Method
from carbonsched.front import solve

FREEDOMS = ("routing", "time shift", "storage", "export", "generation")


def subsets(freedoms: Iterable[str] = FREEDOMS) -> list[frozenset[str]]:
    """Return every choice of freedoms, from none to all.

    Examples
    --------
    >>> [sorted(chosen) for chosen in subsets(("export", "storage"))]
    [[], ['export'], ['storage'], ['export', 'storage']]
    """
    named = tuple(freedoms)
    counts = range(len(named) + 1)
    return [frozenset(chosen) for count in counts for chosen in combinations(named, count)]


def worth(instance: Instance, free: Collection[str], **how: Any) -> float:
    """Return the benefit of the best schedule that has only these freedoms, USD.

    Parameters
    ----------
    instance : Instance
    free : collection of str
        Of `FREEDOMS`. Without "time shift" a job runs as soon as it is released, or not at all;
        each other freedom is a slot of `carbonsched.Method`.
    **how
        `gap` and others, as in `carbonsched.solve`.

    Raises
    ------
    ValueError
        A freedom is unknown.
    InfeasibleError, NoIncumbentError, SolverError, VerificationError
        As in `carbonsched.solve`.

    Examples
    --------
    >>> import carbonsched as cs
    >>> small = cs.generate(sites=2, periods=4, jobs=1, services=1)
    >>> worth(small, (), gap=0) <= worth(small, FREEDOMS, gap=0)
    True
    """
    if strange := set(free) - set(FREEDOMS):
        raise ValueError(f"freedom {sorted(strange)[0]!r}, choose from {', '.join(FREEDOMS)}")
    method = Method(
        routing="latency" if "routing" in free else "home",
        storage="operated" if "storage" in free else "idle",
        export="allowed" if "export" in free else "none",
        generation="dispatched" if "generation" in free else "none",
    )
    given = instance if "time shift" in free else at_release(instance)
    return solve(given, method, **how).objective


def at_release(instance: Instance) -> Instance:
    """Return the instance in which every job runs as soon as it is released, or not at all."""
    data = instance.data
    times = data.indexes["time"]
    last = times.get_indexer(data.release.values) + data.duration.values - 1
    return instance.replace(deadline=data.deadline.copy(data=times[last]))


def shapley(values: Mapping[frozenset[Hashable], float]) -> dict[Hashable, float]:
    """Return what each freedom adds to those before it, averaged over every order of adding them.

    Parameters
    ----------
    values : mapping
        Of every choice of freedoms, from none to all, its worth.

    Returns
    -------
    dict
        By freedom; the parts add up to the difference between all and none.

    Examples
    --------
    A left and a right shoe are worth something together only.

    >>> none, left, right = frozenset(), frozenset({"left"}), frozenset({"right"})
    >>> split = shapley({none: 0.0, left: 0.0, right: 0.0, left | right: 10.0})
    >>> split["left"], split["right"]
    (5.0, 5.0)
    """
    everything = max(values, key=len)
    n = len(everything)
    weight = [factorial(k) * factorial(n - k - 1) / factorial(n) for k in range(n)]
    return {
        one: sum(
            weight[len(before)] * (values[before | {one}] - values[before])
            for before in values
            if one not in before
        )
        for one in sorted(everything, key=str)
    }
