"""What a page rests on, in a line: versions, solver, seeds, and how long it took."""

from __future__ import annotations

import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.metadata import version

_BEGUN = time.monotonic()  # a notebook imports this first of all
_SHOWN = ("carbonsched", "linopy", "xarray", "highspy")


@dataclass(frozen=True)
class Provenance:
    """A line that says what made a page."""

    words: str

    def __repr__(self) -> str:
        return self.words

    def _repr_html_(self) -> str:
        return f'<p class="provenance">{escape(self.words)}</p>'


def provenance(seeds: Sequence[int] = (), solver: str = "HiGHS") -> Provenance:
    """Return a line for the end of a page: versions, solver, seeds, duration.

    Parameters
    ----------
    seeds : sequence of int, optional
        Of what the page draws at random.
    solver : str, optional
        Which solver the page's optima are by; empty where it solves nothing.

    Returns
    -------
    Provenance

    Examples
    --------
    >>> str(provenance(seeds=[0, 1])).split(" · ")[-2]
    'seeds 0, 1'
    >>> str(provenance(range(1000, 1060))).split(" · ")[-2]
    'seeds 1000 to 1059'
    """
    said = [f"{name} {version(name)}" for name in _SHOWN if solver or name != "highspy"]
    said = [text.replace("highspy", "HiGHS") for text in said]
    said.append(f"Python {'.'.join(platform.python_version_tuple()[:2])}")
    if solver not in ("", "HiGHS"):
        said.append(f"solved by {solver}")
    if seeds:
        said.append(f"seed{'s' * (len(seeds) > 1)} {_listed(seeds)}")
    else:
        said.append("no seed: nothing is drawn at random")
    said.append(f"ran in {time.monotonic() - _BEGUN:,.0f} s")
    return Provenance("Made with " + " · ".join(said))


def _listed(seeds: Sequence[int]) -> str:
    if isinstance(seeds, range) and seeds.step == 1 and len(seeds) > 2:
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))
