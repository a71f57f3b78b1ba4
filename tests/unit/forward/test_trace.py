"""Traces: complete, about their sample, and without any effect on the pass."""

import math

import numpy as np
import pytest

from pv.errors import BadInputError, UsageError
from pv.forward import transformer
from pv.forward.engine import production, reference
from pv.forward.planted import Planted
from pv.forward.trace import Tracer, trace
from pv.forward.trace_statistics import statistics_of
from pv.forward.transformer import AFTER_LAYERS, IN_A_LAYER, Point
from pv.forward.trunk import Trunk
from pv.model.measurement import UnlikeStatisticsError
from pv.tensors.gguf_header import open_model
from tests.unit.forward.random_model import Recipe, write_model

IDS = (3, 1, 41, 59, 26, 53)
GATED = (Point.GATE_PROJ_OUT, Point.UP_PROJ_OUT, Point.SILU_GATE, Point.SWIGLU_INNER)


@pytest.fixture(scope="module", params=["llama", "qwen2"])
def trunk(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.gguf"
    with open_model(write_model(path, Recipe(architecture=request.param))) as model:
        yield Trunk(model, keep=True)


@pytest.mark.parametrize("tokens", ["all", "last"])
def test_every_slot_of_every_layer_is_there_once(trunk, tokens):
    found = trace(trunk, IDS, reference(trunk), tokens=tokens)
    slots = [(each.layer, each.point) for each in found.statistics]
    assert slots == [
        *((layer, point) for layer in range(trunk.layers) for point in IN_A_LAYER),
        *((None, point) for point in AFTER_LAYERS),
    ]
    assert found.absent == ()
    shape = trunk.shape
    widths = dict.fromkeys(GATED, shape.ffn) | {Point.LOGITS: shape.vocabulary}
    for each in found.statistics:
        wide = (widths.get(Point(each.point), shape.width),)
        assert each.shape == ((len(IDS), *wide) if tokens == "all" else wide), each
        assert each.count == math.prod(each.shape)
        assert each.std > 0
        assert not each.nonfinite


@pytest.mark.parametrize("tokens", ["all", "last"])
def test_statistics_are_those_of_the_arrays(trunk, tokens):
    found = trace(trunk, IDS, reference(trunk), tokens=tokens, arrays=True)
    assert list(found.arrays) == [each.slot for each in found.statistics]
    for each in found.statistics:
        array = found.arrays[each.slot].astype(np.float64)
        assert array.shape == each.shape
        assert (each.minimum, each.maximum) == (array.min(), array.max())
        told = (each.mean, each.std, each.rms)
        np.testing.assert_allclose(told, (array.mean(), array.std(), (array**2).mean() ** 0.5))


def test_the_last_token_is_the_last_row_of_all_of_them(trunk):
    whole = trace(trunk, IDS, reference(trunk), arrays=True)
    last = trace(trunk, IDS, reference(trunk), tokens="last", arrays=True)
    for slot, array in whole.arrays.items():
        if slot in AFTER_LAYERS:  # a product with one row may add in another order
            np.testing.assert_allclose(array[-1], last.arrays[slot], rtol=1e-4, atol=1e-4)
        else:
            np.testing.assert_array_equal(array[-1], last.arrays[slot])


@pytest.mark.parametrize("make", [reference, production])
def test_tracing_changes_no_byte(trunk, make):
    """Residual streams of all layers and logits, traced and untraced."""

    def left(observe):
        engine = make(trunk)
        passed = transformer.run(trunk, [IDS], engine, observe)
        logits = transformer.logits(trunk, passed.residual[-1], engine, observe)
        return passed.residual.tobytes(), logits.tobytes()

    tracer = Tracer(trunk.layers, "all", arrays=True, step=None)
    assert left(None) == left(tracer.see)
    assert tracer.statistics


def test_an_observer_that_writes_would_be_seen(trunk):
    """The control of the test above: a tracer that changes what it looks at changes bytes."""

    def spoils(_layer, point, array):
        if point is Point.SWIGLU_INNER:
            array[0, 0] += 1

    sound = transformer.run(trunk, [IDS], reference(trunk)).residual
    assert (sound != transformer.run(trunk, [IDS], reference(trunk), spoils).residual).any()


def traced_without(points, layers=2):
    """Let a tracer look at a pass of layers that lack some points."""
    tracer = Tracer(layers, "all", arrays=True, step=None)
    for layer in range(layers):
        for point in IN_A_LAYER:
            if (layer, point) not in points:
                tracer.see(layer, point, np.ones((3, 4), np.float32))
    return tracer


def test_a_model_without_a_gate_has_no_such_slots_and_no_zeros():
    gateless = [(layer, point) for layer in range(2) for point in GATED]
    tracer = traced_without(gateless)
    absent = tracer.absent()
    assert sorted((each.layer, each.point) for each in absent) == sorted(gateless)
    assert not {each.point for each in tracer.statistics} & set(GATED)
    told = absent[0].to_data()
    assert set(told) == {"layer", "point", "not_applicable"}  # no number at all
    assert not [slot for slot in tracer.arrays if "swiglu" in slot]


def test_a_slot_that_one_layer_lacks_is_a_hole_and_no_property():
    with pytest.raises(BadInputError, match=r"blk\.1\.silu_gate: was not traced"):
        traced_without([(1, Point.SILU_GATE)]).absent()


def test_asking_for_a_slot_that_is_not_there_says_why(trunk):
    found = trace(trunk, IDS, reference(trunk))
    assert found.of(1, "swiglu_inner").layer == 1
    with pytest.raises(BadInputError, match="no such slot"):
        found.of(99, "swiglu_inner")


def test_statistics_over_unlike_tokens_cannot_be_divided(trunk):
    whole = trace(trunk, IDS, reference(trunk)).of(1, "swiglu_inner")
    last = trace(trunk, IDS, reference(trunk), tokens="last").of(1, "swiglu_inner")
    with pytest.raises(UnlikeStatisticsError, match="tokens all against last"):
        whole.statistic("std") / last.statistic("std")
    assert whole.statistic("std") / whole.statistic("std") == 1.0


def test_numbers_that_are_none_are_counted_and_null():
    array = np.array([[1, np.inf], [np.nan, 2]], np.float32)
    found = statistics_of(0, "residual", "all", array)
    assert found.nonfinite == 2
    told = found.to_data()
    assert [told[name] for name in ("mean", "std", "rms", "minimum", "maximum")] == [None] * 5


def test_a_pass_that_overflows_is_told_with_the_first_slot_that_did(trunk):
    faulty = Planted(reference(trunk), trunk, 1, "half-sums")
    with pytest.raises(BadInputError, match="residual stream after layer 1") as told:
        trace(trunk, IDS, faulty)
    assert told.value.advice.startswith("look at blk.1.attention_out first: ")


def test_an_unknown_selection_is_refused(trunk):
    with pytest.raises(UsageError, match="expected one of all, last"):
        trace(trunk, IDS, reference(trunk), tokens="first")


def test_each_layer_is_told_when_it_is_through(trunk):
    told = []
    trace(trunk, IDS, reference(trunk), step=lambda *done: told.append(done))
    assert told == [(1, 2), (2, 2)]
