"""What a family states of its units and rows goes by labels, and is told where it does not fit."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from by_hand import plain

import carbonsched as cs
from carbonsched.core.build import fix_workload, free_workload, require_families, state
from carbonsched.core.families.expressions import expression, priced, require
from carbonsched.core.formulation import Formulation
from carbonsched.core.method import METHODS


@pytest.fixture(scope="module")
def model():
    made = cs.build(cs.Instance(plain(2, 2, 1, 1, demand=10.0)))
    made.add_variables(lower=0, coords=[], name="helper")
    return made


def test_a_row_is_what_its_pairs_say(model):
    """2 x import less an expression of export, of the second site only."""
    only = xr.DataArray([False, True], {"site": ["A", "B"]})
    less = 3 * model["grid_export"]
    require(
        model, "own:row", (2.0, model["grid_import"]), (-1.0, less), over=("site", "time"),
        at_least=xr.DataArray([5.0, 7.0], {"time": [0, 1]}), mask=only,
    )  # fmt: skip
    row = model.constraints["own:row"]
    assert (row.labels.values >= 0).tolist() == [[False, False], [True, True]]
    there = {"site": "B"}
    assert row.rhs.sel(there).values.tolist() == [5.0, 7.0]
    assert np.sort(row.coeffs.sel(there).values, axis=-1).tolist() == [[-3.0, 2.0]] * 2
    assert (row.sign.sel(there) == ">=").all()


def test_a_term_with_a_constant_is_refused(model):
    with pytest.raises(ValueError, match="must not have a constant part"):
        expression(model, [(1.0, model["grid_import"] + 5)], ())


def test_coefficients_of_other_dimensions_or_labels_are_refused(model):
    strange = xr.DataArray([1.0], {"job": ["j0"]}, name="reward")
    with pytest.raises(ValueError, match="reward: dimension job is not among site, time"):
        expression(model, [(strange, model["grid_import"])], ("site", "time"))
    other = xr.DataArray([1.0, 2.0], {"site": ["B", "A"]}, name="price")
    with pytest.raises(ValueError, match="price: other labels of site than the variables have"):
        expression(model, [(other, model["grid_import"])], ("site", "time"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("imported", "'imported' is no variable of the model"),
        ("helper", "'helper' is not among the decisions that a schedule keeps"),
    ],
)
def test_what_is_worth_something_is_a_decision_that_is_kept(model, name, told):
    class Own(cs.Family):
        def worth(self, data):
            return {"own": {name: xr.DataArray(1.0)}}

    own = Own()
    own.name = "own"
    with pytest.raises(cs.FamilyError, match=told):
        priced([own], xr.Dataset(), model)


def test_a_decision_is_declared_over_its_dimensions(make):
    class Own(cs.Family):
        name = "own"
        decisions = (cs.Quantity("contracted", ("site",), "MW"),)
        dims = ()

        def declare(self, model, data, formulation):
            if self.dims is not None:
                coords = {dim: data.indexes[dim] for dim in self.dims}
                model.add_variables(lower=0, coords=coords, name="contracted")

    data = make(1, 1).data
    for dims, told in ((None, "no variable is the decision"), (("time",), "is over .*'time'")):
        own = Own()
        own.dims = dims
        with pytest.raises(cs.FamilyError, match=told):
            state(data, Formulation(), (*cs.FAMILIES, own))


def test_families_are_the_papers_and_each_name_once():
    def named(name: object) -> cs.Family:
        family = cs.Family()
        family.name = name
        return family

    for given, told in (
        ([*cs.FAMILIES, "own"], "'own' is no carbonsched.Family"),
        ([*cs.FAMILIES, named(" ")], "Family has the name ' ', no printable text"),
        ([*cs.FAMILIES, named(5)], "Family has the name 5, no printable text"),
        (cs.FAMILIES[1:], f"without {cs.FAMILIES[0].name} of the paper"),
        ([*cs.FAMILIES, named("own"), named("own")], "a name is given twice, 'own'"),
    ):
        with pytest.raises(TypeError, match=told):
            require_families(given)


def test_a_workload_that_is_fixed_may_be_freed_again(make):
    instance = make(1, 2, 1, 1, demand=10.0)
    model = cs.build(instance, method="energy_only")
    start = model["start"]
    assert (start.lower == start.upper).all() and float(start.upper.sum()) == 1.0
    assert model.fixed == ("start", "route")
    free_workload(model, METHODS["energy_only"])
    assert float(model["start"].lower.sum()) == 0.0 and float(model["start"].upper.sum()) == 2.0
    free = cs.build(instance)
    for change in (lambda: fix_workload(free, instance, METHODS["joint"]),
                   lambda: free_workload(free, METHODS["joint"])):  # fmt: skip
        change()
        assert free.fixed == () and float(free["start"].upper.sum()) == 2.0
