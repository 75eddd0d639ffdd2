"""What several commands take: arguments and options by the same names, with the same words."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import carbonsched as cs

Method = StrEnum("Method", list(cs.METHODS))
METHODS = ", ".join(cs.METHODS)
JobForm = StrEnum("JobForm", list(cs.FORMULATIONS))
Engine = StrEnum("Engine", ["auto", "milp", "column-generation"])  # as carbonsched.front.ENGINES
GapOf = StrEnum("GapOf", ["decided", "objective"])  # as carbonsched.solver.settings.GAPS
JOINT, START, AUTO, DECIDED = Method("joint"), JobForm("start"), Engine("auto"), GapOf("decided")

InstancePath = Annotated[
    Path, typer.Argument(metavar="INSTANCE", help="Folder, NetCDF file, or project file.")
]
MethodOption = Annotated[
    Method, typer.Option(metavar="METHOD", help=f"A method of Table I: {METHODS}.")
]
SchedulePath = Annotated[
    Path, typer.Argument(metavar="SCHEDULE", help="NetCDF file that `solve` wrote.")
]
OverwriteOption = Annotated[
    bool, typer.Option("--overwrite", help="Replace what an earlier run wrote there.")
]
FormOption = Annotated[JobForm, typer.Option(help="How jobs are formulated; same optimum.")]
GapOption = Annotated[float, typer.Option(min=0, help="Relative gap at which to stop.")]
GapOfOption = Annotated[
    GapOf,
    typer.Option(help="What the gap is relative to: what can be decided, or all of (1)."),
]
LimitOption = Annotated[float, typer.Option(min=0, help="Time limit in seconds.")]
SolverOption = Annotated[str, typer.Option(help="Any installed solver that linopy supports.")]
FamilyOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME|MODULE|MODULE:NAME",
        help="A family beside the paper's: one that an installed package offers by NAME, or the "
        "object `family`, or NAME, of a module, installed or in the current folder. May be "
        "repeated.",
    ),
]
OwnOption = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="An option under the solver's own name. Repeatable."),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the summary as JSON, and nothing else.")
]
ZoneOption = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE",
        help="Time zone to tell instants in, as Europe/Berlin; by default that of each site where "
        "the instance has it, or else UTC. Of several sites together, as on the axis of a figure, "
        "by default that which all of them have, or else UTC.",
    ),
]
