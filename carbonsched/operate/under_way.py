"""What is under way when a horizon begins: jobs that are running already."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from carbonsched.core.instance import Instance, require_instance
from carbonsched.errors import InstanceError


def already_running(instance: Instance, running: Mapping[str, tuple[str, int]]) -> Instance:
    """Return the instance with some jobs running since before the first period.

    Such a job has one site, one start and no choice: it is `required`, `allowed` on its site only,
    its `duration` is what is left of it, and its window, from `release` to `deadline`, holds just
    that. Its start has been paid for, so `startup_cost` is zero. Its reward is earned when it
    completes, whatever is decided, and stays. One that runs beyond the horizon takes all of it.

    Parameters
    ----------
    instance : Instance
    running : mapping of str to tuple of str and int
        By job, the site that it runs on and for how many more periods, the first one included.

    Returns
    -------
    Instance
        To solve, certify, roll or diagnose as any other: a job in the way of another, or of a
        limit, is told as a required job.

    Raises
    ------
    InstanceError
        A job or site is unknown, or what is left is no whole number of at least one period, or
        more than the job lasts; and whatever of the changed instance is faulty.
    TypeError
        What is given is no instance.

    Examples
    --------
    >>> import carbonsched as cs
    >>> instance = cs.generate(sites=2, periods=4, jobs=2, services=1)
    >>> started = cs.already_running(instance, {"job-2": ("site-1", 1)})
    >>> cs.solve(started).data.run.sel(job="job-2", site="site-1").values.tolist()
    [1, 0, 0, 0]
    """
    require_instance(instance)
    data = instance.data
    if faults := _faults(instance, running):
        raise InstanceError(faults, "already_running")
    names = ("duration", "release", "deadline", "allowed", "required", "startup_cost")
    changed = {name: data[name].copy(deep=True).drop_attrs() for name in names}
    for job, (site, left) in running.items():
        periods = min(left, data.sizes["time"])
        now = {
            "duration": periods,
            "release": data.time.values[0],
            "deadline": data.time.values[periods - 1],
            "allowed": data.site.values == site,
            "required": True,
            "startup_cost": 0.0,
        }
        for name, value in now.items():
            changed[name].loc[{"job": job}] = value
    return instance.replace(**changed)


def _faults(instance: Instance, running: Mapping[str, tuple[str, int]]) -> list[str]:
    """Say which jobs and sites there are not, and what is no number of periods."""
    known = instance.data.indexes
    if not isinstance(running, Mapping):
        return [f"{running!r:.80}: expected, by job, its site and the periods left"]
    faults = []
    for job, said in running.items():
        if job not in known["job"]:
            faults.append(f"{job}: no such job")
        if not isinstance(said, tuple) or len(said) != 2:
            faults.append(f"job {job}: {said!r:.80}, expected its site and the periods left")
            continue
        site, left = said
        if not isinstance(site, str) or site not in known["site"]:
            faults.append(f"job {job}: no such site, {site}")
        if isinstance(left, bool) or not isinstance(left, int | np.integer) or left < 1:
            faults.append(f"job {job}: {left} periods left, expected a whole number of at least 1")
        elif job in known["job"] and left > (whole := int(instance.data.duration.sel(job=job))):
            faults.append(f"job {job}: {left} periods left, and it lasts {whole} in all")
    return faults
