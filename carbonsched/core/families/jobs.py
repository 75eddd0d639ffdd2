r"""(8)-(10) Rigid training jobs: assignment, commitment logic, continuity.

.. math::

   \sum_i x_{jit} \le 1, \qquad \sum_{it} u_{jit} &\le 1 \tag{8} \\
   x_{jit} - x_{ji,t-1} &= u_{jit} - v_{jit} \tag{9} \\
   \sum_{\tau=t}^{t+L_j-1} x_{ji\tau} &\ge L_j u_{jit} \tag{10}

As printed, (10) is a least run length; an accepted job runs exactly :math:`L_j` periods, so the
total is stated too: :math:`\sum_{it} x_{jit} = L_j \sum_{it} u_{jit}`. Nothing runs before the
first period, :math:`x_{ji,-1} = 0`. A job with :math:`F_j`, `required`, must run:
:math:`\sum_{it} u_{jit} \ge 1`.

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
from linopy import LinearExpression, Variable

from carbonsched.core.families.expressions import SITE_TIME, Model, contribute, require
from carbonsched.core.family import Family, over
from carbonsched.core.formulation import Formulation
from carbonsched.core.reach import may_run, may_start

JOB_SITE_TIME = ("job", "site", "time")


def load_of_starts(start: Variable, data: xr.Dataset, model: Model) -> LinearExpression:
    """Return what started jobs draw, MW over (site, time): power times the last L_j starts.

    Made entry by entry, so that it takes memory for what there is: a start is a term of the
    :math:`L_j` periods that it lasts, whatever the longest job.
    """
    sites, periods = (data.sizes[dim] for dim in ("site", "time"))
    labels = start.labels.transpose(*JOB_SITE_TIME).values
    job, site, first = np.nonzero(labels >= 0)
    length = np.minimum(data.duration.values[job], periods - first)
    row = np.repeat(site * periods + first, length)
    row += np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    order = np.argsort(row, kind="stable")
    row = row[order]
    count = np.bincount(row, minlength=sites * periods)
    at = row, np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    shape = (sites * periods, int(count.max(initial=0)))
    term, factor = np.full(shape, -1, labels.dtype), np.full(shape, np.nan)
    term[at] = np.repeat(labels[job, site, first], length)[order]
    factor[at] = np.repeat(data.power.values[job], length)[order]
    block = xr.Dataset(
        {
            name: (("site", "time", "_term"), values.reshape(sites, periods, -1))
            for name, values in (("vars", term), ("coeffs", factor))
        },
        {dim: data.indexes[dim] for dim in SITE_TIME},
    )
    return LinearExpression(block, model)


def of_like_length(duration: xr.DataArray) -> dict[str, xr.DataArray]:
    """Return the rows (10) as one block, or more: a block takes memory by its longest job."""
    if duration.max() <= 2 * duration.mean():
        return {"jobs:continuity": duration}
    doubled = np.ceil(np.log2(duration)).astype(int)
    return {f"jobs:continuity:{2**n}": duration[doubled == n] for n in np.unique(doubled)}


def next_periods(variable: Variable, count: xr.DataArray, model: Model) -> LinearExpression:
    """Sum a variable over this and the following periods, `count` in all: (job, site, time)."""
    labels = variable.labels.transpose(*JOB_SITE_TIME)
    ahead = np.arange(max([1, *count.values]))
    beyond = ((0, 0), (0, 0), (0, len(ahead) - 1))
    padded = np.pad(labels.values, beyond, constant_values=-1)
    window = np.lib.stride_tricks.sliding_window_view(padded, len(ahead), axis=2)
    term = np.where(ahead < count.values[:, None, None, None], window, -1)
    dims = (*JOB_SITE_TIME, "_term")
    factor = np.where(term >= 0, 1.0, np.nan)
    return LinearExpression(
        xr.Dataset({"vars": (dims, term), "coeffs": (dims, factor)}, labels.coords), model
    )


class Jobs(Family):
    """(8)-(10): a job runs once, on one site, without a break, or not at all unless required."""

    name = "jobs"
    over = "job"
    moves = frozenset({"release", "deadline", "allowed", "required"})  # windows where they are rows

    def worth(self, data: xr.Dataset) -> dict[str, dict[str, xr.DataArray]]:
        """Return that a job earns its reward and costs its start-up when it starts, USD."""
        return {"training": {"start": data.reward}, "startup": {"start": -data.startup_cost}}

    def settled(self, data: xr.Dataset) -> dict[str, xr.DataArray]:
        """Return that a required job runs, whatever it earns."""
        return {"start": (data.reward - data.startup_cost).where(data.required, 0)}

    def declare(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Declare `start` (in form "run" also `run` and `stop`), binary over (job, site, time)."""
        coords = over(data, *JOB_SITE_TIME)
        cut = formulation.windows == "cut"
        start = model.add_variables(
            binary=True, coords=coords, mask=may_start(data) if cut else None, name="start"
        )
        if formulation.jobs == "start":
            contribute(model, "it_load", load_of_starts(start, data, model))
            return
        run = model.add_variables(
            binary=True, coords=coords, mask=may_run(data) if cut else None, name="run"
        )
        model.add_variables(binary=True, coords=coords, name="stop")
        contribute(model, "it_load", (data.power, run))

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State (8), and in form "run" also (9) and (10)."""
        start = model["start"]
        require(model, "jobs:start_once", (1, start), at_most=1, over=("job",))  # (8)
        must = data.required.astype(float)
        if must.any():
            require(model, "jobs:required", (1, start), at_least=must, over=("job",))  # (8)
        if formulation.windows == "rows":
            window = may_start(data).astype(float)
            require(model, "jobs:window", (1, start), at_most=window, over=JOB_SITE_TIME)
        if formulation.jobs == "start":
            return  # (9), (10) hold by construction
        run, stop = model["run"], model["stop"]
        require(model, "jobs:one_site", (1, run), at_most=1, over=("job", "time"))  # (8)
        require(
            model, "jobs:logic", (1, run), (-1, run.shift(time=1)), (-1, start), (1, stop), equal=0,
            over=JOB_SITE_TIME,
        )  # (9)  # fmt: skip
        for name, length in of_like_length(data.duration).items():
            begins, runs = (variable.sel(job=length.job) for variable in (start, run))
            require(
                model, name, (1, next_periods(runs, length, model)), (-length, begins), at_least=0,
                over=JOB_SITE_TIME, mask=begins.labels >= 0,
            )  # (10)  # fmt: skip
        require(
            model, "jobs:run_length", (1, run), (-data.duration, start), equal=0, over=("job",)
        )  # (10)

    def update(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Move the windows, and which jobs are required."""
        if "jobs:required" in model.constraints:
            model.constraints["jobs:required"].update(rhs=data.required.astype(float))
        if formulation.windows == "rows":
            model.constraints["jobs:window"].update(rhs=may_start(data).astype(float))


family = Jobs()
