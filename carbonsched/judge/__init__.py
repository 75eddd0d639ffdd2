"""The judge: every row of (1)-(16) recomputed from a schedule, without the model that made it."""
