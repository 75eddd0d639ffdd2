"""(2)-(3) IT power and facility power."""

import pytest


def test_capacity_limits_jobs_and_inference_together(make, solved):
    """Proves: (2) adds both workloads. Sensitivity: capacity apart, both jobs would run: 1900."""
    instance = make(
        1, 1, 2, 1, it_capacity=25, power=10, demand=10, reward=[1000, 1100], import_price=0
    )
    schedule = solved(instance)
    assert schedule.objective == pytest.approx(1100)
    assert schedule.data.it_power.item() == pytest.approx(20)


def test_cooling_multiplies_it_power(make, solved):
    """Proves: (3). Sensitivity: without cooling the import would cost 100, not 130."""
    schedule = solved(make(1, 1, 1, cooling=1.3))
    assert schedule.objective == pytest.approx(1000 - 130)
    assert schedule.data.facility_power.item() == pytest.approx(13)


def test_cooling_of_the_hour_counts(make, solved):
    """Proves: cooling varies by period, and jobs avoid the warm hour.

    Sensitivity: with a mean cooling of 1.25 the cost would be 125.
    """
    schedule = solved(make(1, 2, 1, cooling=[[1.5, 1.0]]))
    assert schedule.objective == pytest.approx(900)
    assert schedule.data.start.squeeze().values.tolist() == [0, 1]
