"""Labels of a sweep read back: what was written is what is read."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbonsched.study.labels import read_labels


@given(
    st.lists(
        st.tuples(st.integers(0, 9999), st.integers(1, 99), st.sampled_from(["", "base", "rich"])),
        min_size=1,
    )
)
def test_what_was_written_is_read(rows):
    written = [f"sites={n},seed={s}" + (f";{c}" if c else "") for s, n, c in rows]
    read = read_labels(pd.Series(written))
    assert list(zip(read.seed, read.sites, read.change, strict=True)) == rows
    assert list(read.base) == [label.partition(";")[0] for label in written]


def test_names_that_are_not_there_and_an_index_of_its_own():
    read = read_labels(pd.Series(["default;base", "jobs=3"], index=[7, 9]))
    assert list(read.index) == [7, 9]
    assert read.jobs.isna().tolist() == [True, False]


def test_a_value_that_is_no_number():
    with pytest.raises(ValueError, match="many"):
        read_labels(pd.Series(["sites=many"]))
