"""What is possible and yet looks like another unit, by itself or beside what belongs to it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from by_hand import plain
from hypothesis import given
from hypothesis import strategies as st

import carbonsched as cs
from carbonsched.core.schema import PARAMETERS


def heard(made) -> list[str]:
    """Return what is warned of while something is made."""
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always", cs.SuspiciousValueWarning)
        made()
    return [str(warning.message) for warning in noted]


POWERS = (
    "it_capacity",
    "import_limit",
    "export_limit",
    "generation_available",
    "charge_limit",
    "discharge_limit",
)
ENERGIES = ("battery_energy", "battery_min", "battery_initial", "battery_final")


def of_size(megawatts: float) -> cs.Instance:
    """Return two sites of about so many MW, their batteries, jobs, rewards and budget."""
    values = {
        "it_capacity": [megawatts, 2 * megawatts], "import_limit": 2 * megawatts,
        "export_limit": megawatts, "generation_available": 0.5 * megawatts, "cooling": 1.2,
        "charge_limit": megawatts / 4, "discharge_limit": megawatts / 4,
        "battery_energy": megawatts, "battery_min": megawatts / 10,
        "battery_initial": megawatts / 2, "power": megawatts, "demand": 0.2 * megawatts,
        "reward": 500 * megawatts, "startup_cost": 20 * megawatts, "value": 150,
        "carbon_budget": 24 * megawatts,
    }  # fmt: skip
    return cs.Instance(plain(2, 24, 1, 1, **values))


@pytest.mark.parametrize("megawatts", [0.0007, 0.0056, 0.5, 5, 300, 2000, 20_000])
def test_a_gpu_a_rack_a_hall_and_a_region_are_all_plausible(megawatts):
    """One H100 takes 0.0007 MW, eight of them 0.0056; a region's data centers some 20 GW."""
    assert heard(lambda: of_size(megawatts)) == []


def test_one_gpu_on_a_site_of_any_size(make):
    for capacity, limit in ((0.0007, 1000.0), (100.0, 1000.0), (0.0007, 0.001)):
        made = lambda c=capacity, m=limit: make(  # noqa: E731
            1, 4, 1, power=0.0007, it_capacity=c, import_limit=m, reward=2.0
        )
        assert heard(made) == []


@pytest.mark.parametrize("name", [*POWERS, "battery_energy"])
@pytest.mark.parametrize("megawatts", [0.0007, 5.0, 300.0, 20_000.0])
def test_a_thousandfold_at_one_site_is_told_by_label_and_value(name, megawatts):
    """Of any size of site, and whichever of its powers or energies was typed in kW or kWh."""
    instance = of_size(megawatts)
    wrong = instance.data[name].copy(deep=True)
    wrong[0] *= 1000
    said = heard(lambda: instance.replace(**{name: wrong}))
    assert any(text.startswith(f"{name}[site=A] = ") and "is the unit" in text for text in said)
    assert not any("site=B" in text for text in said)


def test_five_megawatts_typed_as_five_thousand(make):
    """The figure, what it does not fit, and by how much."""
    right = {"it_capacity": [5, 50], "import_limit": [7.5, 75]}
    assert heard(lambda: make(2, 4, **right)) == []
    assert heard(lambda: make(2, 4, **(right | {"it_capacity": [5000, 50]}))) == [
        "it_capacity[site=A] = 5,000 MW is 667 times "
        "import_limit + generation_available + discharge_limit = 7.5: expected at most 10 times; "
        "is the unit right?"
    ]
    assert heard(lambda: make(2, 4, **(right | {"import_limit": [7500, 75]}))) == [
        "import_limit[site=A] = 7,500 MW is 1,500 times it_capacity = 5, at other sites 1.5 times: "
        "expected at most 100 times; is the unit right?"
    ]


def test_a_job_typed_in_kilowatts_fits_no_site(make):
    with pytest.raises(cs.InstanceError, match="job j0: power 5000 MW, no allowed site has that"):
        make(2, 4, 1, power=5000.0)


def test_one_hour_of_another_unit_is_told_too(make):
    capacity = np.full((1, 4), 5.0)
    capacity[0, 2] = 5000.0
    said = heard(lambda: make(1, 4, it_capacity=capacity, import_limit=7.5))
    assert len(said) == 1 and said[0].startswith("it_capacity[site=A] = 5,000 MW is 667 times")


def test_a_limit_that_binds_nowhere_is_no_alarm(make):
    """Who has no limit writes a large one, at every site."""
    assert heard(lambda: make(3, 4, it_capacity=[5, 1, 0.2], import_limit=1e4)) == []


@pytest.mark.parametrize("share", [0.03, 0.0])
def test_a_grid_that_fails_is_a_question_and_no_alarm(share, default):
    limit = share * default.data.import_limit
    assert heard(lambda: default.replace(import_limit=limit)) == []


def test_only_what_is_replaced_is_warned_of_again(make):
    odd = make(1, 4, it_capacity=5000.0, import_limit=7.5)
    assert heard(lambda: odd.replace(import_price=20.0)) == []
    assert len(heard(lambda: odd.replace(import_limit=7.4))) == 1


@given(factor=st.floats(-4, 1.5))
def test_the_size_of_a_whole_fleet_is_no_alarm(factor):
    """Proves: only proportions are compared, so a fleet a thousandth of the size says nothing."""
    drawn = cs.example("default").data
    names = (*POWERS, *ENERGIES, "power", "power_per_unit", "reward", "startup_cost")
    scaled = {name: drawn[name] * 10.0**factor for name in (*names, "carbon_budget")}
    assert heard(lambda: cs.Instance(drawn.assign(scaled))) == []


def test_every_range_has_room_for_a_spike_and_ends_in_order():
    for quantity in PARAMETERS.values():
        if quantity.plausible is not None:
            low, high = quantity.plausible
            assert quantity.lower <= low < high <= quantity.upper


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"it_capacity": 5000.0, "import_limit": 7.5}, "it_capacity[site=A] = 5,000 MW"),
        ({"step_hours": 60.0}, "step_hours is 60 h"),  # minutes
        ({"step_hours": 24.0}, None),
        ({"power": 0.0007}, None),  # one GPU
    ],
)
def test_kilowatts_and_minutes_are_asked_about_and_one_gpu_is_not(values, said):
    data = plain(1, 4, 1, **{"import_limit": 100.0} | values)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        cs.Instance(data)
    told = [str(warning.message) for warning in heard]
    assert (
        told == [] if said is None else any(said in t and "is the unit right?" in t for t in told)
    )
