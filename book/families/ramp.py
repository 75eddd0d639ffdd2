"""A ramp limit: what a facility draws changes by no more than so many MW from period to period.

Only rows: nothing is declared, earned or emitted.
"""

import numpy as np
import xarray as xr

import carbonsched as cs

ANY = 1e6  # MW: more than any facility draws, so no limit


class Ramp(cs.Family):
    """The first period's change is from what was drawn before; unknown, it may be any."""

    name = "ramp"
    parameters = (
        cs.Quantity("ramp_limit", ("site",), "MW", lower=0, default=ANY),
        cs.Quantity("power_before", ("site",), "MW", lower=-1, default=-1.0, meaning="-1: unknown"),
    )

    def constrain(self, model, data, formulation):
        power = data.cooling * model.total("it_load")
        change = power.diff("time")
        model.add_constraints(change <= data.ramp_limit, name="ramp:up")
        model.add_constraints(change >= -data.ramp_limit, name="ramp:down")
        first, known = power.isel(time=0, drop=True), data.power_before >= 0
        most = xr.where(known, data.power_before + data.ramp_limit, ANY)
        least = xr.where(known, data.power_before - data.ramp_limit, -ANY)
        model.add_constraints(first <= most, name="ramp:first_up")
        model.add_constraints(first >= least, name="ramp:first_down")

    def carry(self, whole, done, window):
        if not done.sizes["time"]:
            return {}
        supply = done.grid_import + done.generate + done.discharge
        return {"power_before": (supply - done.grid_export - done.charge).isel(time=-1, drop=True)}

    def judge(self, data, decided):
        power = decided.facility_power
        before = xr.where(data.power_before >= 0, data.power_before, power.isel(time=0, drop=True))
        change = power - power.shift(time=1).fillna(before)
        yield "facility power within its ramp", "MW", np.abs(change) - data.ramp_limit, power


family = Ramp()
