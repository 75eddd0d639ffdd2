"""Check a certificate: ``python -m carbonsched.check CERTIFICATE INSTANCE``."""

from carbonsched.proof.check import main

if __name__ == "__main__":
    raise SystemExit(main())
