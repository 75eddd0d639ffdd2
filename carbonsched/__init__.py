"""Carbon-aware compute-power scheduling for AI data centers: the paper's MILP, (1)-(16).

The public names are listed in the stub beside this file and imported when first used: reading an
instance or checking a certificate needs neither linopy nor a solver.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
