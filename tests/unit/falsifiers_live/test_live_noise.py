"""The a-priori noise of rounding: each step of its derivation against direct computation."""

import numpy as np
import pytest

from pv.errors import BadInputError
from pv.falsifiers.ffn_gguf import noise
from pv.falsifiers.ffn_gguf.activation_faults import FAULTS, faulty
from pv.kernels.layout import Q8K
from pv.kernels.q8k_quantize.reference import quantize_ggml, quantize_rust

ROWS, COLUMNS, TOKENS = 48, 512, 40


@pytest.fixture
def weights():
    return np.random.default_rng(1).standard_normal((ROWS, COLUMNS)).astype(np.float32)


@pytest.fixture
def activations():
    return np.random.default_rng(2).standard_normal((TOKENS, COLUMNS)).astype(np.float32)


def diagonal(step):
    return np.repeat(step, 256, axis=1)


def test_prediction_is_the_sum_over_all_elements(weights, activations):
    step = noise.steps(activations)
    direct = np.sqrt((diagonal(step) ** 2 / 12) @ (weights.astype(float) ** 2).sum(axis=0))
    np.testing.assert_allclose(
        noise.predicted(noise.weight_energy(weights), step), direct, rtol=1e-6
    )


def test_effective_rank_is_that_of_the_weighted_gram_matrix(weights, activations):
    step = noise.steps(activations)
    wide = weights.astype(float)
    direct = []
    for each in diagonal(step):
        m = each[:, None] * (wide.T @ wide) * each
        direct.append(np.trace(m) ** 2 / np.trace(m @ m))
    found = noise.effective_rank(noise.weight_energy(weights), step)
    np.testing.assert_allclose(found, direct, rtol=1e-5)


def test_steps_are_the_quantisers_scales(activations):
    for quantize in (quantize_ggml, quantize_rust):
        scale = np.abs(quantize(activations.reshape(TOKENS, -1, 256)).scale)
        np.testing.assert_allclose(noise.steps(activations), scale, rtol=3e-7)


def test_uniform_errors_have_the_mean_and_at_most_the_variance_derived(weights, activations):
    step = noise.steps(activations[:1])
    energy = noise.weight_energy(weights)
    unit = np.random.default_rng(3).uniform(-0.5, 0.5, size=(20000, COLUMNS))
    squared = ((unit * diagonal(step)) @ weights.T).astype(float) ** 2
    ratio = squared.sum(axis=1) / noise.predicted(energy, step)[0] ** 2
    variance = 2 / noise.effective_rank(energy, step)[0]
    assert abs(ratio.mean() - 1) < 5 * np.sqrt(variance / len(ratio))
    assert 0.9 * variance < ratio.var() < 1.02 * variance
    assert np.quantile(np.sqrt(ratio), 0.99) < noise.upper_bound(variance**-1 * 2, 0.01)


@pytest.mark.parametrize(("rank", "bound"), [(22.0, 2.0), (198.0, np.sqrt(2.0)), (1e12, 1.0)])
def test_the_bound_of_the_99th_percentile(rank, bound):
    assert noise.upper_bound(np.array([rank]), 0.01)[0] == pytest.approx(bound, abs=1e-4)


def test_a_median_lies_in_the_band_from_the_derived_rank_on():
    low, high = (np.sqrt(1 + sign * np.sqrt(2 / 15.5)) for sign in (-1, 1))
    assert low >= 0.8
    assert high <= 1.2


def measured(weights, activations, quantize):
    blocks = quantize(activations.reshape(TOKENS, -1, 256))
    found = (blocks.quants * blocks.scale[..., None]).reshape(TOKENS, -1)
    injected = np.linalg.norm((found - activations) @ weights.T, axis=1)
    return np.median(
        injected / noise.predicted(noise.weight_energy(weights), noise.steps(activations))
    )


@pytest.mark.parametrize("quantize", [quantize_ggml, quantize_rust])
def test_sound_rounding_has_ratio_one(weights, activations, quantize):
    assert measured(weights, activations, quantize) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    ("fault", "ratio"),
    [
        ("floor_for_round", 2.0),
        ("four_bit_activations", 127 / 7),
        ("scale_times_1_10", 14.5),
        ("swapped_sub_blocks", 205.0),
    ],
)
def test_each_fault_has_the_ratio_derived_for_it(weights, activations, fault, ratio):
    found = measured(weights, activations, faulty(quantize_ggml, fault))
    assert found == pytest.approx(ratio, rel=0.1)


def test_every_fault_is_in_the_table_above():
    marks = test_each_fault_has_the_ratio_derived_for_it.pytestmark[0]
    assert {each[0] for each in marks.args[1]} == set(FAULTS)


@pytest.mark.parametrize(
    ("factor", "found"), [(1.10, True), (1.05, True), (1.02, True), (0.98, True), (1.001, False)]
)
def test_the_smallest_scale_fault_that_shows(weights, activations, factor, found):
    def scaled(x) -> Q8K:
        sound = quantize_ggml(x)
        return sound._replace(scale=sound.scale * np.float32(factor))

    signal = np.linalg.norm(activations @ weights.T, axis=1)
    step = noise.steps(activations)
    rho = np.median(noise.predicted(noise.weight_energy(weights), step) / signal)
    ratio = measured(weights, activations, scaled)
    assert ratio == pytest.approx(np.sqrt(1 + ((factor - 1) / rho) ** 2), rel=0.06)
    assert bool(ratio > 1.2) is found


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_faulty_quantiser_leaves_a_block_of_zeros_alone(fault):
    found = faulty(quantize_ggml, fault)(np.zeros((1, 256), np.float32))
    assert not found.quants.any()
    assert not found.bsums.any()


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_block_sums_belong_to_the_quants(activations, fault):
    found = faulty(quantize_rust, fault)(activations.reshape(TOKENS, -1, 256))
    sums = found.quants.astype(int).reshape(*found.bsums.shape, 16).sum(axis=-1)
    assert (sums == found.bsums).all()


@pytest.mark.parametrize("columns", [0, 100, 300])
def test_columns_that_are_not_whole_blocks_are_refused(columns):
    with pytest.raises(BadInputError, match=f"{columns} columns"):
        noise.weight_energy(np.ones((4, columns), np.float32))
