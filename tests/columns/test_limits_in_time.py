"""Limits that vary in time, the final charge and required jobs, solved by hand, by both engines.

Each optimum is worked out in its comment; every schedule is certified, too.
"""

from __future__ import annotations

import pytest
from by_hand import plain

import carbonsched as cs
from carbonsched.columns import engine as engine_module

CHEAP_MIDDLE = [[30.0, 30.0, 10.0, 10.0, 30.0, 30.0]]
CURTAILED = [[10.0, 10.0, 5.0, 5.0, 10.0, 10.0]]
JOB = {"power": 10.0, "duration": 2, "import_price": CHEAP_MIDDLE}
BATTERY = {
    "battery_energy": 10.0, "battery_initial": 10.0, "charge_limit": 5.0, "discharge_limit": 5.0,
    "demand": 5.0,
}  # fmt: skip
EMPTY = {"battery_energy": 10.0, "charge_limit": 5.0, "discharge_limit": 5.0}
LOW = {"battery_initial": 2.0, "battery_min": 6.0, "battery_recovery": 2}
SOLVED = {
    # The job would run in the two cheap hours, for 1000 - 10 * 20 USD: they are curtailed.
    "capacity curtailed": ((1, 6, 1, 0), JOB | {"it_capacity": CURTAILED}, 1000 - 10 * 60),
    "import curtailed": ((1, 6, 1, 0), JOB | {"import_limit": CURTAILED}, 1000 - 10 * 60),
    # By day the battery must stay full: 10 MWh are left for the cheap hours.
    "a reserve by day": (
        (1, 4, 0, 1),
        BATTERY
        | {
            "battery_min": [[10.0, 10.0, 0.0, 0.0]],
            "battery_final": 0.0,
            "import_price": [[80.0, 80.0, 10.0, 10.0]],
        },
        -5 * 160,
    ),
    # It begins empty and must be full after the third hour: 5 MW in the two cheapest, at 10 and 5.
    # In the fourth it serves the demand itself. Without the reserve it would spare the second.
    "a reserve by night": (
        (1, 4, 0, 1),
        BATTERY
        | {
            "battery_initial": 0.0,
            "battery_final": 0.0,
            "battery_min": [[0.0, 0.0, 10.0, 0.0]],
            "import_price": [[10.0, 30.0, 5.0, 40.0]],
        },
        -(10 * 10 + 5 * 30 + 10 * 5),
    ),
    # Of the 10 MWh, 6 may go: 10 - 6 MWh are bought at 80.
    "a lower final charge": (
        (1, 2, 0, 1), BATTERY | {"battery_final": 4.0, "import_price": 80.0}, -4 * 80,
    ),
    # 2 MWh more than it began with, bought at 80.
    "a higher final charge": (
        (1, 2, 0, 1),
        BATTERY | {"battery_initial": 5.0, "battery_final": 7.0, "import_price": 80.0},
        -12 * 80,
    ),
    # 5 MWh at 10 are worth 20 each; in the first hour they cost 30.
    "energy worth storing": (
        (1, 2, 0, 0), EMPTY | {"import_price": [[30.0, 10.0]], "battery_value": 20.0}, 5 * 10,
    ),
    # As before at an efficiency of one half: 2.5 MWh of the 5 arrive. At 0.4 they are not worth it.
    "energy worth storing at a loss": (
        (1, 2, 0, 0),
        EMPTY
        | {"import_price": [[30.0, 9.0]], "battery_value": 20.0, "charge_efficiency": 0.5},
        2.5 * 20 - 5 * 9,
    ),
    # 4 MWh drawn deliver 2, which save 160 and were worth 120 in store. At 100 a MWh none would go.
    "energy worth more outside": (
        (1, 1, 0, 1),
        BATTERY
        | {
            "battery_final": 6.0, "battery_value": 30.0, "import_price": 80.0,
            "discharge_efficiency": 0.5,
        },
        -3 * 80 - 4 * 30,
    ),
    "energy worth more in store": (
        (1, 1, 0, 1), BATTERY | {"battery_final": 0.0, "battery_value": 81.0, "import_price": 80.0},
        -5 * 80,
    ),
    # It begins with 2 of 6 MWh and has two hours: 4 in the second, at 10.
    "a start below the reserve": (
        (1, 3, 0, 0), EMPTY | LOW | {"import_price": [[30.0, 10.0, 5.0]]}, -4 * 10,
    ),
    # In one hour: 4 at 30.
    "a start below the reserve, at once": (
        (1, 3, 0, 0), EMPTY | LOW | {"import_price": [[30.0, 10.0, 5.0]], "battery_recovery": 1},
        -4 * 30,
    ),
    # Until then it may not give the 2 MWh that it has, whatever they would save.
    "a start below the reserve gives nothing": (
        (1, 2, 0, 1), BATTERY | LOW | {"import_price": [[90.0, 10.0]], "export_limit": 0.0},
        -(5 * 90 + (5 + 4) * 10),
    ),
    # Four hours from a window of -3 to 9: only what lies within the day counts.
    "a window beyond the horizon": (
        (1, 6, 1, 0), JOB | {"release": -3, "deadline": 9}, 1000 - 10 * 20,
    ),
    # Released in the last hour, two hours long, due tomorrow: not within this horizon.
    "a job of the next horizon": (
        (1, 6, 2, 0), JOB | {"release": [5, 0], "deadline": 9}, 1000 - 10 * 20,
    ),
    # Longer than the horizon, too.
    "a job longer than the horizon": (
        (1, 2, 2, 0), JOB | {"import_price": 10.0, "duration": [1, 9], "deadline": 20}, 1000 - 100,
    ),
    "no job of this horizon": (
        (1, 2, 2, 1),
        {"demand": 5.0, "release": [2, -9], "deadline": [20, -1], "duration": [1, 9]}, -100,
    ),
    # Export is open in the second hour only, and pays 3 for 7 MW.
    "export in one hour": (
        (1, 2, 0, 0),
        {"generation_available": 7.0, "export_limit": [[0.0, 9.0]], "export_price": 3.0},
        7 * 3,
    ),
    # Own power at 5 USD/MWh, then at 50, where import costs 10.
    "generation dearer later": (
        (1, 2, 0, 1),
        {"demand": 5.0, "generation_available": 5.0, "generation_cost": [[5.0, 50.0]]},
        -(5 * 5 + 5 * 10),
    ),
    # Own power is free, and dirtier than import in the second hour: the budget is for import.
    "generation dirtier later": (
        (1, 2, 0, 1),
        {
            "demand": 5.0, "generation_available": 5.0, "generation_carbon": [[0.0, 1.0]],
            "carbon_budget": 2.5,
        },
        -5 * 10,
    ),
    "a required job at a loss": (
        (1, 3, 1, 0), {"reward": 0.0, "required": True, "import_price": [[30.0, 10.0, 20.0]]}, -100,
    ),
    # One hour with room for one of two: the one that pays has to go.
    "a required job before one that pays": (
        (1, 1, 2, 0), {"it_capacity": 10.0, "reward": [1000.0, 0.0], "required": [False, True]},
        -100,
    ),
    # Inference fills the cheap site, the only one for the job, until the job needs it.
    "a required job where inference was": (
        (2, 1, 1, 1),
        {
            "it_capacity": 10.0, "demand": 10.0, "import_price": [[10.0], [20.0]], "reward": 0.0,
            "allowed": [[True, False]], "required": True,
        },
        -(10 * 10 + 10 * 20),
    ),
}  # fmt: skip


