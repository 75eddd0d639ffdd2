"""One case of a sweep: how it is solved, in whichever process."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from carbonsched.columns.choice import Task, by_whole_model_or_columns, fitting_engine
from carbonsched.core.build import added
from carbonsched.core.families import FAMILIES
from carbonsched.core.family import Family
from carbonsched.core.formulation import FORMULATIONS, Formulation, formulation_of
from carbonsched.core.instance import Instance
from carbonsched.core.method import Method, method_of
from carbonsched.errors import CarbonschedError, InfeasibleError, extra, kind_of
from carbonsched.front import explaining, solve
from carbonsched.operate.kept import classes, code_of, key
from carbonsched.operate.reoptimise import Reoptimiser
from carbonsched.schedule import Schedule
from carbonsched.solver.hand_over import DIRECT
from carbonsched.solver.settings import Settings

# What this process has built, by `Way.key` and the seconds for the whole model.
_MODELS: dict[tuple[str, float], Reoptimiser] = {}
_PAPER = {family.name: family for family in FAMILIES}


@dataclass(frozen=True)
class Way:
    """What an instance is solved by.

    Attributes
    ----------
    method : Method
    formulation : Formulation
    settings : Settings
    engine : str
    explain : bool
    families : bytes
        As `packed` returns them.
    key : str
        The same for cases that may share a model.
    """

    method: Method
    formulation: Formulation
    settings: Settings
    engine: str
    explain: bool
    families: bytes
    key: str

    @classmethod
    def of(
        cls,
        method: str | Method = "joint",
        formulation: str | Formulation = "start",
        families: Iterable[Family] = FAMILIES,
        *,
        engine: str = "auto",
        explain: bool = False,
        **settings: Any,
    ) -> Way:
        """Return it of what `sweep` is given."""
        chosen, stated, families = method_of(method), formulation_of(formulation), tuple(families)
        asked = Settings.of(**settings, progress=False)
        decisive = [asdict(chosen), asdict(stated), code_of(families)]
        name = key(
            *decisive,
            asked.gap,
            asked.gap_of,
            asked.time_limit,
            asked.solver,
            asked.polish,
            dict(asked.options),
        )
        return cls(chosen, stated, asked, engine, explain, packed(families), name)


def packed(families: Iterable[Family]) -> bytes:
    """Return families for another process: the paper's by name, others with their code.

    A worker need not be able to import the module of a family.
    """
    with extra("study", "a sweep"):
        import cloudpickle  # comes with Dask
    families = tuple(families)
    modules = {kind.__module__ for family in added(families) for kind in classes(family)}
    foreign = [sys.modules[name] for name in modules if not name.startswith("carbonsched.")]
    new = [m for m in foreign if m.__name__ not in cloudpickle.list_registry_pickle_by_value()]
    for module in new:
        cloudpickle.register_pickle_by_value(module)
    try:
        return cloudpickle.dumps([f.name if f in FAMILIES else f for f in families])
    finally:
        for module in new:
            cloudpickle.unregister_pickle_by_value(module)


def unpacked(families: bytes) -> tuple[Family, ...]:
    """Return what `packed` was given."""
    return tuple(f if isinstance(f, Family) else _PAPER[f] for f in pickle.loads(families))


def solve_row(instance: Instance, way: Way) -> dict[str, Any]:
    """Solve one case and return its row; a failure is a row with its kind and its message."""
    try:
        schedule = solved(instance, way)
    except (CarbonschedError, ValueError) as error:
        if way.explain and isinstance(error, InfeasibleError):
            error.explain()
        return {"status": kind_of(error), "message": str(error)}
    return {
        "status": schedule.status,
        "message": "",
        "objective": schedule.objective,
        "emissions": schedule.emissions,
        "bound": schedule.bound,
        "distance": schedule.distance,
        "gap": schedule.gap,
        "gap_of_objective": schedule.gap_of_objective,
        "jobs": int(schedule.data.start.sum()),
        **{f"benefit_{term}": value for term, value in schedule.benefit.items()},
        "runtime": schedule.runtime,
        "build_time": schedule.build_time,
    }


def solved(instance: Instance, way: Way) -> Schedule:
    """Solve a case, in place of one before it if only numbers moved.

    Each process keeps a model for every way to solve. It forgets the last solution, so that a row
    depends on its case alone, as its name in the cache says.
    """
    families, asked, engine = unpacked(way.families), way.settings, way.engine
    if engine == "auto":
        engine = fitting_engine(instance, way.method, way.formulation, asked, families)
    if engine != "milp" or asked.solver not in DIRECT:
        how: dict[str, Any] = {"families": families, **asked.for_solve()}
        return solve(instance, way.method, way.formulation, engine=engine, progress=False, **how)
    task = Task(instance, way.method, way.formulation, families, asked)
    in_place = partial(_in_place, way.key)
    with explaining(instance, way.method, families=families):
        return by_whole_model_or_columns(task, in_place) if way.engine == "auto" else in_place(task)


def _in_place(way: str, task: Task) -> Schedule:
    """Solve a case in the model that this process keeps for its way."""
    name = way, task.settings.time_limit
    how: dict[str, Any] = {"families": task.families, **task.settings.for_solve()}
    again = _MODELS.pop(name, None) or Reoptimiser(task.method, task.formulation, warm=False, **how)
    schedule = again.solve(task.instance)
    _MODELS[name] = again  # unless it raised: then the next case starts afresh
    return schedule


def name_of(formulation: Formulation) -> str:
    """Return the name of a formulation, or else the slots that differ from the default's."""
    for name, known in FORMULATIONS.items():
        if known == formulation:
            return name
    usual, own = asdict(FORMULATIONS["start"]), asdict(formulation)
    return ", ".join(f"{slot}={own[slot]}" for slot in own if own[slot] != usual[slot])
