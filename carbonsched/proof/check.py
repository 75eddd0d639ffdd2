"""Check a certificate: ``python -m carbonsched.check CERTIFICATE INSTANCE``.

Needs NumPy, pandas, xarray and lazy_loader (for a NetCDF file h5py and h5netcdf too), and neither
linopy nor a solver: what is read is computed again in exact arithmetic. Exits with 0 if all that
the certificate states is so and its schedule keeps every limit, with 1 if not, and with 2 if a file
cannot be read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from carbonsched.errors import CarbonschedError, CertificateError
from carbonsched.io.store import load
from carbonsched.proof.certificate import Certificate, title_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the certificate named on the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m carbonsched.check", description=__doc__)
    parser.add_argument("certificate", type=Path, help="JSON file that `certify` wrote")
    parser.add_argument("instance", type=Path, help="folder or NetCDF file")
    given = parser.parse_args(arguments)
    try:
        certificate, instance = Certificate.load(given.certificate), load(given.instance)
    except (CarbonschedError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    try:
        certificate.check(instance)
    except CertificateError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(replace(certificate, title=title_of(instance)).report())  # its own proves nothing
    return 0 if certificate.feasible else 1


if __name__ == "__main__":
    sys.exit(main())
