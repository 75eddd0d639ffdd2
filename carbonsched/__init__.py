"""Carbon-aware compute-power scheduling for AI data centers: the paper's MILP, (1)-(16).

The public names are listed in the stub beside this file and imported when first used: reading an
instance or checking a certificate needs neither linopy nor a solver.
"""

import sys
from types import ModuleType

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


class _Package(ModuleType):
    """A package whose functions are not hidden by the modules of the same name.

    Importing `carbonsched.solve` would set `solve` to the module, which nobody means by it.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
