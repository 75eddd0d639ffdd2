"""Counting claims: the interval is scipy's, and the words follow it."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from carbonsched.study.tally import tally, wilson


def word(count, size):
    row = tally({"it": pd.Series([True] * count + [False] * (size - count))}).loc["it"]
    return row.verdict.removesuffix(f" ({count} of {size})")


@given(st.integers(1, 400).flatmap(lambda size: st.tuples(st.integers(0, size), st.just(size))))
def test_the_interval_is_wilsons(counted):
    expected = binomtest(*counted).proportion_ci(method="wilson")
    assert wilson(*counted) == pytest.approx((expected.low, expected.high), abs=1e-6)


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [
        (200, 200, "always"),
        (5, 5, "always"),
        (0, 5, "never"),
        (199, 200, "nearly always"),
        (160, 200, "usually"),
        (105, 200, "about half"),
        (4, 5, "about half"),
        (64, 200, "sometimes"),
        (8, 200, "rarely"),
    ],
)
def test_words_say_what_they_are(count, size, expected):
    assert word(count, size) == expected


def test_no_instance_is_no_claim():
    with pytest.raises(ValueError, match="it: there is no instance"):
        tally({"it": pd.Series([], dtype=bool)})
