"""What scenarios answered, kept on disk: a search that was killed asks again and is told at once.

The search itself is the same whenever it begins: only what it asks of scenarios takes time. So each
answer is one file, named by the load that was asked about, in a folder named by all else that
decides it. A file is whole or not there; one that is damaged is asked for again.
"""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from carbonsched.core.formulation import Formulation
from carbonsched.core.method import Method
from carbonsched.core.schema import PRICES
from carbonsched.io import replacing
from carbonsched.io.digest import digest
from carbonsched.solver.milp import versions
from carbonsched.stochastic.futures import Answers
from carbonsched.stochastic.scenarios import Scenarios

_NUMBERS = ("value", "settled", "short", "turnover")


def problem_key(scenarios: Scenarios, method: Method, formulation: Formulation) -> str:
    """Return a name of 32 characters for what decides the answers of scenarios."""
    text = hashlib.sha256(repr((method, formulation, sorted(versions("highs").items()))).encode())
    text.update(digest(scenarios.instance).encode())
    text.update(repr(scenarios.labels).encode())
    for name in sorted(map(str, scenarios.data)):
        array = scenarios.data[name]
        text.update(f"{name}{array.dims}{array.shape}".encode())
        text.update(np.ascontiguousarray(array.values).tobytes())
    return text.hexdigest()[:32]


class KeptAnswers:
    """Answers by load, in a folder.

    Parameters
    ----------
    folder : Path
        Where those of several problems may be.
    key : str
        Of the problem.
    count : int
        Of its scenarios.

    Raises
    ------
    OSError
        There can be no such folder.
    """

    def __init__(self, folder: Path, key: str, count: int) -> None:
        self.folder, self.count = folder / key, count
        self.folder.mkdir(parents=True, exist_ok=True)

    def _path(self, load: np.ndarray, within: float | None, penalty: float) -> Path:
        asked = hashlib.sha256(np.ascontiguousarray(load, float).tobytes())
        asked.update(repr((within, penalty)).encode())
        return self.folder / f"{asked.hexdigest()[:32]}.npz"

    def known(self, load: np.ndarray, within: float | None, penalty: float) -> Answers | None:
        """Return the answers to a load as they were kept, or None."""
        try:
            with np.load(self._path(load, within, penalty), allow_pickle=False) as kept:
                numbers: dict[str, Any] = {name: kept[name] for name in _NUMBERS}
                prices = {name: kept[name] for name in PRICES}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        whole = all(len(array) == self.count for array in (*numbers.values(), *prices.values()))
        return Answers(**numbers, prices=prices) if whole else None

    def keep(
        self, load: np.ndarray, within: float | None, penalty: float, answers: Answers
    ) -> None:
        """Write the answers to a load, atomically."""
        numbers = {name: getattr(answers, name) for name in _NUMBERS}
        with (
            replacing(self._path(load, within, penalty)) as temporary,
            temporary.open("wb") as file,
        ):
            np.savez(file, allow_pickle=False, **numbers, **answers.prices)
