"""(4) The power balance and on-site generation."""

import pytest


def test_cheap_generation_displaces_import(make, solved):
    """Proves: generation enters (4) at its own cost. Sensitivity: imported alone it costs 100."""
    schedule = solved(make(1, 1, 1, generation_available=6, generation_cost=2))
    assert schedule.objective == pytest.approx(1000 - 6 * 2 - 4 * 10)


def test_generation_is_curtailed_when_nobody_needs_it(make, solved):
    """Proves: availability is a bound. Sensitivity: a must-run profile would be infeasible."""
    schedule = solved(make(1, 1, 1, generation_available=50))
    assert schedule.data.generate.item() == pytest.approx(10)


def test_import_limit_declines_what_it_cannot_feed(make, solved):
    """Proves: the balance holds per site, so power cannot hop between sites.

    Sensitivity: pooled over sites, 16 MW would feed the job.
    """
    schedule = solved(make(2, 1, 1, import_limit=8))
    assert schedule.objective == pytest.approx(0)
