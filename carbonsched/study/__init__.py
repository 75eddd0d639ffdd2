"""Many instances, one table: random instances, named what-ifs, methods side by side, sweeps."""
