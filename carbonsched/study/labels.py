"""What the labels of a sweep's instances say: ``jobs=6,seed=0`` is a size and a seed."""

from __future__ import annotations

import pandas as pd


def read_labels(labels: pd.Series) -> pd.DataFrame:
    """Return what labels like ``name=value,name=value;change`` say, a column a name.

    Parameters
    ----------
    labels : pandas.Series of str
        As instances of `carbonsched.sweep` are called. What stands before the semicolon names an
        instance, what stands behind it what was changed in it.

    Returns
    -------
    pandas.DataFrame
        By the labels' own index: a number a name, not given where a label lacks it; `base`, the
        label without its change; `change`, empty where there is none.

    Raises
    ------
    ValueError
        A value is not a number.

    Examples
    --------
    >>> read_labels(pd.Series(["seed=3;peak_demand", "seed=4"]))
         base       change  seed
    0  seed=3  peak_demand   3.0
    1  seed=4                4.0
    """
    return pd.DataFrame([_read(label) for label in labels], labels.index)


def _read(label: str) -> dict[str, str | float]:
    base, _, change = label.partition(";")
    pairs = [part.split("=", 1) for part in base.split(",") if "=" in part]
    return {"base": base, "change": change} | {name: float(value) for name, value in pairs}
