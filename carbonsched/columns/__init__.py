"""Column generation: fleets of many jobs, priced job by job, rounded, with a certified bound."""
