"""The text of the attribute `filled`: read and told, and what is no such text."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import carbonsched as cs
from carbonsched.operate.filled import Filled, read, told, within

MINUTES = st.integers(0, 525_600).map(
    lambda m: pd.Timestamp("2023-01-01") + pd.Timedelta(minutes=m)
)
LABELS = st.from_regex(r"[a-zß][a-z0-9 -]{0,8}[a-z0-9]", fullmatch=True)
RUNS = st.builds(
    lambda label, begin, minutes: Filled(
        "import_price", label, begin, begin + pd.Timedelta(minutes=minutes)
    ),
    LABELS,
    MINUTES,
    st.integers(1, 10_000),
)


@given(st.lists(RUNS))
def test_what_is_told_is_read(runs):
    assert read(told(runs)) == runs


@given(st.lists(RUNS), MINUTES, st.integers(1, 10_000))
def test_within_is_what_both_have_in_common(runs, begin, minutes):
    end = begin + pd.Timedelta(minutes=minutes)
    kept = within(runs, begin, end)
    common = [(min(r.end, end) - max(r.begin, begin)).total_seconds() for r in runs]
    assert [(r.end - r.begin).total_seconds() for r in kept] == [s for s in common if s > 0]


def test_every_odd_entry_is_named():
    with pytest.raises(cs.InstanceError) as refused:
        read("nothing; import_price us-ca 2023-01-01T00:00Z/2023-01-02T00:00Z; a b c/d")
    assert [fault[:20] for fault in refused.value.faults] == [
        "filled: 'nothing': e",
        "filled: 'a b c/d': e",
    ]
