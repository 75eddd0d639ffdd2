"""Expectation and the mean of the worst, by hand and by their properties."""

import numpy as np
import pytest
import xarray as xr
from futures import mean_of_worst as by_thresholds
from hypothesis import given
from hypothesis import strategies as st

from carbonsched.stochastic.outlook import Outlook, mean_of_worst


def over(values: list[float]) -> xr.DataArray:
    return xr.DataArray(np.asarray(values, float), dims="scenario")


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0.01, 1.0)), min_size=1, max_size=6),
    st.floats(0.01, 1.0),
)
def test_sorting_finds_what_the_best_threshold_does(futures, tail):
    """Proves: the mean of the worst is Rockafellar and Uryasev's maximum over thresholds."""
    values, weights = np.array(futures).T
    chances = weights / weights.sum()
    found = mean_of_worst(over(values), over(chances), tail)
    size = max(1.0, np.abs(values).max())
    assert found == pytest.approx(by_thresholds(values, chances, tail), abs=1e-6 * size / tail)
    assert values.min() - 1e-6 * size <= found <= values @ chances + 1e-6 * size


def test_a_tail_of_one_is_the_expectation_and_a_small_one_the_worst_case():
    values, chances = over([3.0, -2.0, 10.0]), over([0.2, 0.3, 0.5])
    assert mean_of_worst(values, chances, 1.0) == pytest.approx(5.0)
    assert mean_of_worst(values, chances, 0.3) == pytest.approx(-2.0)
    assert mean_of_worst(values, chances, 0.5) == pytest.approx((0.3 * -2 + 0.2 * 3) / 0.5)
    assert mean_of_worst(values, chances, 0.5, worst="most") == pytest.approx(10.0)


def test_risk_weighs_the_two():
    values, chances = over([0.0, 10.0]), over([0.5, 0.5])
    assert [Outlook(r, 0.5).value(values, chances) for r in (0.0, 0.4, 1.0)] == [5.0, 3.0, 0.0]


@pytest.mark.parametrize("given_", [{"risk": True}, {"tail": "small"}, {"budget": None}])
def test_what_is_no_number_is_refused(given_):
    with pytest.raises(TypeError, match=next(iter(given_))):
        Outlook(**given_)
