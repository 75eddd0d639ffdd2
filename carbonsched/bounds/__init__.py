"""What prices pay and prove: upper bounds on the benefit of any schedule, and prices to read."""
