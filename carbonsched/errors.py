"""The errors a user can meet, each saying what is wrong and where."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carbonsched.diagnosis.diagnose import Diagnosis
    from carbonsched.judge.report import Report


class CarbonschedError(Exception):
    """Base of every error this package raises on purpose."""


class InstanceError(CarbonschedError, ValueError):
    """The instance is faulty; `faults` lists every fault with its variable, label and unit.

    `places` has each fault's variable and labels where they are known, for who knows the file.
    """

    def __init__(
        self,
        faults: Iterable[str],
        where: str = "instance",
        places: Iterable[tuple[str, Mapping[str, object] | None]] = (),
    ) -> None:
        self.faults = tuple(faults)
        self.places = tuple(places)
        count = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''}"
        super().__init__("\n  - ".join([f"{where}: {count}", *self.faults]))


class InfeasibleError(CarbonschedError):
    """No schedule satisfies every row of the model; `diagnosis` says why."""

    ask: Callable[[], Diagnosis] | None = None  # what finds out, where the instance is known
    _diagnosis: Diagnosis | None = None

    @property
    def diagnosis(self) -> Diagnosis | None:
        """A `carbonsched.Diagnosis`, made when first asked for; None of an unknown instance."""
        if self._diagnosis is None and self.ask is not None:
            self._diagnosis = self.ask()
        return self._diagnosis

    def explain(self) -> None:
        """Add the diagnosis to the message, in brief."""
        if self.diagnosis is not None:
            self.args = (f"{self}\n{self.diagnosis.summary()}",)


class UnboundedError(CarbonschedError):
    """The benefit can grow without limit: a price or a bound is missing or has the wrong sign."""


class NoIncumbentError(CarbonschedError):
    """No schedule was found: the time limit passed, or the engine knew no further step."""


class SolverError(CarbonschedError):
    """The solver is missing, failed, or returned no usable answer."""


class VerificationError(CarbonschedError):
    """The solver's answer breaks the model; `report` says where and by how much."""

    def __init__(self, report: Report) -> None:
        self.report = report
        super().__init__(f"the schedule fails verification\n{report}")


class CertificateError(CarbonschedError, ValueError):
    """A certificate does not hold, or is none; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: Iterable[str], where: str = "certificate") -> None:
        self.faults = tuple(faults)
        super().__init__("\n  - ".join([f"{where} does not hold", *self.faults]))


class FamilyError(CarbonschedError, ValueError):
    """A family of a user's own failed; the message names it and its method."""


@contextmanager
def asking(family: Any, method: str) -> Generator[None]:
    """Say of an error in this block which method of which added family it comes from.

    The paper's own families raise theirs as they are.

    Raises
    ------
    FamilyError
        Anything was raised that is not an error of this package.
    """
    try:
        yield
    except (CarbonschedError, MemoryError):
        raise
    except Exception as error:
        if type(family).__module__.startswith("carbonsched."):
            raise
        told = f"the family {family.name}: `{method}` failed, {type(error).__name__}: {error}"
        raise FamilyError(told) from error


class MissingExtraError(CarbonschedError, ImportError):
    """A package is not installed that an extra of carbonsched brings; the message says which."""


@contextmanager
def extra(name: str, purpose: str) -> Generator[None]:
    """Say of an import that fails in this block which extra of carbonsched brings the package.

    Raises
    ------
    MissingExtraError
        A package is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        if package == "carbonsched":
            raise
        told = f"{purpose} needs {package}: pip install 'carbonsched[{name}]'"
        raise MissingExtraError(told, name=package) from error


class SuspiciousValueWarning(UserWarning):
    """A value is possible, and yet so far from what is usual that its unit may be another."""


class UnmatchedWarning(UserWarning):
    """A former plan and an instance do not have the same labels, so that less of it is held."""


class BreachWarning(UserWarning):
    """What happened could not all be served, or not within the budget, and was gone on with."""


def kind_of(error: BaseException) -> str:
    """Return the kind of an error as a table's status says it: "infeasible", "noincumbent", ..."""
    return type(error).__name__.removesuffix("Error").lower()
