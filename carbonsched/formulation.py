"""A variant is a value: which form each family takes, and the methods of Table I."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Literal, get_args, get_type_hints


@dataclass(frozen=True)
class Formulation:
    """One choice per family. The defaults are the joint model in the `start` formulation.

    Attributes
    ----------
    jobs : {"start", "run"}
        "start": one binary per feasible job, site and first period; `run` is a sum of them.
        "run": the rows (8)-(10) as the paper prints them, over `run`, `start` and `stop`.
    power : {"substituted", "stated"}
        Whether IT power and facility power are replaced by the load they equal, or are variables
        with rows of their own, (2) and (3). A schedule holds both either way.
    grid_states : {"needed", "everywhere"}
        Whether the binaries that keep import from export stand only where an optimum could
        otherwise use both at once, or at every site and period.
    storage_states : {"needed", "everywhere"}
        The same for the binary that keeps charge from discharge.
    windows : {"cut", "rows"}
        Whether a start outside a job's window or allowed sites is left out or forbidden by a row.
    latency : {"cut", "rows"}
        The same for a route beyond its service's latency limit, (12).
    bounds : {"tight", "given"}
        Whether limits of grid, generation and battery are lowered to what an optimum can use, see
        `carbonsched.tightening`. A family of your own may need them as given.
    routing : {"latency", "home"}
        Routes open to a service: every site within its latency limit, or of these only its home.
    generation : {"dispatched", "none"}
    export : {"allowed", "none"}
    storage : {"operated", "idle"}
        "idle" keeps every battery at its initial state of charge.
    carbon : {"budget", "none"}
        Whether (16) is stated.
    workload : {"optimised", "first fit"}
        "first fit" fixes jobs and routes to `carbonsched.workload.first_fit` before the energy
        side is optimised.

    Raises
    ------
    ValueError
        Names a slot whose value is not among its choices.
    """

    jobs: Literal["start", "run"] = "start"
    power: Literal["substituted", "stated"] = "substituted"
    grid_states: Literal["needed", "everywhere"] = "needed"
    storage_states: Literal["needed", "everywhere"] = "needed"
    windows: Literal["cut", "rows"] = "cut"
    latency: Literal["cut", "rows"] = "cut"
    bounds: Literal["tight", "given"] = "tight"
    routing: Literal["latency", "home"] = "latency"
    generation: Literal["dispatched", "none"] = "dispatched"
    export: Literal["allowed", "none"] = "allowed"
    storage: Literal["operated", "idle"] = "operated"
    carbon: Literal["budget", "none"] = "budget"
    workload: Literal["optimised", "first fit"] = "optimised"

    def __post_init__(self) -> None:
        hints = get_type_hints(Formulation)
        for slot in fields(self):
            choices = get_args(hints[slot.name])
            if getattr(self, slot.name) not in choices:
                raise ValueError(
                    f"Formulation.{slot.name} = {getattr(self, slot.name)!r}, "
                    f"choose from {', '.join(map(repr, choices))}"
                )


FORMULATIONS: dict[str, Formulation] = {
    "start": Formulation(),
    "paper": Formulation(
        jobs="run",
        power="stated",
        grid_states="everywhere",
        windows="rows",
        latency="rows",
        bounds="given",
    ),
}

METHODS: dict[str, dict[str, str]] = {
    "joint": {},
    "compute_only": {"generation": "none", "export": "none", "storage": "idle"},
    "energy_only": {"workload": "first fit"},
    "no_battery": {"storage": "idle"},
    "no_routing": {"routing": "home"},
    "no_carbon": {"carbon": "none"},
}


def choose(method: str = "joint", formulation: str | Formulation = "start") -> Formulation:
    """Return the formulation of a method of Table I, in one of the two job formulations.

    Parameters
    ----------
    method : str
        A key of `METHODS`.
    formulation : str or Formulation
        A key of `FORMULATIONS`, or a value of your own that the method then refines.

    Raises
    ------
    ValueError
        The method or the formulation is unknown.
    """
    if method not in METHODS:
        raise ValueError(f"method {method!r}, choose from {', '.join(METHODS)}")
    if isinstance(formulation, str):
        if formulation not in FORMULATIONS:
            raise ValueError(f"formulation {formulation!r}, choose from {', '.join(FORMULATIONS)}")
        formulation = FORMULATIONS[formulation]
    return replace(formulation, **METHODS[method])
