"""One decision, many futures: scenarios of an instance, and what to commit before one is true."""
