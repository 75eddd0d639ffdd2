"""Why an instance has no schedule, and the least change that would give it one."""
