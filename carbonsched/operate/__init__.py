"""One model through time: solved again after a change of numbers, and rolled by forecasts."""
