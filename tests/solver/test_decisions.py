"""What a solver leaves in a model is read by position, and only where labels are the same."""

from __future__ import annotations

import pandas as pd
import pytest

import carbonsched as cs
from carbonsched.solver.decisions import solution_of
from carbonsched.solver.hand_over import run_solver
from carbonsched.solver.settings import Settings


@pytest.mark.filterwarnings("ignore:Coordinates across variables not equal")
@pytest.mark.parametrize("periods", [4, 3])
def test_values_are_those_that_linopy_joins(make, periods):
    """Also where a variable of one's own has fewer periods than the others."""
    model = cs.build(make(2, 4, 2, 1))
    spare = pd.RangeIndex(periods, name="time")
    model.add_variables(lower=1.0, upper=2.0, coords=[spare], name="spare")
    run_solver(model, Settings(gap=0.0, progress=False))
    read = solution_of(model)
    assert read.sizes["time"] == 4 and (read.spare.isel(time=slice(periods)) >= 1.0).all()
    assert read.identical(model.solution)
