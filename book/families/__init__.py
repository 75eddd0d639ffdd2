"""Families that add to the model without an edit of it; the chapter *Extend it* builds them."""
