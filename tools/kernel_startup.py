"""What a kernel runs first where `make notebooks` runs the chapters again.

Imports make objects to keep, among which garbage is looked for less often. And two imports that
take a second each are spared, as nothing here uses them: xarray brings Dask's arrays wherever Dask
is installed, jsonschema a grammar of addresses. What is committed comes from kernels without this.
"""

import gc
import sys

gc.set_threshold(50_000)
for unused in ("dask.array", "rfc3987_syntax"):
    sys.modules[unused] = None  # pyright: ignore[reportArgumentType]
