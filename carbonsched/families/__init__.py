"""The families (1)-(16) of the paper, one module each, in the paper's order.

A family has up to two functions, each given the model, the instance's dataset and the
formulation. `declare` adds its variables and adds its terms to the shared expressions;
`constrain` states its rows, when every family's terms are in. Families touch nothing else of
each other than the shared expressions. A family whose module says `OVER` one of the index sets is
left out where that set is empty.

For solving again after a change, `worth` gives what a unit of each variable earns and `emitted`
what it emits, and `update` moves bounds, right-hand sides and coefficients to new numbers of the
parameters in `MOVES`.

============  ==================  ==========  ===============================================
expression    dims                unit        terms from
============  ==================  ==========  ===============================================
`it_load`     site, time          MW          jobs, inference; equals `it_power` by (2)
`net_supply`  site, time          MW          balance, grid, storage; equals demand by (4)
`emissions`   site, time          tCO2e       balance, grid; bounded by (16)
`benefit`     -                   USD         all but power and carbon; maximised by (1)
============  ==================  ==========  ===============================================
"""

from types import ModuleType

from carbonsched.families import (
    balance,
    carbon,
    grid,
    inference,
    jobs,
    objective,
    power,
    storage,
)

FAMILIES: tuple[ModuleType, ...] = (
    objective,  # (1)
    power,  # (2)-(3)
    balance,  # (4)
    grid,  # (5)-(7)
    jobs,  # (8)-(10)
    inference,  # (11)-(12)
    storage,  # (13)-(15)
    carbon,  # (16)
)
