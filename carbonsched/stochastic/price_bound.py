r"""A bound on every plan over scenarios, from the prices of each, in closed form.

With prices in every scenario the parts of `carbonsched.bounds.lagrangian` bound what a scenario's
dispatch earns, but for its jobs. These have one start in all scenarios: a placement is worth its
net reward less the *expected* price of its power,

.. math:: \sum_\omega q_\omega D_\omega(\text{prices}_\omega) + \sum_j \Bigl[\max_{it} \bigl(
   R_j - \sigma_j - \rho_j \sum_\tau \textstyle\sum_\omega q_\omega
   (\kappa\lambda + \mu)_{\omega i\tau}\bigr)\Bigr]^+ .

The weights :math:`q` are the probabilities. With a weight :math:`\rho` of the conditional value at
risk they may be any of its envelope (Rockafellar, 2007),
:math:`q_\omega = (1 - \rho) p_\omega + \rho w_\omega`, :math:`0 \le w_\omega \le p_\omega/\alpha`,
:math:`\sum w = 1`: the least of these expectations is the objective, so that each is a bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from carbonsched.bounds.lagrangian import energy_parts, it_price, served_best
from carbonsched.core.schema import PRICES
from carbonsched.stochastic.fleet import Fleet

Prices = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Priced:
    """What prices prove.

    Attributes
    ----------
    bound : float
        USD; no plan earns more.
    price : numpy.ndarray
        The expected price of IT power, USD per MW and period over (site, time).
    """

    bound: float
    price: np.ndarray


def priced(data: xr.Dataset, fleet: Fleet, weights: np.ndarray, prices: Prices) -> Priced:
    """Return what prices prove.

    Parameters
    ----------
    data : xarray.Dataset
        Of all scenarios: what differs is over `scenario` too.
    fleet : Fleet
        The jobs that they share.
    weights : numpy.ndarray
        Of the scenarios, within the envelope.
    prices : dict of str to numpy.ndarray
        `carbonsched.core.schema.PRICES`, each over scenario first. Of any origin.
    """
    data = data.drop_vars(list(data.coords))  # all over the same labels: comparing them takes long
    given = xr.Dataset({name: (("scenario", *dims), prices[name]) for name, dims in PRICES.items()})
    given["capacity_price"] = given.capacity_price.clip(min=0)
    weight = xr.DataArray(weights, dims="scenario")
    total = sum(
        float((part.sum({*part.dims} - {"scenario"}) * weight).sum())
        for part in (*energy_parts(data, given), served_best(data, given))
    )
    price = (it_price(data, given) * weight).sum("scenario").transpose("site", "time").values
    return Priced(total + fleet.earned(fleet.best(price)), price)


def envelope(wanted: np.ndarray, probability: np.ndarray, risk: float, tail: float) -> np.ndarray:
    """Return the weights within the envelope that are near some that a solver returned.

    Examples
    --------
    >>> envelope(np.array([1.2, 0.1]), np.array([0.5, 0.5]), risk=1.0, tail=0.5)
    array([0.90909091, 0.09090909])
    """
    if not risk:
        return probability
    most = probability / tail
    own = np.clip((wanted - (1 - risk) * probability) / risk, 0.0, most)
    total = own.sum()
    if total > 1:
        own = own / total
    elif total < 1:
        room = most - own
        own = own + room * (1 - total) / room.sum() if room.sum() > 0 else probability
    return (1 - risk) * probability + risk * own


def worst_weights(
    values: np.ndarray, probability: np.ndarray, risk: float, tail: float
) -> np.ndarray:
    """Return the weights of the envelope at which some benefits have their least expectation.

    Examples
    --------
    >>> worst_weights(np.array([3.0, 1.0]), np.array([0.5, 0.5]), risk=1.0, tail=0.5)
    array([0., 1.])
    """
    order = np.argsort(values, kind="stable")
    chance = probability[order] / tail
    before = np.cumsum(chance) - chance
    own = np.zeros(len(values))
    own[order] = np.clip(1 - before, 0.0, chance)
    return envelope((1 - risk) * probability + risk * own, probability, risk, tail)
