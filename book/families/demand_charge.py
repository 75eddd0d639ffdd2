"""A demand charge: every site pays for its highest import, 500 USD per MW unless told otherwise."""

import numpy as np

import carbonsched as cs


class DemandCharge(cs.Family):
    """The peak is what is charged, so at an optimum it is the highest import and no more."""

    name = "demand_charge"
    parameters = (
        cs.Quantity("demand_rate", ("site",), "USD/MW", lower=0, default=500.0),
        cs.Quantity("peak_so_far", ("site",), "MW", lower=0, default=0.0),
    )
    decisions = (cs.Quantity("peak", ("site",), "MW", meaning="import that is charged", lower=0),)

    def declare(self, model, data, formulation):
        model.add_variables(data.peak_so_far, coords=cs.over(data, "site"), name="peak")

    def constrain(self, model, data, formulation):
        model.add_constraints(model["grid_import"] <= model["peak"], name="demand_charge:peak")

    def worth(self, data):
        return {"demand_charge": {"peak": -data.demand_rate}}

    def carry(self, whole, done, window):
        highest = done.grid_import.max("time") if done.sizes["time"] else whole.peak_so_far
        return {"peak_so_far": np.maximum(highest, whole.peak_so_far)}

    def judge(self, data, decided):
        highest = np.maximum(decided.grid_import.max("time"), data.peak_so_far)
        yield "peak covers the highest import", "MW", highest - decided.peak, highest


family = DemandCharge()
