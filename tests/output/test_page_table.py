"""Tables of a page: what stands in them, how it is aligned, and what a browser is told."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from carbonsched.output import as_table

FRAME = pd.DataFrame(
    {
        "earned": [1234.56, -0.0001, np.nan],
        "jobs": [3, 12, 1000],
        "proved": [True, False, True],
        "site": ["a<b>", "x & y", None],
    },
    index=pd.Index(["joint", "no_battery", "third"], name="method"),
)


class Cells(HTMLParser):
    """The cells of each row, as a browser reads them, and whether each is a number."""

    def __init__(self):
        super().__init__()
        self.rows, self.inside = [], False

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append(["", dict(attrs).get("class") == "number"])
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1][0] += data


def test_a_browser_reads_the_same_cells_as_a_terminal():
    table = as_table(FRAME, "Earned & proved", {"earned": "USD"}, {"earned": ",.1f"})
    reader = Cells()
    reader.feed(table._repr_html_())
    assert [[cell for cell, _ in row] for row in reader.rows] == [
        ["method", "earned [USD]", "jobs", "proved", "site"],
        ["joint", "1,234.6", "3", "yes", "a<b>"],
        ["no_battery", "0.0", "12", "no", "x & y"],
        ["third", "–", "1,000", "yes", "–"],
    ]
    assert [[number for _, number in row] for row in reader.rows] == [
        [False, True, True, False, False]
    ] * 4
    lines = repr(table).splitlines()
    assert lines[0] == "Earned & proved"
    assert [line.split() for line in lines[2:3]] == [["joint", "1,234.6", "3", "yes", "a<b>"]]
    end = lines[1].index("[USD]") + len("[USD]")
    assert {line[:end].split()[-1] for line in lines[2:]} == {"1,234.6", "0.0", "–"}


def test_units_come_with_the_frame_and_names_may_be_others():
    frame = FRAME[["jobs"]].copy()
    frame.attrs["units"] = {"jobs": "1"}
    table = as_table(frame, "x", names={"jobs": "jobs run"})
    assert repr(table).splitlines()[1].split() == [
        "method",
        "jobs",
        "run",
    ]  # "1" is no unit to show


def test_no_number_is_written_with_an_exponent_or_more_digits_than_help():
    frame = pd.DataFrame({"x": [206182.4, 1234.5, 59.06249, 0.000123, 0.0]})
    assert [row[0] for row in as_table(frame, "x").rows] == [
        "206,182", "1,234", "59.06", "0.000123", "0"
    ]  # fmt: skip


def test_a_column_that_is_not_there_is_told():
    with pytest.raises(ValueError, match="no column is called 'erned'"):
        as_table(FRAME, "x", formats={"erned": ".0f"})


def test_some_columns_of_a_frame_keep_their_own_units():
    frame = pd.DataFrame({"energy": [1.5], "cost": [20.0]})
    frame.attrs["units"] = {"energy": "MWh", "cost": "EUR"}
    assert as_table(frame[["cost"]], "Cost").head == (("cost", "EUR"),)


def test_a_turned_table_holds_the_same_cells_the_other_way_round():
    units, forms = {"earned": "USD"}, {"earned": ",.1f"}
    upright, turned = (Cells(), Cells())
    upright.feed(as_table(FRAME, "Earned", units, forms)._repr_html_())
    table = as_table(FRAME, "Earned", units, forms, turned=True)
    turned.feed(table._repr_html_())
    across = [[cell for cell, _ in row] for row in upright.rows]
    assert [[cell for cell, _ in row] for row in turned.rows] == [
        list(r) for r in zip(*across, strict=True)
    ]
    assert [number for _, number in turned.rows[1]] == [False, True, True, True]
    assert "earned [USD]" in repr(table)


def test_a_caption_has_its_code_as_code():
    shown = as_table(FRAME, "By `cs.roll`, <b>")._repr_html_()
    assert "<caption>By <code>cs.roll</code>, &lt;b&gt;</caption>" in shown
    assert 'aria-label="By cs.roll, &lt;b&gt;"' in shown  # as it is read aloud
