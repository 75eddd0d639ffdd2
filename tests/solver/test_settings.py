"""What a solve is asked for is checked before anything is built."""

import math

import numpy as np
import pytest

import carbonsched as cs
from carbonsched.solver.settings import Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gap", "small"),
        ("gap", None),
        ("gap", True),
        ("time_limit", "3 s"),
        ("time_limit", [3]),
        ("solver", None),
        ("polish", "no"),
        ("verbose", 1),
        ("options", "presolve=off"),
    ],
)
def test_another_kind_of_value_is_named(name, value, default):
    with pytest.raises(TypeError, match=f"{name} = .*needed"):
        cs.solve(default, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"), [("gap", -0.01), ("gap", math.nan), ("time_limit", -1), ("gap", -math.inf)]
)
def test_an_amount_that_cannot_be_is_named(name, value, default):
    with pytest.raises(ValueError, match=f"{name} = .*negative"):
        cs.solve(default, **{name: value})


def test_numbers_of_any_kind_are_taken():
    settings = Settings(gap=np.float32(0.5), time_limit=math.inf)
    assert settings.gap == 0.5
    assert Settings(gap=0, time_limit=np.int64(3)).time_limit == 3
