"""WHICH schedules exist: the methods of Table I as values, the same for model, judge and proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeVar, get_args, get_type_hints

Slots = TypeVar("Slots")


def check_slots(value: Any) -> None:
    """Raise ValueError if a slot of a dataclass has a value that is not among its choices."""
    kind = type(value)
    hints = get_type_hints(kind)
    for slot in fields(value):
        choices = get_args(hints[slot.name])
        if getattr(value, slot.name) not in choices:
            raise ValueError(
                f"{kind.__name__}.{slot.name} = {getattr(value, slot.name)!r}, "
                f"choose from {', '.join(map(repr, choices))}"
            )


def by_name(given: str | Slots, kind: type[Slots], named: Mapping[str, Slots]) -> Slots:
    """Return a value of a kind, given as itself or by its name; ValueError if there is none."""
    if isinstance(given, kind):
        return given
    if given not in named:
        raise ValueError(f"{kind.__name__.lower()} {given!r}, choose from {', '.join(named)}")
    return named[str(given)]


@dataclass(frozen=True)
class Method:
    """What a schedule may use. The defaults are the joint method.

    Attributes
    ----------
    routing : {"latency", "home"}
        Routes open to a service: every site within its latency limit, or of these only its home.
    generation : {"dispatched", "none"}
    export : {"allowed", "none"}
    storage : {"operated", "idle"}
        "idle" keeps every battery at its initial state of charge.
    carbon : {"budget", "none"}
        Whether (16) holds.
    workload : {"optimised", "first fit"}
        "first fit" fixes jobs and routes to `carbonsched.core.first_fit` before the energy side
        is optimised.

    Raises
    ------
    ValueError
        Names a slot whose value is not among its choices.

    Examples
    --------
    >>> Method(storage="idle").name
    'no_battery'
    >>> Method(storage="idle", carbon="none").name
    'storage=idle, carbon=none'
    """

    routing: Literal["latency", "home"] = "latency"
    generation: Literal["dispatched", "none"] = "dispatched"
    export: Literal["allowed", "none"] = "allowed"
    storage: Literal["operated", "idle"] = "operated"
    carbon: Literal["budget", "none"] = "budget"
    workload: Literal["optimised", "first fit"] = "optimised"

    def __post_init__(self) -> None:
        check_slots(self)

    @property
    def name(self) -> str:
        """The name of Table I, or else the slots that differ from the joint method's."""
        for name, method in METHODS.items():
            if method == self:
                return name
        usual, own = asdict(METHODS["joint"]), asdict(self)
        return ", ".join(f"{slot}={own[slot]}" for slot in own if own[slot] != usual[slot])

    def __str__(self) -> str:
        return self.name


METHODS: dict[str, Method] = {
    "joint": Method(),
    "compute_only": Method(generation="none", export="none", storage="idle"),
    "energy_only": Method(workload="first fit"),
    "no_battery": Method(storage="idle"),
    "no_routing": Method(routing="home"),
    "no_carbon": Method(carbon="none"),
}


def method_of(method: str | Method) -> Method:
    """Return a method by its name in Table I, or the value itself.

    Raises
    ------
    ValueError
        There is no method of that name.
    """
    return by_name(method, Method, METHODS)
