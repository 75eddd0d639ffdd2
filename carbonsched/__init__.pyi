from . import forecasts as forecasts
from . import io as io
from . import project as project
from . import sources as sources
from .bounds.first_order import bound
from .core.build import build
from .core.families import FAMILIES
from .core.family import Family, over
from .core.formulation import FORMULATIONS, Formulation
from .core.instance import Instance
from .core.method import METHODS, Method
from .core.schema import Quantity
from .diagnosis.diagnose import Diagnosis, diagnose
from .errors import (
    BreachWarning,
    CarbonschedError,
    CertificateError,
    FamilyError,
    InfeasibleError,
    InstanceError,
    MissingExtraError,
    NoIncumbentError,
    SolverError,
    SuspiciousValueWarning,
    UnboundedError,
    UnmatchedWarning,
    VerificationError,
)
from .front import solve
from .io.store import example, load
from .judge.plan import plan
from .judge.report import Report
from .judge.verify import verify
from .operate.next_step import next_step
from .operate.reoptimise import Reoptimiser
from .operate.roll import roll
from .operate.under_way import already_running
from .output.compare import Comparison, compare
from .output.energy import energy
from .output.export import export
from .output.report import report
from .proof.certificate import Certificate
from .proof.certify import certify
from .schedule import Schedule
from .stochastic.draw import scenarios
from .stochastic.reduce import reduced
from .stochastic.scenarios import Scenarios
from .stochastic.schedule import ScenarioSchedule
from .stochastic.value import information_value, recourse
from .study.methods import table
from .study.sweep import sweep
from .study.synthetic import generate

__version__: str

__all__ = [
    "FAMILIES",
    "FORMULATIONS",
    "METHODS",
    "BreachWarning",
    "CarbonschedError",
    "Certificate",
    "CertificateError",
    "Comparison",
    "Diagnosis",
    "Family",
    "FamilyError",
    "Formulation",
    "InfeasibleError",
    "Instance",
    "InstanceError",
    "Method",
    "MissingExtraError",
    "NoIncumbentError",
    "Quantity",
    "Reoptimiser",
    "Report",
    "ScenarioSchedule",
    "Scenarios",
    "Schedule",
    "SolverError",
    "SuspiciousValueWarning",
    "UnboundedError",
    "UnmatchedWarning",
    "VerificationError",
    "already_running",
    "bound",
    "build",
    "certify",
    "compare",
    "diagnose",
    "energy",
    "example",
    "export",
    "generate",
    "information_value",
    "load",
    "next_step",
    "over",
    "plan",
    "recourse",
    "reduced",
    "report",
    "roll",
    "scenarios",
    "solve",
    "sweep",
    "table",
    "verify",
]
