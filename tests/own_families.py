"""Families of a user's own, in few lines each."""

from __future__ import annotations

import numpy as np
from families.demand_charge import DemandCharge

import carbonsched as cs


class MovedDemandCharge(DemandCharge):
    """The same, moved in place."""

    moves = frozenset({"demand_rate", "peak_so_far"})

    def update(self, model, data, formulation):
        model["peak"].update(lower=data.peak_so_far)


class Water(cs.Family):
    """A cubic metre per MWh imported, from a budget of which each window gets what is left."""

    name = "water"
    parameters = (
        cs.Quantity("water_budget", (), "m3", lower=0, unlimited=True, default=float("inf")),
    )

    def constrain(self, model, data, formulation):
        if np.isfinite(data.water_budget):
            used = (data.step_hours * model["grid_import"]).sum()
            model.add_constraints(used <= data.water_budget.item(), name="water:budget")

    def carry(self, whole, done, window):
        used = whole.step_hours * done.grid_import.sum()
        return {"water_budget": (whole.water_budget - used).clip(min=0)}

    def judge(self, data, decided):
        used = data.step_hours * decided.grid_import.sum()
        if np.isfinite(data.water_budget):
            yield "water budget", "m3", used - data.water_budget, used


class Surcharge(cs.Family):
    """3 USD for each MWh above 25 MW, and 0.1 t: a decision over time that earns and emits."""

    name = "surcharge"
    decisions = (cs.Quantity("above", ("site", "time"), "MW", lower=0),)

    def declare(self, model, data, formulation):
        model.add_variables(lower=0, coords=cs.over(data, "site", "time"), name="above")

    def constrain(self, model, data, formulation):
        model.add_constraints(model["grid_import"] - model["above"] <= 25, name="surcharge:above")

    def worth(self, data):
        return {"surcharge": {"above": -3.0 * data.step_hours}}

    def emitted(self, data):
        return {"above": 0.1 * data.step_hours}

    def judge(self, data, decided):
        yield "import below what is paid for", "MW", decided.grid_import - 25 - decided.above, 25.0


class CarbonTax(cs.Family):
    """50 USD per tonne imported: nothing but worth, moved by (1)."""

    name = "carbon_tax"
    moves = frozenset({"carbon_intensity"})

    def worth(self, data):
        return {"carbon_tax": {"grid_import": -50 * data.step_hours * data.carbon_intensity}}


def with_own(*families: cs.Family) -> list[cs.Family]:
    """Return the paper's families and some more."""
    return [*cs.FAMILIES, *families]
