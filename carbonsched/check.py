"""Check a certificate: ``python -m carbonsched.check CERTIFICATE INSTANCE``."""

from carbonsched.proof.check import main

raise SystemExit(main())
