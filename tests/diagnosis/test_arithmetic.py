"""What arithmetic alone finds impossible: each kind by hand, with its labels and amounts."""

import numpy as np
import pytest

from carbonsched.core.method import METHODS, Method
from carbonsched.core.tighten import restricted
from carbonsched.diagnosis.arithmetic import find_impossible, place_in_turn

# name -> sizes, values, method, and of each finding: kind, what is lacking, sentence
CASES = {
    # 2 x 10 MWh, of which the grid offers 2 x 6; a battery could carry every hour
    "energy": (
        (1, 2, 0, 1), {"demand": 10, "import_limit": 6, "discharge_limit": 9}, "joint",
        [("energy", 8.0, "inference needs at least 20 MWh with cooling, 8 MWh more than grid and "
          "generation offer, even if energy could be moved between hours and sites")],
    ),
    # 10 MWh of inference, 2 x 10 of a job cooled by 1.5, and 4 / 0.5 that a battery is to gain
    "energy of everything": (
        (1, 2, 1, 1),
        {
            "demand": [[10, 0]], "cooling": 1.5, "import_limit": 25, "required": True,
            "duration": 2, "power": 10, "battery_energy": 4, "battery_final": 4,
            "charge_limit": 9, "discharge_limit": 9, "charge_efficiency": 0.5,
        },
        "joint",
        [("energy", 3.0, "inference, required jobs and batteries need at least 53 MWh with "
          "cooling, 3 MWh more than grid and generation offer, even if energy could be moved "
          "between hours and sites")],
    ),
    # 6 MWh generated at 0.1 t/MWh come first, then 4 bought at 0.5: 2.6 t
    "carbon": (
        (1, 1, 0, 1),
        {"demand": 10, "generation_available": 6, "generation_carbon": 0.1, "carbon_budget": 2},
        "joint",
        [("carbon", 0.6, "inference needs at least 10 MWh with cooling, of which the cleanest on "
          "offer emit 2.6 tCO2e; the carbon budget is 2 tCO2e")],
    ),
    # a battery gives 4 of its 8 MWh at half: 2 of 10 MWh, so that 8 emit 4 t
    "carbon beside a battery": (
        (1, 1, 0, 1),
        {
            "demand": 10, "carbon_budget": 3, "battery_energy": 8, "battery_initial": 8,
            "battery_final": 4, "discharge_limit": 9, "discharge_efficiency": 0.5,
        },
        "joint",
        [("carbon", 1.0, "inference needs at least 8 MWh with cooling beyond what batteries may "
          "give, of which the cleanest on offer emit 4 tCO2e; the carbon budget is 3 tCO2e")],
    ),
    # 3 MWh an hour at most from nothing: 6 of the 8 at the end
    "charge": (
        (2, 2, 0, 0),
        {"battery_energy": [10, 0], "charge_limit": [3, 0], "battery_final": [8, 0]}, "joint",
        [("charge", 2.0, "the battery of A cannot be charged in time to what it must hold: "
          "period 1 2 MWh")],
    ),
    # 2 x 5 MW that run in both periods whenever they start, in 8 MW of room
    "pinned": (
        (2, 2, 2, 0),
        {
            "it_capacity": [8, 50], "required": True, "power": 5, "duration": 2,
            "allowed": [[True, False], [True, False]],
        },
        "joint",
        [("capacity", 4.0, "A lacks IT capacity for what must run there, j0 and j1: "
          "periods 0–1 2 MW")],
    ),
    # 10 MW beside 5 of inference that is served nowhere else, of 12 from the grid
    "pinned beside inference": (
        (2, 1, 1, 1),
        {
            "import_limit": [12, 50], "required": True, "allowed": [[True, False]], "demand": 5,
            "latency": [[1, 99]],
        },
        "joint",
        [("power", 3.0, "A lacks power from grid, generation and battery for what must run there, "
          "j0 beside inference: period 0 3 MW")],
    ),
    # 10 MW are split 5 and 5 whatever the grid gives
    "split": (
        (2, 1, 0, 1), {"demand": 10, "import_limit": [20, 4]}, "energy_only",
        [("split", 1.0, "B lacks capacity, or power without a battery, for its share of inference, "
          "split by capacity: period 0 1 MW of IT")],
    ),
    "turn": (
        (1, 1, 2, 0), {"power": 60, "required": True, "startup_cost": [0, 0]}, "energy_only",
        [("capacity", 20.0, "A lacks IT capacity for what must run there, j0 and j1: "
          "period 0 20 MW"),
         ("turn", 1.0, "required job j1 finds no room in its window beside inference split by "
          "capacity and the jobs placed before it, in order of release")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sizes", "values", "method", "told"), CASES.values(), ids=CASES)
def test_what_cannot_be_is_told_with_its_amount(make, sizes, values, method, told):
    found = find_impossible(make(*sizes, **values).data, METHODS[method])
    assert [one.sentence for one in found] == [sentence for _, _, sentence in told]
    assert [one.kind for one in found] == [kind for kind, _, _ in told]
    lacks = [float(one.lack.sum()) for one in found]
    assert lacks == pytest.approx([lack for _, lack, _ in told])


AMPLE = {
    "energy of everything": {"import_limit": 26.5},
    "carbon beside a battery": {"carbon_budget": 4},
    "charge": {"charge_limit": [4, 0]},
    "pinned beside inference": {"import_limit": [15, 50]},
    "turn": {"it_capacity": 120},
}


@pytest.mark.parametrize("name", AMPLE)
def test_with_as_much_as_is_lacking_nothing_is_found(make, name):
    """Sensitivity: a bound that is a little too strict would tell of what can be."""
    sizes, values, method, _ = CASES[name]
    assert find_impossible(make(*sizes, **values | AMPLE[name]).data, METHODS[method]) == []


def test_services_confined_to_the_same_sites_are_told_once(make):
    """And no site is said to be open to a service that none is open to."""
    data = make(2, 1, 0, 3, demand=60, latency=[[1, 99], [1, 99], [99, 99]]).data
    found = find_impossible(data, Method())
    assert [one.kind for one in found] == ["reach", "capacity"]
    assert found[1].sentence == (
        "A, the only site open to s0 and s1, lacks IT capacity: period 0 20 MW"
    )


def test_jobs_are_placed_up_to_the_first_that_finds_no_room(make):
    """Of three required jobs of 60 MW in two periods of 100 MW, the third is left, and its place.

    The second is released first, so that it is placed first.
    """
    data = make(1, 2, 3, 0, power=60, required=True, release=[1, 0, 1]).data
    start, missing = place_in_turn(restricted(data, METHODS["energy_only"]))
    assert missing == ("j2",)
    assert np.argwhere(start.transpose("job", "site", "time").values).tolist() == [
        [0, 0, 1],
        [1, 0, 0],
    ]
    roomy = make(1, 2, 3, 0, power=50, required=True).data
    assert place_in_turn(restricted(roomy, METHODS["energy_only"]))[1] == ()
