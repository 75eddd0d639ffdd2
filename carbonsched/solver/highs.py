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
        self._known: dict[tuple[str, bool], xr.DataArray] = {}  # labels stay
        highs = hand_over(model, settings, rescale=False).solver_model
        super().__init__(highs, *units(model))

    def rows(self, name: str) -> xr.DataArray:
        """Return the positions of the rows of a constraint, -1 where there is none."""
        return self._at(name, of_rows=True)

    def columns(self, name: str) -> xr.DataArray:
        """Return the positions of a variable's columns, -1 where there is none."""
        return self._at(name, of_rows=False)

    def _at(self, name: str, of_rows: bool) -> xr.DataArray:
        if (name, of_rows) not in self._known:
            known = self.model.constraints if of_rows else self.model.variables
            by_label = known.label_index.label_to_pos
            found = _positions(known[name].labels, by_label)
            found.values.flags.writeable = False
            self._known[name, of_rows] = found
        return self._known[name, of_rows]


def labelled(positions: xr.DataArray, numbers: np.ndarray) -> xr.DataArray:
    """Return numbers by position, of rows or columns, over labels; NaN where there is none."""
    at = positions.values
    values = np.where(at >= 0, np.append(numbers, np.nan)[at], np.nan)
    return positions.copy(deep=False, data=values)


def _positions(labels: xr.DataArray, by_label: np.ndarray) -> xr.DataArray:
    known = np.append(by_label, -1)  # a label of -1 is of nothing
    return labels.copy(deep=False, data=known[labels.values]).drop_attrs(deep=False)
