"""What a factor touches, and what it leaves alone."""

import numpy as np
import pytest

import carbonsched as cs
from carbonsched.study.factors import ASSUMPTIONS, scaled


@pytest.fixture(scope="module")
def default():
    return cs.example("default")


def test_factors_of_one_change_nothing(default):
    assert scaled(default, dict.fromkeys(ASSUMPTIONS, 1.0)).data.equals(default.data)


@pytest.mark.parametrize("name", ASSUMPTIONS)
def test_a_factor_changes_its_part_and_nothing_else(default, name):
    changed = scaled(default, {name: 0.9}).data
    moved = {n for n in default.data if not changed[n].equals(default.data[n])}
    follows = (
        {"battery_final"} if name == "battery size" else set()
    )  # it is what there was at first
    assert moved == set(ASSUMPTIONS[name](default.data, 0.9)) | follows


def test_cooling_scales_what_is_added_to_it_power(default):
    twice = scaled(default, {"cooling overhead": 2.0}).data.cooling
    np.testing.assert_allclose(twice - 1, 2 * (default.data.cooling - 1))
