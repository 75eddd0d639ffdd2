"""(11)-(12) All demand is served, within the latency limit."""

import pytest

import carbonsched as cs
from carbonsched.core.families import inference


def test_all_demand_is_served_even_at_a_loss(make, solved):
    """Proves: (11) is an equation. Sensitivity: free to decline, the objective would be 0."""
    schedule = solved(make(1, 2, 0, 1, demand=[[3, 4]], value=2))
    assert schedule.objective == pytest.approx(7 * (2 - 10))


def test_demand_is_split_over_sites_where_it_must(make, solved):
    """Proves: services are divisible. Sensitivity: indivisible, 8 MW would fit no site of 5."""
    schedule = solved(make(2, 1, 0, 1, it_capacity=5, demand=8, import_price=[[1], [2]]))
    assert schedule.data.route.squeeze().values.tolist() == pytest.approx([5, 3])


def test_latency_closes_a_route(make, solved):
    """Proves: (12). Sensitivity: with every route open the demand would be served for nothing."""
    schedule = solved(make(2, 1, 0, 1, demand=5, latency=[[5, 20]], import_price=[[10], [0]]))
    assert schedule.objective == pytest.approx(-50)


def test_latency_at_the_limit_is_allowed(make, solved):
    """Proves: (12) forbids l > limit, not l = limit."""
    schedule = solved(make(2, 1, 0, 1, demand=5, latency=[[5, 10]], import_price=[[10], [0]]))
    assert schedule.objective == pytest.approx(0)


def test_power_per_unit_converts_workload(make, solved):
    """Proves: alpha. Sensitivity: one MW per unit would cost 40, not 20."""
    assert solved(make(1, 1, 0, 1, demand=4, power_per_unit=0.5)).objective == pytest.approx(-20)


def test_no_routing_keeps_services_at_home(make, solved):
    """Proves: the method closes every route but home, here the dear second site."""
    instance = make(2, 1, 0, 1, demand=5, home="B", import_price=[[0], [10]])
    assert solved(instance).objective == pytest.approx(0)
    assert solved(instance, method="no_routing").objective == pytest.approx(-50)


def test_no_routing_is_infeasible_if_home_is_too_small(make):
    instance = make(2, 1, 0, 1, demand=8, it_capacity=[5, 5])
    with pytest.raises(cs.InfeasibleError):
        cs.solve(instance, "no_routing")


def test_inference_earns_its_value_by_the_hour(make):
    """Proves: V_k per unit and hour, in the model's own objective, where (11) makes it a constant.

    Two half-hours of 3 and 4 units at 20 less 10 USD/h.
    """
    instance = make(1, 2, 0, 1, demand=[[3, 4]], value=20, step_hours=0.5)
    model = cs.build(instance)
    model.solve("highs", output_flag=False)
    assert model.objective.value == pytest.approx(0.5 * 7 * (20 - 10))


@pytest.mark.parametrize("formulation", cs.FORMULATIONS)
def test_a_service_without_a_route_builds_no_model(make, formulation):
    """Proves: (11) of a service that (12) cuts off is not a row without variables, left out."""
    instance = make(1, 1, 0, 1, demand=1, latency=50)
    with pytest.raises(cs.InfeasibleError, match=r"\(11\) and \(12\): no site .* of s0"):
        cs.build(instance, formulation)


def test_what_demand_earns_is_settled_by_the_hour(make):
    """Of half an hour at 8 USD for a unit and hour, 4 USD are earned whatever is decided."""
    data = make(1, 2, 0, 1, value=8, step_hours=0.5).data
    assert (inference.family.settled(data)["route"] == 4).all()
