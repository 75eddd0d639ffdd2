"""A water budget: cooling evaporates so many cubic metres for each MWh of facility power.

A limit over the whole horizon, like the carbon budget (16).
"""

import carbonsched as cs


class Water(cs.Family):
    """What is evaporated, summed over sites and periods, stays within the budget."""

    name = "water"
    parameters = (
        cs.Quantity("water_use", ("site",), "m3/MWh", lower=0, default=1.8),
        cs.Quantity("water_budget", (), "m3", lower=0, default=1e9, meaning="over the horizon"),
    )

    def constrain(self, model, data, formulation):
        used = data.step_hours * data.water_use * data.cooling * model.total("it_load")
        model.add_constraints(used.sum() <= data.water_budget.item(), name="water:budget")

    def carry(self, whole, done, window):
        supply = done.grid_import + done.generate + done.discharge
        power = supply - done.grid_export - done.charge
        used = (whole.step_hours * whole.water_use * power).sum()
        return {"water_budget": (whole.water_budget - used).clip(min=0)}

    def judge(self, data, decided):
        used = (data.step_hours * data.water_use * decided.facility_power).sum()
        yield "water budget", "m3", used - data.water_budget, used


family = Water()
