"""Instances by recipe: the same each time, and another one is told from it."""

from __future__ import annotations

import gzip
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.bench.files import write_mps
from carbonsched.bench.metadata import metadata
from carbonsched.bench.recipe import DECIMALS, SIZES, by, chosen, made, recipes

KNOWN = recipes()


def test_about_sixty_of_every_kind_and_size():
    kinds = Counter(recipe.kind for recipe in KNOWN.values())
    assert 55 <= len(KNOWN) <= 70 and len(kinds) == 9, kinds
    assert {recipe.size for recipe in KNOWN.values()} == set(SIZES)
    assert all(recipe.licence and len(recipe.sha256) == 64 for recipe in KNOWN.values())
    assert len({recipe.sha256 for recipe in KNOWN.values()}) == len(KNOWN)
    assert [r.name for r in KNOWN.values() if not r.feasible] == [
        name for name in KNOWN if name.startswith("short-")
    ]


@pytest.mark.parametrize("name", ["inverted-20", "alike-30", "quarter-40", "day-2023-02-15"])
def test_made_as_the_table_says(name):
    """Which `made` compares with the digest of the table; twice, so that no state is left."""
    recipe = KNOWN[name]
    one, two = made(recipe), made(recipe)
    assert one.data.identical(two.data)
    counted = {dim: one.data.sizes[dim] for dim in ("site", "time", "job", "service")}
    told = ("sites", "periods", "jobs", "services")
    assert list(counted.values()) == [recipe.traits[trait] for trait in told]


def test_another_digest_is_named():
    with pytest.raises(cs.InstanceError, match=r"paper-0: 1 fault\n.*in the table ffff"):
        made(replace(KNOWN["paper-0"], sha256="ff" * 32, make={"generate": {"seed": 1}}))


def test_changes_are_what_they_say():
    plain = by({"generate": {"seed": 5}}, "plain").data
    changes = [
        {"parameter": "export_price", "of": "import_price", "times": 1.2},
        {"parameter": "import_price", "add": -80.0},
        {"parameter": "reward", "equal": 7.0},
    ]
    data = by({"generate": {"seed": 5}, "changes": changes}, "changed").data
    xr.testing.assert_allclose(data.export_price, 1.2 * plain.import_price)
    xr.testing.assert_allclose(data.import_price, plain.import_price - 80)
    assert (data.reward == 7).all() and data.attrs["title"] == "changed"
    assert (data.cooling == np.round(plain.cooling, DECIMALS)).all()


def test_names_kinds_and_sizes_choose():
    asked = chosen(["paper-1", "degenerate", "paper-1"], KNOWN)
    assert [recipe.name for recipe in asked][:2] == ["paper-1", "alike-30"] and len(asked) == 5
    assert len(chosen(None, KNOWN)) == len(KNOWN)
    with pytest.raises(cs.InstanceError, match="2 faults"):
        chosen(["papers", "tiny", "small"], KNOWN)


def test_mps_is_the_model_and_the_same_each_time(tmp_path):
    highspy = pytest.importorskip("highspy")
    instance = cs.generate(2, 4, 1, 1)
    one, two = (write_mps(instance, tmp_path / f"{k}.mps.gz") for k in (1, 2))
    assert one.read_bytes() == two.read_bytes()
    plain = tmp_path / "plain.mps"
    plain.write_bytes(gzip.decompress(one.read_bytes()))
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.readModel(str(plain))
    solver.run()
    data = instance.data
    served = float((data.value * data.demand).sum() * data.step_hours)
    best = cs.solve(instance, gap=0).objective
    assert min(
        abs(solver.getObjectiveValue() + same - best) for same in (0.0, served)
    ) <= 1e-6 * abs(best)


def test_the_least_budget_is_the_least():
    """Of two budgets of a day, one is below the least that has a schedule, the other above."""
    assert cs.diagnose(made(KNOWN["remedied-50"])).feasible
    with pytest.raises(cs.InfeasibleError):
        cs.solve(made(KNOWN["short-50"]))


def test_metadata_say_what_is_known_of_an_instance():
    """Half an hour of measured prices; a model that nobody has counted has no counts."""
    real = next(recipe for recipe in KNOWN.values() if recipe.kind == "real")
    hours = real.traits["periods"] / 2
    bare = {k: v for k, v in real.traits.items() if k != "variables"} | {"hours": hours}
    (size,) = metadata([replace(real, traits=bare)], "0")["benchmarks"].popitem()[1]["Sizes"]
    assert size["Temporal resolution"] == "0.5 hours" and size["Realistic"] is True
    assert "Realistic motivation" in size and "Num. variables" not in size
    (made_up,) = metadata([KNOWN["paper-0"]], "0")["benchmarks"].popitem()[1]["Sizes"]
    assert made_up["Realistic"] is False and "Realistic motivation" not in made_up
    assert made_up["Temporal resolution"] == "1 hour" and made_up["Num. variables"] == 682
