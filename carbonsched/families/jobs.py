r"""(8)-(10) Rigid training jobs: assignment, commitment logic, continuity.

.. math::

   \sum_i x_{jit} \le 1, \qquad \sum_{it} u_{jit} &\le 1 \tag{8} \\
   x_{jit} - x_{ji,t-1} &= u_{jit} - v_{jit} \tag{9} \\
   \sum_{\tau=t}^{t+L_j-1} x_{ji\tau} &\ge L_j u_{jit} \tag{10}

As printed, (10) is a least run length; an accepted job runs exactly :math:`L_j` periods, so the
total is stated too: :math:`\sum_{it} x_{jit} = L_j \sum_{it} u_{jit}`. Nothing runs before the
first period, :math:`x_{ji,-1} = 0`.

The "start" form keeps only :math:`u`, one binary per feasible job, site and first period, and

.. math:: x_{jit} = \sum_{\tau=t-L_j+1}^{t} u_{ji\tau},

which satisfies (9) and (10) by construction (Rajan and Takriti, 2005).

**Windows.** A start from which a job would run before its release, past its deadline or on a site
that is not allowed is zero in every schedule, and so is a run there. Such a variable adds zero to
every row and to the benefit; declaring it with a row that says so, or not at all, states the same
set. Rows let windows move without building anew.
"""

import numpy as np
import xarray as xr
from linopy import LinearExpression, Model, Variable

from carbonsched.families.shared import contribute, earn, over
from carbonsched.formulation import Formulation
from carbonsched.windows import may_run, may_start

OVER = "job"
MOVES = {"release", "deadline", "allowed"}  # where windows are rows


def last_periods(variable: Variable, count: xr.DataArray) -> LinearExpression:
    """Sum a variable over the last `count` periods, a number of its own for each job.

    One rolling window as long as the longest job, from which each job drops what is too old.
    """
    longest = max([1, *count.values])
    window = variable.rolling(time=longest).sum().data
    age = xr.DataArray(np.arange(longest)[::-1], dims="_term")
    recent = window[["vars", "coeffs"]].where(age < count, {"vars": -1, "coeffs": np.nan})
    return LinearExpression(window.assign(recent), variable.model)


def next_periods(variable: Variable, count: xr.DataArray) -> LinearExpression:
    """Sum a variable over this and the following periods, `count` in all."""
    backwards = {"time": slice(None, None, -1)}
    return last_periods(variable.isel(backwards), count).isel(backwards)


def worth(data: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what a unit of each variable earns, USD."""
    return {"start": data.reward - data.startup_cost}


def declare(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Declare `start` (in form "run" also `run` and `stop`), binary over (job, site, time)."""
    job_site_time = over(data, "job", "site", "time")
    cut = formulation.windows == "cut"
    start = model.add_variables(
        binary=True, coords=job_site_time, mask=may_start(data) if cut else None, name="start"
    )
    if formulation.jobs == "run":
        run = 1 * model.add_variables(
            binary=True, coords=job_site_time, mask=may_run(data) if cut else None, name="run"
        )
        model.add_variables(binary=True, coords=job_site_time, name="stop")
    else:
        run = last_periods(start, data.duration)
        model.add_expressions(run, name="run")

    contribute(model, "it_load", (data.power * run).sum("job"))
    earn(model, worth(data))


def constrain(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """State (8), and in form "run" also (9) and (10)."""
    start = model["start"]
    starts = start.sum(["site", "time"])
    model.add_constraints(starts <= 1, name="jobs:start_once")  # (8)
    if formulation.windows == "rows":
        model.add_constraints(start <= may_start(data).astype(float), name="jobs:window")
    if formulation.jobs == "start":
        return
    run, stop = model["run"], model["stop"]
    before = run.shift(time=1).fillna(0)
    running_ahead = next_periods(run, data.duration)
    run_periods = run.sum(["site", "time"])

    model.add_constraints(run.sum("site") <= 1, name="jobs:one_site")  # (8)
    model.add_constraints(
        run.fillna(0) - before == start.fillna(0) - stop, name="jobs:logic"
    )  # (9)
    model.add_constraints(running_ahead >= data.duration * start, name="jobs:continuity")  # (10)
    model.add_constraints(run_periods == data.duration * starts, name="jobs:run_length")  # (10)


def update(model: Model, data: xr.Dataset, formulation: Formulation) -> None:
    """Move the windows."""
    if formulation.windows == "rows":
        model.constraints["jobs:window"].update(rhs=may_start(data).astype(float))
