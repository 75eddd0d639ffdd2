"""A fingerprint of an instance: the same for the same labels and values, however stored."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from carbonsched.core.instance import Instance
from carbonsched.io.stated import stated


def digest(instance: Instance) -> str:
    """Return the SHA-256 of the instance's labels and values, whatever its title or sources.

    What has its default value counts as not given.
    """
    text = hashlib.sha256()
    variables = stated(instance).variables
    for name in sorted(map(str, variables)):
        array = variables[name]
        values = array.values
        if values.dtype.kind == "O":
            values = np.array(json.dumps(values.tolist()))
        text.update(f"{name}{array.dims}{values.dtype}{values.shape}".encode())
        text.update(np.ascontiguousarray(values).tobytes())
    return text.hexdigest()
