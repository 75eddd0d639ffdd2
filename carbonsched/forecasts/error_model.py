r"""How wrong forecasts are: one table of sizes, and one model of how errors come to be known.

**Revisions.** What happens in a period is its forecast and the revisions that were still to come:
the error of a forecast issued :math:`k` periods before the end of a period is the sum of the
revisions of leads :math:`1, \dots, k` (the martingale model of forecast evolution: Heath and
Jackson 1994, doi:10.1080/07408179408966604). The revision that a period brings is one shock
:math:`w_s`, and it fades along the periods after it by :math:`\varphi` each:

.. math:: E_{i}(t) = \sum_{s=i}^{t} \varphi^{t-s} w_s, \qquad \varphi = e^{-\Delta / m}.

So within one forecast errors are an AR(1) that begins at zero where it is issued; the error of one
period shrinks with every hour that it comes nearer; and its variance is

.. math:: \operatorname{Var} E = \sigma^2 \left(1 - e^{-2 k \Delta / m}\right),

like the root of the lead at first, and nearly all of :math:`\sigma` after one memory :math:`m`.
Shocks of two labels have correlation :math:`b`. As :math:`E_i(t) = X_t - \varphi^{t-i+1} X_{i-1}`
for the one walk :math:`X_t = \varphi X_{t-1} + w_t`, a forecast costs no more than its horizon, and
is the same whichever was asked for before.

**Sizes.** :math:`\sigma` is relative to what `Size.of` says: the value itself, its excess over one
(cooling), the spread of prices around it, or what a clear hour brings. Where no literature has one,
it is half of what the same hour yesterday is wrong by at the six sites of the real year. Memories
and correlations follow that year's errors, too, taken over all pairs of sites; only neighbours have
more (prices of Great Britain and Germany: 0.5). Values are kept within their bounds, so near them
errors are smaller and lean away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from carbonsched.core.schema import PARAMETERS
from carbonsched.forecasts.answers import FORECAST
from carbonsched.forecasts.seen import Seen

Errors = dict[str, np.ndarray]  # by name of `SIZES`, over (site or service, period)


def _spread(values: np.ndarray, seen: Seen) -> np.ndarray:
    """Return half of what lies between two percentiles of the week around each period."""
    week = pd.DataFrame(values.T).rolling(
        round(168 / seen.hours) // 2 * 2 + 1, center=True, min_periods=1
    )
    return ((week.quantile(0.84) - week.quantile(0.16)) / 2).to_numpy().T


def _clear(values: np.ndarray, seen: Seen) -> np.ndarray:
    """Return the most that each hour of day brought in the 31 days around."""
    day = max(round(24 / seen.hours), 1)
    labels, periods = values.shape
    days = -(-periods // day)
    whole = np.full((labels, days * day), np.nan)
    whole[:, :periods] = values
    by_day = whole.reshape(labels, days, day).transpose(1, 0, 2).reshape(days, labels * day)
    most = pd.DataFrame(by_day).rolling(31, center=True, min_periods=1).max().to_numpy()
    most = most.reshape(days, labels, day).transpose(1, 0, 2).reshape(labels, days * day)
    return most[:, :periods]


_UNITS = {
    "value": lambda values, seen: values,
    "excess": lambda values, seen: values - 1,
    "spread": _spread,
    "clear": _clear,
}


@dataclass(frozen=True)
class Size:
    """How wrong forecasts of one variable are.

    Attributes
    ----------
    sigma : float
        Standard deviation of errors at a long lead, relative to `of`.
    of : {"value", "excess", "spread", "clear"}
        The value; what is above 1; half of what lies between the 16th and 84th percentile of the
        week around the period (a standard deviation, if prices were normal, that a spike leaves
        alone); the most that this hour of day brought in the 31 days around.
    memory : float
        Hours after which 37 % of a shock are left; 86 % of the variance are reached then.
    between : float
        Correlation between sites, or services; 0 to 1.
    reason : str
        Where the size comes from.
    """

    sigma: float
    of: Literal["value", "excess", "spread", "clear"]
    memory: float
    between: float
    reason: str

    def __post_init__(self) -> None:
        sound = 0 <= self.sigma < np.inf and 0 < self.memory < np.inf and 0 <= self.between <= 1
        if not sound or self.of not in _UNITS:
            raise ValueError(
                f"{self}: expected a sigma of at least 0, a memory above 0 h, a correlation from 0 "
                f"to 1, and of one of {', '.join(_UNITS)}"
            )


SIZES: dict[str, Size] = {
    "price": Size(
        0.6, "spread", 12, 0.1, "half of what yesterday's price is wrong by, 0.8 to 1.1 at five of "
        "the six sites in 2023, as is usual of good models a day ahead: Lago et al. 2021, "
        "doi:10.1016/j.apenergy.2021.116983",
    ),
    "carbon_intensity": Size(
        0.10, "value", 24, 0.1, "mean errors of 5 to 14 % in the next four days: CarbonCast, Maji "
        "et al. 2022, doi:10.1145/3563357.3564079; yesterday's value, 6 to 30 %",
    ),
    "cooling": Size(
        0.05, "excess", 24, 0.1, "half of what yesterday's value is wrong by, 6 to 11 %; "
        "assumption",
    ),
    "generation_available": Size(
        0.15, "clear", 12, 0.05, "single plants a day ahead, 10 to 20 % of what they can: "
        "Antonanzas et al. 2016, doi:10.1016/j.solener.2016.06.069; yesterday's value, 30 to 36 %",
    ),
    "demand": Size(
        0.15, "value", 12, 0.3, "half of what yesterday's requests are wrong by, 19 to 36 % of a "
        "service; assumption",
    ),
}  # fmt: skip
_PRICES = ("import_price", "export_price")  # wrong together, by one error


def variable_errors(name: str) -> str:
    """Return by which of `SIZES` a variable is wrong."""
    return "price" if name in _PRICES else name


class ErrorModel:
    """Errors of the forecasts of a truth.

    Parameters
    ----------
    seen : Seen
    sizes : dict of str to Size
    scale : float
        Times what the sizes say; 0 for no error.
    """

    def __init__(self, seen: Seen, sizes: Mapping[str, Size] = SIZES, scale: float = 1.0) -> None:
        if unknown := sorted(set(sizes) ^ set(SIZES)):
            raise ValueError(f"sizes: {', '.join(unknown)}: expected {', '.join(SIZES)}")
        if not 0 <= scale < np.inf:
            raise ValueError(f"scale = {scale}: expected a number of at least 0")
        self.sizes, self.hours = sizes, seen.hours
        self._values = {name: seen.values[name][:, seen.before :] for name in FORECAST}
        self._unit = {
            name: scale * size.sigma * _UNITS[size.of](seen.values[name], seen)[:, seen.before :]
            for name in FORECAST
            if (size := sizes[variable_errors(name)])
        }
        most = np.nanmax(seen.values["generation_available"], axis=1, initial=0.0)
        self._most = {"generation_available": most[:, None]}

    def fading(self, name: str) -> float:
        """Return what is left of a shock after a period."""
        return float(np.exp(-self.hours / self.sizes[name].memory))

    def walk(self, name: str, periods: int, seed: int, draw: int = 0) -> np.ndarray:
        """Return an AR(1) from zero, over (site or service, period), of standard deviation one.

        Its first period is zero. A longer one begins alike.
        """
        place = list(SIZES).index(name)
        shocks = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(draw, place)))
        variable = "import_price" if name == "price" else name
        labels = self._values[variable].shape[0]
        between, fading = self.sizes[name].between, self.fading(name)
        own = shocks.standard_normal((periods, labels + 1))
        joint = np.sqrt(between) * own[:, :1] + np.sqrt(1 - between) * own[:, 1:]
        walk = np.zeros((periods + 1, labels))
        for period, shock in enumerate(joint * np.sqrt(1 - fading**2)):
            walk[period + 1] = fading * walk[period] + shock
        return walk.T

    def moved(self, errors: Errors, at: slice) -> dict[str, np.ndarray]:
        """Return the values of some periods with errors added, each within its bounds.

        Where an export price was not above the import price, it is not then either.
        """
        told = {}
        for name in FORECAST:
            error = errors[variable_errors(name)]
            value = self._values[name][:, at] + self._unit[name][:, at] * error
            told[name] = np.clip(value, PARAMETERS[name].lower, self._most.get(name, np.inf))
        bought, sold = _PRICES
        below = self._values[sold][:, at] <= self._values[bought][:, at]
        told[sold] = np.where(below, np.minimum(told[sold], told[bought]), told[sold])
        return told
