"""The families (1)-(16) of the paper, one module each, in the paper's order.

`carbonsched.core.family` says what a family is asked, and in which order. Where each equation is
stated, judged (`carbonsched.judge.verify`), checked exactly (`carbonsched.proof.exact_schedule`;
"by construction" is its `follow`) and priced in the bound (`carbonsched.bounds.lagrangian`):

====  =================================  ======================  ===============  ============
      stated: family:row, or where       judged                  exact schedule   bound
====  =================================  ======================  ===============  ============
(1)   objective.constrain                _benefit_and_emissions  objective        dual_bound
(2)   power:it, power:capacity           _power                  _excesses        it_price
(3)   power:facility, or substituted     _power                  by construction  it_price
(4)   balance:power, bound of generate   _power                  by construction  flow_parts
(5)   grid:import, or a bound            _grid                   _excesses        flow_parts
(6)   grid:export, or a bound            _grid                   _excesses        flow_parts
(7)   grid:state, or solver.decisions    _grid                   by construction  flow_parts
(8)   jobs:start_once, jobs:one_site     _jobs                   _of_jobs         jobs_best
(9)   jobs:logic, or by construction     _jobs                   by construction  by_duration
(10)  jobs:continuity, jobs:run_length   _jobs                   by construction  by_duration
(11)  inference:demand                   _inference              _excesses        served_best
(12)  inference:latency, or undeclared   _inference              _excesses        served_best
(13)  storage:state, storage:final       _storage                _excesses        energy_parts
(14)  bounds of soc                      _storage                _excesses        energy_parts
(15)  storage:charge, storage:discharge  _storage                _excesses        flow_parts
(16)  carbon:budget                      _benefit_and_emissions  _excesses        energy_parts
====  =================================  ======================  ===============  ============
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
