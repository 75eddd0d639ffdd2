"""(10) where one job lasts far longer than the others: the same rows, memory by what is there."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs


def one_long(periods: int = 24, jobs: int = 6) -> cs.Instance:
    """Return jobs of one, two and three periods, and one of twenty."""
    instance = cs.generate(2, periods, jobs, 1, seed=3)
    data = instance.data
    lengths = data.duration.copy(data=[20, *([1, 2, 3] * jobs)[: jobs - 1]])
    first, last = (xr.full_like(data.release, data.time.values[at]) for at in (0, -1))
    return instance.replace(duration=lengths, release=first, deadline=last)


def rows_of(model) -> dict[tuple[str, str, int], dict[int, float]]:
    """Return what stands in each row (10), by job, site and period."""
    found = {}
    for name in [n for n in model.constraints if n.startswith("jobs:continuity")]:
        rows = model.constraints[name]
        assert (rows.rhs == 0).all() and (rows.sign == ">=").all()
        stacked = rows.data.stack(row=("job", "site", "time"))
        for label, variables, factors in zip(
            stacked.row.values, stacked.vars.T.values, stacked.coeffs.T.values, strict=True
        ):
            if stacked.labels.sel(row=label) >= 0:
                there = variables >= 0
                assert label not in found
                found[label] = dict(zip(variables[there], factors[there], strict=True))
    return found


@pytest.mark.parametrize("windows", ["cut", "rows"])
def test_every_row_is_stated_once_whatever_the_lengths(windows):
    instance = one_long()
    model = cs.build(instance, cs.Formulation(jobs="run", windows=windows))
    start, run, length = model["start"].labels, model["run"].labels, instance.data.duration
    times = list(instance.data.time.values)
    expected = {}
    for job in instance.data.job.values:
        for site in instance.data.site.values:
            for at, time in enumerate(times):
                label = int(start.sel(job=job, site=site, time=time))
                if label < 0:
                    continue
                most = int(length.sel(job=job))
                ahead = [int(run.sel(job=job, site=site, time=t)) for t in times[at : at + most]]
                expected[job, site, time] = {**dict.fromkeys(ahead, 1.0), label: -float(most)}
    assert rows_of(model) == expected


def test_memory_goes_by_the_nonzeros_and_not_by_the_longest_job():
    model = cs.build(one_long(48, 40), "paper")
    terms = there = 0
    for name in [n for n in model.constraints if n.startswith("jobs:continuity")]:
        labels = model.constraints[name].vars.values
        terms, there = terms + labels.size, there + int(np.sum(labels >= 0))
    assert terms <= 3 * there


def test_the_optimum_is_that_of_the_form_without_these_rows():
    instance = one_long(periods=22, jobs=4)
    instance = instance.replace(required=instance.data.job == "job-1")
    stated = cs.solve(instance, formulation="paper", gap=1e-6)
    assert stated.objective == pytest.approx(cs.solve(instance, gap=1e-6).objective, rel=1e-6)
    assert stated.data.start.sel(job="job-1").sum() == 1


def test_lengths_that_are_alike_are_one_block():
    instance = cs.generate(2, 24, 6, 1, seed=0)
    even = instance.replace(duration=instance.data.duration * 0 + 3)
    names = [n for n in cs.build(even, "paper").constraints if n.startswith("jobs:continuity")]
    assert names == ["jobs:continuity"]
