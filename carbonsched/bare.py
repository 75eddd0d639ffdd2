"""Arrays without their labels, for sums over data that is known to have the same ones.

xarray compares the labels of both sides at every sum, which takes longer than the sums do. Where
they have been compared once, variables, which know their dimensions only, say the same. To a type
checker they are anything: NumPy's functions of a variable return variables, and say otherwise.
"""

from __future__ import annotations

from typing import Any

import xarray as xr


class Bare:
    """The variables of a dataset by name, as attributes or in brackets, and its sizes.

    Examples
    --------
    >>> import carbonsched as cs
    >>> bare = Bare(cs.generate(sites=2, periods=4, jobs=1, services=1).data)
    >>> (bare.demand * bare.cooling).dims
    ('service', 'time', 'site')
    """

    def __init__(self, data: xr.Dataset) -> None:
        self._variables, self.sizes = data.variables, data.sizes

    def __getitem__(self, name: str) -> Any:
        """Return a variable."""
        return self._variables[name]

    __getattr__ = __getitem__
