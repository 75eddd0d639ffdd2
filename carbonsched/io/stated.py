"""What an instance states: its parameters but for those that are at a default added later.

So a parameter that a later version or a family adds, with a default, changes neither the
fingerprint nor the files of an instance that does without it.
"""

from __future__ import annotations

import xarray as xr

from carbonsched.core.instance import Instance, default_of

_ALWAYS = ("allowed",)  # was there before it had a default


def stated(instance: Instance, *, sourced: bool = False) -> xr.Dataset:
    """Return an instance's data without the values that hold when they are not given.

    Parameters
    ----------
    instance : Instance
    sourced : bool
        Keep of those values the ones that have a source or licence of their own.
    """

    def implied(name: str) -> bool:
        quantity, data = instance.quantities[name], instance.data
        if quantity.default is None or name in _ALWAYS:
            return False
        given, default = data.variables[name], default_of(quantity, data).variable
        about = [(a.attrs.get("source"), a.attrs.get("licence")) for a in (given, default)]
        return given.equals(default) and not (sourced and about[0] != about[1])

    return instance.data.drop_vars([name for name in map(str, instance.data) if implied(name)])
