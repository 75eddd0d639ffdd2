"""The benchmark's other ways to build are the same model: each has the optimum of `solve`."""

from __future__ import annotations

from importlib.util import find_spec, module_from_spec, spec_from_file_location

import pytest
from by_hand import ROOT

import carbonsched as cs

spec = spec_from_file_location("builds", ROOT / "benchmarks" / "builds.py")
builds = module_from_spec(spec)
spec.loader.exec_module(builds)

WITHIN_ONE_PROCESS = {
    "highspy": "highspy",
    "highspy by rows": "highspy",
    "arrays alone": "highspy",
    "pyscipopt": "pyscipopt",
}


@pytest.mark.parametrize("peer", WITHIN_ONE_PROCESS)
@pytest.mark.parametrize("seed", range(3))
def test_every_way_to_build_has_the_same_optimum(peer, seed):
    if find_spec(WITHIN_ONE_PROCESS[peer]) is None:
        pytest.skip(f"{WITHIN_ONE_PROCESS[peer]} is not installed")
    instance = cs.generate(2, 12, 4, 2, seed=seed, budget_share=0.9)
    best = cs.solve(instance, gap=1e-7).objective
    assert builds.built(instance, peer).solve(1e-7) == pytest.approx(best, rel=1e-6)


def test_prices_that_need_states_are_refused():
    instance = cs.generate(2, 6, 2, 1, seed=0)
    inverted = instance.replace(export_price=1.2 * instance.data.import_price)
    for peer in ("highspy", "arrays alone"):
        with pytest.raises(ValueError, match="states of grid or battery"):
            builds.built(inverted, peer)
