"""Bisection of the installed real model: clean as it is, each planted fault found."""

import pytest

from pv.forward.bisect import bisect
from pv.forward.engine import production, reference
from pv.forward.located import Place
from pv.forward.null_model import FLOAT, QUANTISED
from pv.forward.planted import FAULTS, Planted
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model

pytestmark = pytest.mark.model

CAPITAL_OF_FRANCE = (504, 3575, 282, 4649, 314)
SUM = (1780, 314, 216, 34, 27, 34, 47)
LAYERS, PLANTED_IN = 4, 2
"""Few layers for the faults; layer 2 is one where a token is far larger than the others."""


@pytest.fixture(scope="module")
def model(real_model):
    with open_model(real_model) as file:
        yield file


@pytest.fixture(scope="module")
def few(model):
    return Trunk(model, LAYERS, keep=True)


def test_the_sound_engine_is_clean_in_every_operation(model):
    trunk = Trunk(model)
    found = bisect(trunk, [CAPITAL_OF_FRANCE, SUM], reference(trunk), production(trunk), QUANTISED)
    assert found.guilty == ()
    products = [each for each in found.injected if each.law == "noise"]
    assert len(products) == 30 * 8 + 1  # seven products and the attention of a layer, the head
    # Nothing is fitted: noise is what the steps and weights of each product say.
    within = [each for each in products if 0.8 <= each.ratio <= 1.2]
    assert len(within) >= 0.95 * len(products)
    assert max(each.resolution for each in found.injected) < 0.05
    assert found.drift is not None
    assert found.drift.median.max() < 0.2


@pytest.mark.parametrize("engine", ["production", "reference"])
@pytest.mark.parametrize("name", [name for name in FAULTS if name != "missing-bias"])
def test_a_planted_fault_is_found(few, name, engine):
    make, formats = {"production": (production, QUANTISED), "reference": (reference, FLOAT)}[engine]
    faulty = Planted(make(few), few, PLANTED_IN, name)
    found = bisect(few, [CAPITAL_OF_FRANCE, SUM], reference(few), faulty, formats)
    assert [each.place for each in found.guilty] == [Place(PLANTED_IN, FAULTS[name].places[0])]
