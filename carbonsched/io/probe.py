"""A first look at an HDF5 file that may be anybody's, in a process that may crash or hang.

Used by `carbonsched.io.look`, or run as a script that prints a JSON list of faults. Every value
is read once here, so that what the library cannot bear happens here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import h5py

MOST_OBJECTS = 10_000


def find_faults(path: str, most: int) -> Iterator[str]:
    """Yield what keeps a file from being read: links, storage elsewhere, too many values."""
    with h5py.File(path, "r") as file:
        pending, seen, size = [file], 0, 0
        while pending:
            group = pending.pop()
            for name in group:
                seen += 1
                if seen > MOST_OBJECTS:
                    yield f"more than {MOST_OBJECTS:,} objects"
                    return
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    yield f"{name}: a link, expected the variable itself"
                    continue
                found = group[name]
                if isinstance(found, h5py.Group):
                    yield f"{name}: a group, expected variables only"
                elif isinstance(found, h5py.Dataset):
                    if found.is_virtual or found.external:
                        yield f"{name}: its values are in another file"
                        continue
                    size += found.nbytes
                    if size > most:
                        yield f"{name}: {size:,} bytes of values so far, at most {most:,} are read"
                        return
                    found[()]
                dict(found.attrs)
        dict(file.attrs)


def look(path: str, most: int) -> list[str]:
    """Return the faults of a file."""
    try:
        return list(find_faults(path, most))
    except Exception as error:  # whatever the library finds wrong, the file is what is wrong
        return [f"not a readable NetCDF-4 file ({error})"]


if __name__ == "__main__":
    json.dump(look(sys.argv[1], int(sys.argv[2])), sys.stdout)
