"""The whole model handed to a solver, and what comes back read, judged and believed or not."""
