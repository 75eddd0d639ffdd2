"""The families (1)-(16) of the paper, one module each, in the paper's order.

`carbonsched.core.family` says what a family is asked, and in which order.
"""

from carbonsched.core.families import (
    balance,
    carbon,
    grid,
    inference,
    jobs,
    objective,
    power,
    storage,
)
from carbonsched.core.family import Family

FAMILIES: tuple[Family, ...] = (
    objective.family,  # (1)
    power.family,  # (2)-(3)
    balance.family,  # (4)
    grid.family,  # (5)-(7)
    jobs.family,  # (8)-(10)
    inference.family,  # (11)-(12)
    storage.family,  # (13)-(15)
    carbon.family,  # (16)
)
