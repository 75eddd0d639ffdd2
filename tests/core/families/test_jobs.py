"""(8)-(10) Assignment, commitment logic, continuity."""

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.core.families import jobs


def test_a_job_runs_on_one_site_only(make, solved):
    """Proves: (8). Sensitivity: split over two sites of 6 MW the job of 10 MW would fit."""
    data = make(2, 1, 1, it_capacity=[6, 12], import_price=[[0], [50]])
    assert solved(data).objective == pytest.approx(1000 - 500)


def test_a_job_runs_without_a_break(make, solved):
    """Proves: (10). Sensitivity: preempted in the dear hour it would pay 0 + 0, not 0 + 300."""
    schedule = solved(make(1, 3, 1, duration=2, import_price=[[0, 30, 0]]))
    assert schedule.objective == pytest.approx(1000 - 300)


def test_a_job_does_not_move_between_sites(make, solved):
    """Proves: (9) and (10) hold per site. Sensitivity: moving after an hour would cost nothing."""
    schedule = solved(make(2, 2, 1, duration=2, import_price=[[0, 40], [40, 0]]))
    assert schedule.objective == pytest.approx(1000 - 400)


def test_a_job_runs_exactly_its_duration(make, solved):
    """Proves: the total run length. Sensitivity: paid to burn power it would run for four."""
    schedule = solved(make(1, 4, 1, duration=2, import_price=-10))
    assert schedule.data.run.sum().item() == 2
    assert schedule.objective == pytest.approx(1000 + 2 * 100)


def test_a_job_stays_within_its_window(make, solved):
    """Proves: release and deadline are inclusive labels. Sensitivity: free, it runs at 0 USD."""
    prices = [[0, 9, 8, 7, 0]]
    schedule = solved(make(1, 5, 1, release=1, deadline=3, duration=2, import_price=prices))
    assert np.flatnonzero(schedule.data.run.squeeze()).tolist() == [2, 3]
    assert schedule.objective == pytest.approx(1000 - 150)


def test_a_job_may_end_with_the_horizon(make, solved):
    """Proves: the last period can be used. Sensitivity: else the only free hour is lost."""
    schedule = solved(make(1, 3, 1, duration=1, import_price=[[50, 50, 0]]))
    assert schedule.objective == pytest.approx(1000)


def test_nothing_ran_before_the_first_period(make, solved):
    """Proves: x at -1 is 0, so a job running in period 0 has started there and pays for it."""
    schedule = solved(make(1, 2, 1, duration=2, startup_cost=70))
    assert schedule.objective == pytest.approx(1000 - 70 - 200)
    assert schedule.data.start.squeeze().values.tolist() == [1, 0]


def test_only_allowed_sites_host_a_job(make, solved):
    """Proves: A_ji. Sensitivity: on the forbidden free site the objective would be 1000."""
    schedule = solved(make(2, 1, 1, allowed=[[False, True]], import_price=[[0], [20]]))
    assert schedule.objective == pytest.approx(800)


def test_jobs_of_different_durations_share_a_site(make, solved):
    """Proves: each job's window sum has its own length.

    10 MW of capacity for jobs of 1, 2 and 3 hours in 6: all run, one after the other.
    Sensitivity: with the longest length for all, only two would fit.
    """
    schedule = solved(make(1, 6, 3, it_capacity=10, duration=[1, 2, 3], import_price=0))
    assert schedule.objective == pytest.approx(3000)
    assert schedule.data.run.sum("job").values.max() == 1


def test_windows_that_are_masks_have_no_row_to_move(make):
    instance = make(1, 3, 1)
    model = cs.build(instance)
    before = model.matrices.b.copy()
    jobs.family.update(model, instance.replace(release=1).data, cs.Formulation(windows="cut"))
    np.testing.assert_array_equal(model.matrices.b, before)


def test_a_job_that_has_run_has_stopped(make):
    """Proves: (9) is an equation. Where nothing may stop, a job can only end with the horizon."""
    model = cs.build(make(1, 3, 1, import_price=[[0, 0, 50]]), "paper")
    model.add_constraints(model["stop"].sum() == 0, name="never")
    model.solve("highs", output_flag=False)
    assert model.objective.value == pytest.approx(1000 - 500)


def test_a_job_stops_once_and_only_after_its_run(make):
    """Proves: (9) is an equation from its other side too: no stop where nothing ran."""
    model = cs.build(make(1, 4, 1), "paper")
    model.add_objective(model["stop"].sum(), sense="max", overwrite=True)
    model.solve("highs", output_flag=False)
    assert model.objective.value == pytest.approx(1)


@pytest.mark.parametrize("formulation", cs.FORMULATIONS)
def test_the_load_of_a_run_is_the_same_in_either_form(make, formulation):
    """Proves: over `run`, or as the sum of the starts that stand for it."""
    instance = make(1, 4, 1, duration=2, import_price=[[9, 1, 1, 9]])
    model = cs.build(instance, formulation)
    model.solve("highs", output_flag=False)
    assert model.expressions["it_load"].solution.squeeze().values.tolist() == [0, 10, 10, 0]


def test_the_load_takes_memory_by_what_there_is(make):
    """One job of 90 hours beside 40 of one: a row has a term a start, not 90 for every job."""
    durations = [90, *[1] * 40]
    model = cs.build(make(1, 100, 41, duration=durations, power=1))
    assert model.expressions["it_load"].nterm == 40 + 11  # starts of the long one: 11 periods


def test_a_required_job_runs_at_a_loss(make, solved):
    """One hour of 10 MW at 10 USD/MWh and a reward of 40: declined if it may be."""
    assert solved(make(1, 1, 1, reward=40)).data.start.sum() == 0
    schedule = solved(make(1, 1, 1, reward=40, required=True))
    assert schedule.objective == pytest.approx(40 - 100)
    assert schedule.data.start.sum() == 1


def test_required_jobs_that_do_not_fit_have_no_schedule(make):
    with pytest.raises(cs.InfeasibleError):
        cs.solve(make(1, 1, 2, it_capacity=15, required=True))
    assert cs.solve(make(1, 1, 2, it_capacity=15, required=[True, False])).data.start.sum() == 1


def test_what_a_required_job_earns_is_settled(make):
    data = make(1, 2, 2, 0, reward=[50.0, 60.0], startup_cost=20.0, required=[True, False]).data
    assert jobs.family.settled(data)["start"].values.tolist() == [30, 0]


def test_the_first_variable_of_a_model_has_its_row_of_continuity(make):
    """With the jobs ahead of all, the first start of the first job has linopy's label 0."""
    instance = make(1, 2, 1, duration=1)
    ahead = sorted(cs.FAMILIES, key=lambda family: family.name != "jobs")
    model = cs.build(instance, "paper", families=ahead)
    assert model["start"].labels.min() == 0
    assert (model.constraints["jobs:continuity"].labels >= 0).sum() == 2  # (10), a row a start


def test_rows_of_continuity_stand_in_blocks_of_like_length():
    """Proves: one block where none is twice the mean; else one for each doubling, all jobs once."""
    alike = xr.DataArray([3, 4, 5], {"job": ["a", "b", "c"]})
    assert list(jobs.of_like_length(alike)) == ["jobs:continuity"]
    apart = xr.DataArray([1, 2, 3, 30], {"job": ["a", "b", "c", "d"]})
    blocks = jobs.of_like_length(apart)
    assert {name: block.job.values.tolist() for name, block in blocks.items()} == {
        "jobs:continuity:1": ["a"], "jobs:continuity:2": ["b"],
        "jobs:continuity:4": ["c"], "jobs:continuity:32": ["d"],
    }  # fmt: skip
