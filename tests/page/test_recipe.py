"""What a page computes is the model that the core builds, number by number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import carbonsched as cs
from carbonsched.core.tighten import restricted
from carbonsched.page.factors import index
from carbonsched.page.pattern import NEEDED
from carbonsched.page.points import anywhere
from carbonsched.page.recipe import FIXED, differing, recipe_of


@pytest.mark.parametrize("seed", range(20))
def test_at_random_parameters_every_number_is_that_of_a_fresh_build(instance, recipe, seed):
    names = [name for name in recipe.dims if instance.data[name].dtype.kind == "f"]
    assert not differing(recipe, anywhere(instance.data, names, np.random.default_rng(100 + seed)))


@pytest.mark.parametrize("method", cs.METHODS)
def test_a_method_is_stated_by_what_it_leaves(instance, recipe, method):
    assert not differing(recipe, restricted(instance.data, cs.METHODS[method]))


def test_a_wrong_factor_gate_or_constant_is_told_by_its_labels(instance, recipe):
    wrong = [
        replace(recipe, products=recipe.products[1:]),
        replace(recipe, gates=tuple(g for g in recipe.gates if g.closed != 0)),
        replace(recipe, constant=recipe.constant + 1),
    ]
    data = instance.data.assign(allowed=instance.data.allowed & (instance.data.site == "nowhere"))
    for other in wrong:
        assert differing(other, data)
    assert "core's model" in differing(wrong[0], data)[0]


def test_another_seed_finds_the_same_recipe(instance, recipe):
    one, other = recipe, recipe_of(instance.data, seed=1)
    assert np.array_equal(one.constant, other.constant)
    for a, b in zip(one.products, other.products, strict=True):
        assert np.array_equal(a.places, b.places)
        assert np.array_equal(a.factor, b.factor)
        assert [(name, power) for name, power, _ in a.of] == [(n, p) for n, p, _ in b.of]


def test_by_hand_the_balance_of_a_site(instance, recipe):
    """Check (4) and (3): import less export and facility power, and cooling before IT power."""
    pattern, data = recipe.pattern, instance.data
    numbers = recipe.numbers(data)
    site, time = data.sizes["site"], data.sizes["time"]
    place = np.arange(site * time).reshape(site, time)[1, 2]

    def entry(row: str, column: str) -> float:
        r = pattern.row_block(row).first + place
        c = pattern.column_block(column).first + place
        (found,) = np.flatnonzero((pattern.row == r) & (pattern.column == c))
        return numbers[found]

    assert entry("balance:power", "grid_import") == 1
    assert entry("balance:power", "grid_export") == -1
    assert entry("power:facility", "it_power") == -float(data.cooling[1, 2])
    cost = numbers[pattern.places("cost", "grid_import")][place]
    assert cost == pytest.approx(-float(data.step_hours * data.import_price[1, 2]))


def test_what_a_page_cannot_move_is_in_no_product_and_no_gate(recipe):
    moved = {name for product in recipe.products for name, _, _ in product.of}
    tests = [test for gate in recipe.gates for test in gate.comparisons]
    moved |= {name for test in tests for _, name, _ in test.terms}
    assert not moved & set(FIXED)
    assert moved == set(recipe.dims)


def test_a_number_that_is_moved_from_elsewhere_is_refused(instance):
    with pytest.raises(ValueError, match="demand moves a number of the model at other labels"):
        index({"service": np.array([0]), "time": np.array([-1])}, instance.data.demand)


def test_an_entry_that_the_pattern_lacks_is_refused(instance, recipe):
    fewer = replace(recipe.pattern, row=recipe.pattern.row[:-1], column=recipe.pattern.column[:-1])
    with pytest.raises(ValueError, match="an entry that its pattern lacks"):
        fewer.numbers(instance.data.assign(carbon_budget=xr.DataArray(1.0)), NEEDED)
