"""016 and 017 on synthetic models: what is measured, and which limits each run meets."""

import dataclasses

import numpy as np
import pytest

from pv.errors import BadInputError, MissingError, UsageError
from pv.falsifiers.ffn_gguf import layer_chain
from pv.falsifiers.ffn_gguf.activation_faults import FAULTS
from pv.falsifiers.ffn_gguf.two_paths import Paths, Walk, cut, quantizer_under
from pv.falsifiers.interface import Run
from pv.forward.paths import engine_of, path_a, path_b
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


def residual(paths, product):
    """Return the residual stream of one pass by itself, position 0 left out."""
    batch, stream = run_layers(paths.trunk, paths.sentences, engine_of(paths.trunk, product))
    return stream[:, batch.position > 0]


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_drift_is_the_relative_distance_of_two_passes_run_by_themselves(five, fault):
    """In float32 sums of another order: what lies between is far below what a fault does."""
    a = residual(five, path_a(five.trunk))
    b = residual(five, path_b(five.trunk, quantizer_under(fault)))
    gap = np.linalg.norm((b - a).astype(float), axis=-1) / np.linalg.norm(a.astype(float), axis=-1)
    np.testing.assert_allclose(five.under(fault).drift, gap, rtol=1e-3)


def test_path_a_leaves_what_it_leaves_by_itself(five):
    alone = np.linalg.norm(residual(five, path_a(five.trunk)).astype(float), axis=-1)
    np.testing.assert_allclose(five.reference.stream, alone, rtol=1e-5)


def test_position_0_of_every_sentence_is_left_out(five):
    sentences, length = len(five.sentences), len(five.sentences[0])
    assert five.sound().drift.shape == (5, sentences * (length - 1))
    assert np.bincount(five.sound().sentence).tolist() == [length - 1] * sentences


def test_the_first_layer_starts_from_equal_tokens_on_both_sides(five):
    """Before any error is carried, the drift at layer 0 is what its ffn_down injects."""
    trace = five.sound()
    expected = trace.injected[0] / five.reference.stream[0]
    np.testing.assert_allclose(trace.drift[0], expected, rtol=1e-3)


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

    paths = Paths(five.trunk, five.sentences, (None,), quantizer=lambda _: quantize, shares=1)
    trace = paths.sound()
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


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_passes_in_lockstep_do_not_see_each_other(five, fault):
    """Run without the others, a pass leaves the same but for the order of float32 sums."""
    alone = Paths(five.trunk, five.sentences, (fault,), shares=1)
    together = five.under(fault)
    for one, other in zip(alone.under(fault)[2:], together[2:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3)
    assert (alone.under(fault).sentence == together.sentence).all()


def test_the_bits_of_all_traces_repeat(five):
    again = Paths(five.trunk, five.sentences, walk=Walk(0.5, 16))
    for fault in (None, *FAULTS):
        for one, other in zip(again.under(fault)[2:], five.under(fault)[2:], strict=True):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(again.walk(0.5, 16).injected, five.walk(0.5, 16).injected)
    np.testing.assert_array_equal(again.reference.absolute, five.reference.absolute)


def test_the_extreme_of_a_layer_is_the_token_with_the_largest_error_for_its_noise(five):
    trace = five.sound()
    relative = trace.injected / trace.predicted
    assert [each.relative for each in trace.extreme] == relative.max(axis=1).tolist()
    for layer, worst in enumerate(trace.extreme):
        exact = five.trunk.ffn_down(layer).astype(float) @ worst.inner
        injected = trace.injected[layer, relative[layer].argmax()]
        assert np.linalg.norm(worst.found - exact) == pytest.approx(injected, rel=1e-3)


def test_what_fails_under_one_fault_fails_where_that_one_is_asked_for(five):
    def overflowing(x) -> Q8K:
        return quantize_ggml(x)._replace(scale=np.full(x.shape[:-1], np.inf, np.float32))

    def quantizer(fault):
        return overflowing if fault else quantize_ggml

    paths = Paths(five.trunk, five.sentences, (None, "overflow"), quantizer=quantizer)
    np.testing.assert_allclose(paths.sound().drift, five.sound().drift, rtol=1e-3)
    with pytest.raises(BadInputError, match="residual streams after layer 0: "):
        paths.under("overflow")


@pytest.mark.parametrize(
    ("lengths", "shares", "firsts"),
    [
        ([3, 3, 3, 3], 2, [0, 2]),
        ([9, 1, 1, 1], 2, [0, 1]),
        ([1, 1, 1, 9], 2, [0, 3]),
        ([5], 2, [0]),
        ([2, 2, 2, 2, 2, 2], 3, [0, 2, 4]),
    ],
)
def test_shares_are_consecutive_and_have_about_as_many_tokens_each(lengths, shares, firsts):
    sentences = [[1] * length for length in lengths]
    found = cut(sentences, shares)
    assert [first for first, _ in found] == firsts
    assert [each for _, share in found for each in share] == sentences


def test_an_unknown_fault_is_refused(five):
    with pytest.raises(UsageError, match="control 'nonsense' is unknown"):
        layer_chain.growth_of(five, run_of("016", fault="nonsense"))


def test_without_a_model_nothing_is_measured():
    for harness, number in ((layer_chain.forward_drift, "016"), (layer_chain.depth_law, "017")):
        with pytest.raises(MissingError, match="no model"):
            harness(run_of(number))


def test_a_model_with_another_vocabulary_is_refused(tmp_path):
    path = write_model(tmp_path / "m.gguf", seed=1, layers=5)
    with pytest.raises(BadInputError, match="vocabulary"):
        layer_chain.forward_drift(Run(entry("016").parameters, model=path))
