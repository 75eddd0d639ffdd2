"""A model of linopy held by HiGHS in place.

linopy states a program once; what moves afterwards goes past it (`carbonsched.solver.program`).
Rows and columns are found by the names of linopy; every number is in the units of the model,
whatever units `carbonsched.solver.units` chose for the solver.
"""

from __future__ import annotations

import linopy
import numpy as np
import xarray as xr

from carbonsched.solver.hand_over import hand_over
from carbonsched.solver.program import HighsProgram
from carbonsched.solver.settings import Settings
from carbonsched.solver.units import units


class HighsModel(HighsProgram):
    """A linopy model in HiGHS.

    Parameters
    ----------
    model : linopy.Model
        Scaled before, if it is to be (`carbonsched.solver.units.scale`): that needs its integers.
    settings : Settings
        For "highs". The time limit of each run is given to `run`.

    Attributes
    ----------
    model : linopy.Model
    """

    def __init__(self, model: linopy.Model, settings: Settings) -> None:
        self.model = model
        highs = hand_over(model, settings, rescale=False).solver_model
        super().__init__(highs, *units(model))

    def rows(self, name: str) -> xr.DataArray:
        """Return the positions of the rows of a constraint, -1 where there is none."""
        known = self.model.constraints
        return _positions(known[name].labels, known.label_index.label_to_pos)

    def columns(self, name: str) -> xr.DataArray:
        """Return the positions of a variable's columns, -1 where there is none."""
        known = self.model.variables
        return _positions(known[name].labels, known.label_index.label_to_pos)


def labelled(positions: xr.DataArray, numbers: np.ndarray) -> xr.DataArray:
    """Return numbers by position, of rows or columns, over labels; NaN where there is none."""
    at = positions.values
    return positions.copy(data=np.where(at >= 0, np.append(numbers, np.nan)[at], np.nan))


def _positions(labels: xr.DataArray, by_label: np.ndarray) -> xr.DataArray:
    known = np.append(by_label, -1)  # a label of -1 is of nothing
    return labels.copy(data=known[labels.values]).drop_attrs()
