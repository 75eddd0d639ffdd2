"""(1) The net operational benefit."""

import pytest
from draws import draw

import carbonsched as cs


def test_each_term_of_the_benefit_is_priced(make, solved):
    """Proves: reward, start-up, value, import price and step length all enter (1).

    One job of 10 MW and a service of 5 units at 2 MW, half an hour, import at 10 USD/MWh:
    1000 - 40 + 0.5 * 5 * 30 - 0.5 * 20 * 10 = 935.
    Sensitivity: without the step length 910 - 40 + 100 = 910, without start-up cost 975.
    """
    instance = make(
        1, 1, 1, 1, step_hours=0.5, startup_cost=40, demand=5, power_per_unit=2, value=30
    )
    schedule = solved(instance)
    assert schedule.objective == pytest.approx(935)
    assert schedule.benefit["training"] == pytest.approx(1000)
    assert schedule.benefit["startup"] == pytest.approx(-40)
    assert schedule.benefit["inference"] == pytest.approx(75)
    assert schedule.benefit["import"] == pytest.approx(-100)


def test_a_job_that_does_not_pay_is_declined(make, solved):
    """Proves: acceptance is a choice, sum u <= 1 and not = 1.

    Sensitivity: were the job compulsory the objective would be 50 - 100 = -50.
    """
    schedule = solved(make(1, 1, 1, reward=50))
    assert schedule.objective == pytest.approx(0)
    assert not schedule.data.start.any()


def test_reward_is_paid_once_not_per_period(make, solved):
    """Proves: R_j multiplies starts. Sensitivity: paid per period it would earn 3000 - 300."""
    schedule = solved(make(1, 3, 1, duration=3))
    assert schedule.objective == pytest.approx(1000 - 3 * 10 * 10)


@pytest.mark.parametrize("seed", [0, 1, 4, 6])
def test_the_model_pays_what_a_schedule_earns_over_half_hours(seed, once):
    """Proves: every term of (1), with the step length, is in the objective that is maximised.

    The benefit of a schedule is summed from its decisions, apart from the model.
    """
    instance = draw(seed).replace(step_hours=0.5, battery_cost=3.0)
    schedule = cs.solve(instance, gap=0)
    assert schedule.bound == pytest.approx(schedule.objective, rel=1e-6)
    assert any(schedule.benefit.values())


def test_trade_is_paid_by_the_hour(make, solved):
    """Half an hour of 5 MW sold at 4 USD/MWh, and of 10 MW bought at 10 USD/MWh elsewhere."""
    instance = make(
        2, 1, 0, 1, demand=10, step_hours=0.5, generation_available=[[20], [0]],
        generation_cost=30, export_limit=[5, 0], export_price=34,
        latency=[[50, 1]],
    )  # fmt: skip
    assert solved(instance).objective == pytest.approx(0.5 * 5 * (34 - 30) - 0.5 * 10 * 10)
