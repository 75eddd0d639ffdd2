"""Forecasts that are wrong in ways a test can say in a line."""

from __future__ import annotations

import numpy as np


class Wrong:
    """Some quantities other than they will be: each multiplied, by a number or period by period."""

    def __init__(self, truth, **factors):
        self.truth, self.factors = truth, factors

    def __call__(self, issued, horizon):
        data = self.truth.data.sel(time=horizon)
        told = {}
        for name, factor in self.factors.items():
            if np.ndim(factor):
                times = list(self.truth.data.indexes["time"])
                factor = np.array(factor)[[times.index(at) for at in horizon]]
            told[name] = (data[name] * factor).drop_attrs()
        return data[list(told)].drop_attrs().assign(told)


class Rough:
    """Prices, intensities, sun and demand with errors drawn anew for each issue."""

    names = ("import_price", "carbon_intensity", "generation_available", "demand")

    def __init__(self, truth, size=0.2, stop=None):
        self.truth, self.size, self.stop = truth, size, stop

    def __call__(self, issued, horizon):
        if issued == self.stop:
            raise KeyboardInterrupt
        number = list(self.truth.data.indexes["time"]).index(issued)
        rng, data = np.random.default_rng(number), self.truth.data.sel(time=horizon)
        told = data[list(self.names)].drop_attrs(deep=True)
        for name in self.names:
            noise = 1 + self.size * rng.standard_normal(told[name].shape)
            told[name] = (told[name] * noise).clip(min=0)
        return told
