"""Hours as lengths of time, against whole minutes."""

import pandas as pd

from carbonsched.period import length_of


def test_every_whole_number_of_minutes_of_a_day_is_exact():
    for minutes in range(1, 1441):
        assert length_of(minutes / 60) == pd.Timedelta(minutes=minutes)
