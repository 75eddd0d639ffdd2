"""Check a certificate: ``python -m carbonsched.check CERTIFICATE INSTANCE``.

Needs NumPy, pandas, xarray and lazy_loader (for a NetCDF file h5py and h5netcdf too), and neither
linopy nor a solver: what is read is computed again in exact arithmetic. Exits with 0 if all that
the certificate states is so and its schedule keeps every limit, with 1 if not, and with 2 if a file
cannot be read, or asks for more than this machine has.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from carbonsched.currency import currency_of
from carbonsched.errors import CarbonschedError, CertificateError
from carbonsched.io.store import load
from carbonsched.proof.certificate import Certificate, title_of
from carbonsched.proof.text import printable


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the certificate named on the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m carbonsched.check", description=__doc__)
    parser.add_argument("certificate", type=Path, help="JSON file that `certify` wrote")
    parser.add_argument("instance", type=Path, help="folder or NetCDF file")
    given = parser.parse_args(arguments)
    try:
        certificate, instance = Certificate.load(given.certificate), load(given.instance)
    except (CarbonschedError, OSError) as error:
        return _failed(str(error), 2)
    except MemoryError:
        return _failed("the files ask for more memory than there is", 2)
    try:
        certificate.check(instance)
    except CertificateError as error:
        return _failed(str(error), 1)
    except MemoryError:
        return _failed("the check asks for more memory than there is", 2)
    proved = replace(certificate, title=title_of(instance))  # its own proves nothing
    try:
        print(proved.report(currency_of(instance.data)), flush=True)
    except BrokenPipeError:  # who has read enough of it does not change the verdict
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0 if certificate.feasible else 1


def _failed(why: str, code: int) -> int:
    """Say why on the standard error, line by line without control characters."""
    said = "\n".join(printable(part) for part in why.split("\n"))
    print(f"error: {said}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
