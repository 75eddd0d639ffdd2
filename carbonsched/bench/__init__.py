"""A public benchmark: instances by recipe, and entries that are accepted by proof alone."""
