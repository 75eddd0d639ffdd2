"""The line at the end of a page: what it names, and what it leaves out."""

import pytest

import carbonsched as cs
from carbonsched.output.provenance import Provenance, provenance


@pytest.mark.parametrize(
    ("seeds", "said"),
    [
        ((), "no seed: nothing is drawn at random"),
        ((7,), "seed 7"),
        ((3, 1), "seeds 3, 1"),
        (range(4, 9), "seeds 4 to 8"),
        (range(2), "seeds 0, 1"),
        (range(0, 9, 4), "seeds 0, 4, 8"),
    ],
)
def test_seeds_are_named_as_a_reader_counts_them(seeds, said):
    assert str(provenance(seeds)).split(" · ")[-2] == said


def test_a_page_names_the_solver_it_has():
    parts = {name: str(provenance(solver=name)).split(" · ") for name in ("", "HiGHS", "SCIP")}
    assert all(said[0] == f"Made with carbonsched {cs.__version__}" for said in parts.values())
    named = {name: [p for p in said if p.startswith("HiGHS ")] for name, said in parts.items()}
    assert [len(named[name]) for name in ("", "HiGHS", "SCIP")] == [0, 1, 1]
    own = [name for name, said in parts.items() if f"solved by {name}" in said]
    assert own == ["SCIP"]
    assert all(said[-1].startswith("ran in ") for said in parts.values())


def test_on_a_page_it_is_a_paragraph_without_marks_of_its_own():
    line = Provenance("a < b & c")
    assert line._repr_html_() == '<p class="provenance">a &lt; b &amp; c</p>'
    assert repr(line) == "a < b & c"
