"""What each instance is, in the form that Open Energy Benchmark checks its metadata by.

Its keys, its classes of size and its words for sectors are those of that project's schema; `URL` is
a file beside the metadata.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from carbonsched.bench.recipe import Recipe

_SIZES = {"small": "S", "medium": "M", "large": "L"}  # by our own counts, see `Recipe`


def metadata(made: Iterable[Recipe], version: str) -> dict[str, Any]:
    """Return the metadata of instances whose models are written as NAME.mps.gz.

    Examples
    --------
    >>> from carbonsched.bench.recipe import recipes
    >>> one = metadata([recipes()["paper-0"]], "0")["benchmarks"]["carbonsched-paper-0"]
    >>> one["Time horizon"], one["Sizes"][0]["Num. variables"]
    ('Single-stage (24 h)', 682)
    """
    return {"benchmarks": {f"carbonsched-{recipe.name}": _one(recipe, version) for recipe in made}}


def _one(recipe: Recipe, version: str) -> dict[str, Any]:
    traits = recipe.traits
    step = traits["hours"] / traits["periods"]
    size: dict[str, Any] = {
        "Name": f"{traits['sites']}-{traits['periods']}ts",
        "Size": _SIZES[recipe.size],
        "URL": f"{recipe.name}.mps.gz",
        "Temporal resolution": "1 hour" if step == 1 else f"{step:g} hours",
        "Spatial resolution": f"{traits['sites']} nodes",
        "Realistic": recipe.kind == "real",
    }
    if recipe.kind == "real":
        size["Realistic motivation"] = "measured prices, carbon intensities, weather and job traces"
    if "variables" in traits:
        size |= {
            "Num. constraints": traits["constraints"],
            "Num. variables": traits["variables"],
            "Num. continuous variables": traits["variables"] - traits["binaries"],
            "Num. integer variables": traits["binaries"],
        }
    return {
        "Short description": recipe.description,
        "Modelling framework": "linopy",
        "Model name": "carbonsched",
        "Version": version,
        "Contributor(s)/Source": "The carbonsched contributors",
        "License": recipe.licence,
        "Problem class": "MILP",
        "Application": "Operational",
        "Sectoral focus": "Sector-coupled",
        "Sectors": "Electric, Commercial",
        "Time horizon": f"Single-stage ({traits['hours']:g} h)",
        "MILP features": "Job scheduling, states of batteries and of the grid connection",
        "Sizes": [size],
    }
