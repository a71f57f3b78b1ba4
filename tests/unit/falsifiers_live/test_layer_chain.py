"""016 and 017 on synthetic models: what is measured, and which limits each run meets."""

import dataclasses

import numpy as np
import pytest

from pv.errors import MissingError, UsageError
from pv.falsifiers.ffn_gguf import layer_chain
from pv.falsifiers.ffn_gguf.activation_faults import FAULTS
from pv.falsifiers.ffn_gguf.two_paths import Paths, Walk
from pv.falsifiers.interface import Run
from pv.forward.paths import engine_of, path_b
from pv.forward.transformer import run as run_layers
from pv.kernels.layout import Q8K
from pv.kernels.q8k_quantize.reference import quantize_ggml
from tests.unit.falsifiers_live.contract_limits import entry, run_of, unmet
from tests.unit.falsifiers_live.synthetic_model import open_synthetic, write_model


@pytest.fixture(scope="module")
def five(tmp_path_factory):
    return open_synthetic(tmp_path_factory.mktemp("five") / "m.gguf", seed=1, layers=5)


@pytest.fixture(scope="module")
def eight(tmp_path_factory):
    return open_synthetic(tmp_path_factory.mktemp("eight") / "m.gguf", seed=1, layers=8)


def values(measured):
    return {each.name: each.value for each in measured.metrics}


def test_drift_is_the_relative_distance_of_the_two_streams(five):
    batch, a = five.reference
    engine = engine_of(five.trunk, path_b(five.trunk))
    b = run_layers(five.trunk, five.sentences, engine).residual
    kept = batch.position > 0
    gap = np.linalg.norm((b - a).astype(float), axis=-1) / np.linalg.norm(a.astype(float), axis=-1)
    np.testing.assert_allclose(five.sound().drift, gap[:, kept], rtol=1e-6)


def test_position_0_of_every_sentence_is_left_out(five):
    sentences, length = len(five.sentences), len(five.sentences[0])
    assert five.sound().drift.shape == (5, sentences * (length - 1))
    assert np.bincount(five.sentence).tolist() == [length - 1] * sentences


def test_the_first_layer_starts_from_equal_tokens_on_both_sides(five):
    """Before any error is carried, the drift at layer 0 is what its ffn_down injects."""
    stream = np.linalg.norm(five.reference.residual[0, five.kept].astype(float), axis=-1)
    trace = five.sound()
    np.testing.assert_allclose(trace.drift[0], trace.injected[0] / stream, rtol=1e-3)


MEASURES = {"016": layer_chain.growth_of, "017": layer_chain.law_of}


@pytest.fixture(params=["016", "017"])
def case(request):
    """A falsifier's number with paths over a synthetic model of its own depth."""
    return request.param, request.getfixturevalue({"016": "five", "017": "eight"}[request.param])


def test_the_sound_run_meets_all_limits(case):
    number, paths = case
    assert unmet(entry(number), MEASURES[number](paths, run_of(number))) == set()


def test_a_fault_in_one_layer_is_not_hidden_by_the_others(five):
    """A scale off by 10 % in layer 2 alone shows there and nowhere else."""
    layers = []

    def quantize(x) -> Q8K:
        layers.append(len(layers))
        sound = quantize_ggml(x)
        return sound._replace(scale=sound.scale * np.float32(1.1 if layers[-1] == 2 else 1.0))

    trace = five.trace_of(path_b(five.trunk, quantize))
    ratio = np.median(trace.injected / trace.predicted, axis=1)
    assert np.flatnonzero(ratio > 1.2).tolist() == [2]


@pytest.mark.parametrize("seed", range(20))
def test_no_false_alarm_over_seeds(seed, tmp_path):
    paths = open_synthetic(tmp_path / "m.gguf", seed=100 + seed, layers=5)
    sound = layer_chain.growth_of(paths, run_of("016", seed=seed))
    assert unmet(entry("016"), sound) == set()
    walk = layer_chain.growth_of(paths, run_of("016", seed=seed, fault="independent_random_walk"))
    assert unmet(entry("016"), walk) == set()
    assert values(walk)["growth"] == pytest.approx(np.sqrt(5 * 1.25 / 2.25), rel=0.05)


def test_a_network_that_amplifies_is_refuted_by_its_growth_alone(tmp_path):
    paths = open_synthetic(tmp_path / "m.gguf", seed=1, layers=5, loud=True)
    sound = layer_chain.growth_of(paths, run_of("016"))
    assert unmet(entry("016"), sound) == {"growth_upper"}
    assert values(sound)["growth_if_independent"] < values(sound)["growth_lower"]


def test_measurements_repeat_bit_for_bit(five):
    first, second = (layer_chain.growth_of(five, run_of("016")) for _ in range(2))
    assert dataclasses.asdict(first) == dataclasses.asdict(second)


def test_a_fault_leaves_the_reference_and_the_sound_trace_alone(five):
    before = five.reference.residual.copy(), five.sound().drift.copy()
    layer_chain.growth_of(five, run_of("016", fault="swapped_sub_blocks"))
    assert (five.reference.residual == before[0]).all()
    assert (five.sound().drift == before[1]).all()


def test_traces_made_ahead_have_the_bits_of_those_made_one_by_one(five):
    walk = Walk(0.5, 16)
    ahead = Paths(five.trunk, five.sentences, (None, *FAULTS), walk)
    for fault in (None, *FAULTS):
        for one, other in zip(
            dataclasses.astuple(ahead.under(fault)),
            dataclasses.astuple(five.under(fault)),
            strict=True,
        ):
            np.testing.assert_equal(one, other)
    np.testing.assert_array_equal(ahead.walk(*walk).injected, five.walk(*walk).injected)


def test_what_fails_ahead_fails_where_it_is_asked_for(five):
    ahead = Paths(five.trunk, five.sentences, (None, "nonsense"))
    assert ahead.sound().drift.shape == five.sound().drift.shape
    with pytest.raises(KeyError, match="nonsense"):
        ahead.under("nonsense")


def test_an_unknown_fault_is_refused(five):
    with pytest.raises(UsageError, match="control 'nonsense' is unknown"):
        layer_chain.growth_of(five, run_of("016", fault="nonsense"))


def test_without_a_model_nothing_is_measured():
    for harness, number in ((layer_chain.forward_drift, "016"), (layer_chain.depth_law, "017")):
        with pytest.raises(MissingError, match="no model"):
            harness(run_of(number))


def test_a_model_with_another_vocabulary_is_refused(tmp_path):
    from pv.errors import BadInputError

    path = write_model(tmp_path / "m.gguf", seed=1, layers=5)
    with pytest.raises(BadInputError, match="vocabulary"):
        layer_chain.forward_drift(Run(entry("016").parameters, model=path))
