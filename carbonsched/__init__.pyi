from .certificate import Certificate
from .certify import certify
from .diagnose import Diagnosis, diagnose
from .errors import (
    CarbonschedError,
    CertificateError,
    InfeasibleError,
    InstanceError,
    NoIncumbentError,
    SolverError,
    SuspiciousValueWarning,
    UnboundedError,
    VerificationError,
)
from .formulation import FORMULATIONS, METHODS, Formulation
from .generate import generate
from .horizon import roll
from .instance import Instance, load
from .model import build
from .schedule import Schedule
from .solve import solve
from .table import table
from .verify import Report, verify

__version__: str

__all__ = [
    "FORMULATIONS",
    "METHODS",
    "CarbonschedError",
    "Certificate",
    "CertificateError",
    "Diagnosis",
    "Formulation",
    "InfeasibleError",
    "Instance",
    "InstanceError",
    "NoIncumbentError",
    "Report",
    "Schedule",
    "SolverError",
    "SuspiciousValueWarning",
    "UnboundedError",
    "VerificationError",
    "build",
    "certify",
    "diagnose",
    "generate",
    "load",
    "roll",
    "solve",
    "table",
    "verify",
]
