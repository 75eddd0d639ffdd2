"""Carbon-aware compute-power scheduling for AI data centers: the paper's MILP, (1)-(16)."""

from carbonsched.errors import (
    CarbonschedError,
    InfeasibleError,
    InstanceError,
    NoIncumbentError,
    SolverError,
    UnboundedError,
    VerificationError,
)
from carbonsched.formulation import FORMULATIONS, METHODS, Formulation
from carbonsched.generate import generate
from carbonsched.instance import Instance, load
from carbonsched.model import build
from carbonsched.schedule import Schedule
from carbonsched.solve import solve
from carbonsched.table import table
from carbonsched.verify import Report, verify

__version__ = "0.1.0"

__all__ = [
    "FORMULATIONS",
    "METHODS",
    "CarbonschedError",
    "Formulation",
    "InfeasibleError",
    "Instance",
    "InstanceError",
    "NoIncumbentError",
    "Report",
    "Schedule",
    "SolverError",
    "UnboundedError",
    "VerificationError",
    "build",
    "generate",
    "load",
    "solve",
    "table",
    "verify",
]
