"""Which program decides whether there is a schedule, and what of a fixed workload it holds."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.core.method import METHODS
from carbonsched.core.tighten import restricted
from carbonsched.diagnosis import diagnose as diagnosing
from carbonsched.diagnosis.diagnose import Diagnosis, _program
from carbonsched.diagnosis.feasibility import Plan, state_elastic

FIXED = METHODS["energy_only"]


def test_jobs_that_are_fixed_count_against_the_budget(make):
    """A job of 10 MWh and inference of 10 MWh at 0.5 t/MWh: 10 t, where declining emits 5."""
    instance = make(1, 1, 1, 1, demand=10.0, carbon_budget=9.9)
    program = _program(instance, FIXED, 60.0)
    assert program.infeasible()
    assert program.holds(instance.replace(carbon_budget=10.1).data)


def test_a_required_job_that_finds_no_room_beside_others_is_placed_by_the_program(make):
    """Two of 60 MW beside each other in 100."""
    instance = make(1, 1, 2, 0, power=60.0, required=True)
    assert _program(instance, FIXED, 60.0).infeasible()


def test_inference_that_finds_no_room_by_itself_is_all_that_is_looked_at(make):
    """10 MW are split 5 and 5; the second site is fed with 4."""
    instance = make(2, 1, 1, 1, demand=10.0, import_limit=[20.0, 4.0], carbon_budget=1.0)
    program = _program(instance, FIXED, 60.0)
    assert program.infeasible()
    ample = instance.replace(import_limit=instance.data.import_limit + 10)
    assert program.holds(ample.data)  # whatever they emit: the budget comes later


def test_a_fixed_workload_stands_in_the_rows_of_power_and_room(make):
    """A job of 10 MW, cooled by 1.5; inference is split by the room of the sites, 3 to 1."""
    instance = make(
        2, 1, 1, 1, demand=10.0, cooling=1.5, it_capacity=[30.0, 10.0], battery_energy=4.0,
        battery_initial=2.0, battery_final=3.0, charge_limit=1.0, discharge_limit=1.0,
    )  # fmt: skip
    data = restricted(instance.data, FIXED)
    power = xr.DataArray([[10.0], [0.0]], {"site": data.site, "time": data.time}, ("site", "time"))
    model = state_elastic(data, Plan(power))
    rows = model.constraints
    assert rows["balance:power"].rhs.values.ravel().tolist() == [15.0, 0.0]
    assert rows["power:capacity"].rhs.values.ravel().tolist() == [20.0, 10.0]
    split = rows["workload:split"]
    factors = split.coeffs.transpose("service", "site", "time", "_term").values.ravel()
    assert {round(f, 6) for f in factors if np.isfinite(f)} == {1.0, -0.75, -0.25}
    assert model.variables["more_battery_final"].upper.values.tolist() == [3.0, 3.0]
    unsplit = state_elastic(data, Plan(power, split=False))
    assert "workload:split" not in unsplit.constraints


def test_no_answer_in_time_is_an_error_of_the_solver(make, monkeypatch):
    class Late:
        def infeasible(self) -> bool:
            raise TimeoutError

    monkeypatch.setattr(diagnosing, "_program", lambda *given: Late())
    with pytest.raises(cs.SolverError, match="no answer within 5 s whether there is a schedule"):
        cs.diagnose(make(1, 1), time_limit=5.0)


def test_a_family_of_ones_own_is_named_as_what_took_no_part(make):
    instance = make(1, 1)
    free = Diagnosis(instance, METHODS["joint"], feasible=True, families=("contract",))
    assert str(free) == (
        "instance, joint: there is a schedule by (1)-(16); no part in this takes what the family "
        "contract asks for"
    )
    assert free.summary() == (
        "  (1)-(16) alone leave a schedule: what there is none for is what the family contract "
        "asks for"
    )
    with pytest.raises(KeyError):
        free.remedy("demand")
