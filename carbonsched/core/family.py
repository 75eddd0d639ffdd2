"""The protocol of a family: what it declares, states, earns, emits, moves and judges.

A family is one subject of the model, (1)-(16) of the paper or one of your own, as an object with
the methods below; each has a default, so that a family says only what it has. It is asked in this
order: `declare` of every family, then `constrain` of every family. Families touch nothing of each
other but the shared expressions:

============  ==========  ======  ==============================================================
expression    dims        unit    terms from
============  ==========  ======  ==============================================================
`it_load`     site, time  MW      jobs, inference; equals `it_power` by (2)
`net_supply`  site, time  MW      power, balance, grid, storage; equals zero by (4)
`emissions`   any         tCO2e   `emitted` of every family; bounded by (16)
`benefit`     any         USD     `worth` of every family; maximised by (1)
============  ==========  ======  ==============================================================
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd
import xarray as xr

from carbonsched.core.formulation import Formulation
from carbonsched.core.schema import Quantity
from carbonsched.errors import asking

if TYPE_CHECKING:
    from carbonsched.core.families.expressions import Model

TERMS = ("training", "startup", "inference", "export", "import", "generation", "battery", "stored")
Row = tuple[str, str, xr.DataArray, "xr.DataArray | float"]  # name, unit, excess, size


class Family:
    """One family of the model. Derive from it and make one object.

    Attributes
    ----------
    name : str
        Of the family, and the first part of its rows' names, "name:row".
    over : str
        An index set without which the family is left out, or empty.
    parameters : tuple of Quantity
        What an instance gives for it, beside the paper's: read from folder and file like any
        other. One with a default need not be given.
    decisions : tuple of Quantity
        The variables it declares that a schedule keeps; what it earns or emits by must be kept.
    moves : frozenset of str, or None
        Parameters that `update` moves in a model that is built, the paper's too if its rows hold
        them; those that enter only its worth or what it emits need no `update`. None: whatever
        changes, the model is built anew; right for any family, and slower.

    Examples
    --------
    >>> class Cap(Family):
    ...     name = "cap"
    ...     def constrain(self, model, data, formulation):
    ...         model.add_constraints(model["generate"] <= 5, name="cap:generate")
    >>> Cap().worth(None), Cap().judged
    ({}, True)
    """

    name: str = ""
    over: str = ""
    parameters: tuple[Quantity, ...] = ()
    decisions: tuple[Quantity, ...] = ()
    moves: frozenset[str] | None = None
    judged: ClassVar[bool] = True
    keeps_shortcuts: ClassVar[bool] = False  # lowered limits and left-out states stay proved

    def declare(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Add variables, and terms to the shared expressions."""

    def constrain(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """State the rows, once every family's variables are there."""

    def worth(self, data: xr.Dataset) -> dict[str, dict[str, xr.DataArray]]:
        """Return, by term of the benefit and variable, what a unit of the variable earns, USD."""
        return {}

    def settled(self, data: xr.Dataset) -> dict[str, xr.DataArray]:
        """Return, by variable, the part of its worth that adds up to the same in every schedule."""
        return {}

    def emitted(self, data: xr.Dataset) -> dict[str, xr.DataArray]:
        """Return, by variable, what a unit of it emits, tCO2e."""
        return {}

    def update(self, model: Model, data: xr.Dataset, formulation: Formulation) -> None:
        """Move bounds, right sides and coefficients to new numbers of `moves`."""

    def carry(
        self, whole: xr.Dataset, done: xr.Dataset, window: int
    ) -> dict[str, xr.DataArray | float]:
        """Return parameters of the next window; others are as the instance gives them.

        Parameters
        ----------
        whole : xarray.Dataset
            Of the whole horizon, as the instance gives it.
        done : xarray.Dataset
            The decisions over its first periods; over none before the first window.
        window : int
            Periods of the next window. Of what is left of a rule over the horizon, its share by
            periods is ``window / (whole.sizes["time"] - done.sizes["time"])``: 1 in the last.
        """
        return {}

    def judge(self, data: xr.Dataset, decided: xr.Dataset) -> Iterator[Row]:
        """Yield the family's rows as the judge sees them, written apart from `constrain`.

        Parameters
        ----------
        data : xarray.Dataset
            Of the instance.
        decided : xarray.Dataset
            The decisions of a schedule.

        Yields
        ------
        tuple
            What the row says, in words; its unit; by how much it is broken, positive if it is;
            and the size of its terms, to which the tolerance is relative. In MW, MWh or tCO2e it
            counts as no less than a tenth of what the instance is about, in other units as no less
            than one.
        """
        yield from ()


def over(data: xr.Dataset, *dims: Hashable) -> dict[Hashable, pd.Index]:
    """Return the labels of some dimensions, to declare variables over.

    Where data has scenarios, what concerns no job is decided in each: those labels come first.

    Examples
    --------
    >>> over(xr.Dataset(coords={"site": ["A", "B"]}), "site")["site"].tolist()
    ['A', 'B']
    """
    each = ("scenario",) if "scenario" in data.dims and "job" not in dims else ()
    return {dim: data.indexes[dim] for dim in (*each, *dims)}


def listed(families: object) -> tuple[Any, ...]:
    """Return families as a tuple.

    Raises
    ------
    TypeError
        They are no list.
    """
    if isinstance(families, str) or not isinstance(families, Iterable):
        example = "[*carbonsched.FAMILIES, my_family]"
        raise TypeError(f"families = {families!r:.80}: a list is needed, as {example}")
    return tuple(families)


def contributed(families: Iterable[Family]) -> tuple[Quantity, ...]:
    """Return the parameters that families add to the paper's."""
    return tuple(quantity for family in families for quantity in family.parameters)


def stakes(
    families: Iterable[Family], data: xr.Dataset, fixed: Iterable[str] = ()
) -> tuple[dict[str, xr.DataArray], dict[str, xr.DataArray]]:
    """Return what a unit of each variable earns, USD: what is decided of it, and what is settled.

    Parameters
    ----------
    families : iterable of Family
    data : xarray.Dataset
        Of an instance.
    fixed : iterable of str
        Variables that a method fixes before anything is decided: all they earn is settled.
    """
    worth: dict[str, xr.DataArray] = {}
    settled: dict[str, xr.DataArray] = {}
    for family in families:
        if family.over and not data.sizes[family.over]:
            continue
        with asking(family, "worth"):
            for units in family.worth(data).values():
                for name, unit in units.items():
                    worth[name] = worth[name] + unit if name in worth else unit
        with asking(family, "settled"):
            for name, unit in family.settled(data).items():
                settled[name] = settled[name] + unit if name in settled else unit
    settled |= {name: worth[name] for name in fixed if name in worth}
    decided = {name: unit - settled.get(name, 0) for name, unit in worth.items()}
    return decided, settled


def turnover_of(decided: Mapping[str, xr.DataArray], decisions: xr.Dataset) -> float:
    """Return the absolute terms of what is decided, USD, see `stakes`, in some decisions."""
    return sum(_total(abs(unit), abs(decisions[name])) for name, unit in decided.items())


def _total(unit: xr.DataArray, values: xr.DataArray) -> float:
    """Return what values earn by a unit's worth; summed first where that is one, as of starts."""
    rest = set(values.dims) - set(unit.dims)
    return float((unit.variable * values.variable.sum(rest)).sum())


def accounts(
    families: Iterable[Family], data: xr.Dataset, decided: Mapping[str, Any] | xr.Dataset
) -> tuple[dict[str, float], xr.DataArray]:
    """Return what decisions earn, USD by term of the benefit, and what they emit, tCO2e.

    Emissions are over (site, time), or over what a family's variables are over if that is more.
    """
    benefit: dict[str, float] = {}
    emitted: list[xr.DataArray] = []
    for family in families:
        if family.over and not data.sizes[family.over]:
            benefit |= dict.fromkeys(family.worth(data), 0.0)
            continue
        with asking(family, "worth"):
            for term, worth in family.worth(data).items():
                earned = sum(_total(unit, decided[name]) for name, unit in worth.items())
                benefit[term] = benefit.get(term, 0.0) + earned
        with asking(family, "emitted"):
            emitted += [unit * decided[name] for name, unit in family.emitted(data).items()]
    total = sum(emitted[1:], start=emitted[0]) if emitted else xr.DataArray(0.0)
    return {
        term: benefit[term] for term in dict.fromkeys((*TERMS, *benefit)) if term in benefit
    }, total