@pytest.mark.parametrize("engine", ["milp", "column-generation"])
@pytest.mark.parametrize("name", SOLVED)
def test_hand_solved(name, engine, tmp_path):
    sizes, values, best = SOLVED[name]
    instance = cs.Instance(plain(*sizes, **values))
    schedule = cs.solve(instance, gap=1e-6, engine=engine)
    assert schedule.objective == pytest.approx(best, rel=1e-6)
    assert schedule.bound >= best - 1e-6 * abs(best)
    proof = cs.certify(instance, schedule)
    assert proof.feasible, proof.missed
    assert float(proof.objective) == pytest.approx(best, abs=1e-3)
    assert proof.bound >= best
    cs.Certificate.load(proof.save(tmp_path / "proof.json")).check(instance)


def test_required_jobs_that_do_not_fit_even_in_parts_are_infeasible():
    """Proves: the prices say so, by a bound below what any schedule earns."""
    instance = cs.Instance(plain(1, 1, 2, 0, it_capacity=10, required=True))
    for engine in ("milp", "column-generation"):
        with pytest.raises(cs.InfeasibleError):
            cs.solve(instance, engine=engine)
    one = instance.replace(required=False)
    assert cs.solve(one, gap=0, engine="column-generation").objective == pytest.approx(900)


def test_required_jobs_that_fit_in_parts_only_leave_no_schedule_to_return():
    """Three jobs of 6 MW share two sites of 9 MW, if they may be cut: no proof, no schedule."""
    instance = cs.Instance(plain(2, 1, 3, 0, it_capacity=9.0, power=6.0, required=True))
    with pytest.raises(cs.InfeasibleError):
        cs.solve(instance, engine="milp")
    with pytest.raises(cs.NoIncumbentError, match=r"every required job runs; engine='milp'"):
        cs.solve(instance, engine="column-generation")


def test_an_added_family_is_refused_by_name_before_any_work(default, monkeypatch):
    class Cap(cs.Family):
        name = "cap"

    def work(*given: object) -> None:
        raise AssertionError("it began to work")

    monkeypatch.setattr(engine_module, "tightened", work)
    families = [*cs.FAMILIES, Cap()]
    with pytest.raises(ValueError, match="column generation does not take the family cap"):
        cs.solve(default, engine="column-generation", families=families)
    with pytest.raises(AssertionError):  # without it, it would
        cs.solve(default, engine="column-generation")
