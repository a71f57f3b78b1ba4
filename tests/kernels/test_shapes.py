"""Shapes at the edge: one block without leading axes, none at all, read-only and mapped memory."""

from __future__ import annotations

import numpy as np
import pytest

from pv.kernels.layout import Q8K, Order
from pv.kernels.q4k_dequantize import numba_cpu as dequantize_numba
from pv.kernels.q4k_dequantize import reference as dequantize_reference
from pv.kernels.q4k_dequantize.case import hard_scale_blocks, random_blocks
from pv.kernels.q4k_f32_matvec import numba_cpu as path_a_numba
from pv.kernels.q4k_f32_matvec import reference as path_a
from pv.kernels.q4k_q8k_matvec import numba_cpu as path_b_numba
from pv.kernels.q4k_q8k_matvec import reference as path_b
from pv.kernels.q4k_q8k_matvec.case import activation, tolerance
from pv.kernels.q4k_q8k_matvec.numpy_f32 import matmat, unpacked
from pv.kernels.q4k_quantize import numba_cpu as quantize_numba
from pv.kernels.q4k_quantize import reference as quantize_reference
from pv.kernels.q8k_quantize import numba_cpu as q8k_numba
from pv.kernels.q8k_quantize import reference as q8k
from tests.kernels.agreement import same_bits, within

ROW = np.random.default_rng(3).normal(size=256).astype(np.float32)


@pytest.mark.parametrize("kernels", [quantize_reference, quantize_numba])
def test_one_row_of_weights_is_one_block(kernels):
    assert same_bits(quantize_reference.quantize(ROW[None])[0], kernels.quantize(ROW)) == ""


@pytest.mark.parametrize("kernels", [dequantize_reference, dequantize_numba])
def test_one_block_is_one_row(kernels):
    block = quantize_reference.quantize(ROW)
    assert (
        same_bits(dequantize_reference.dequantize(block[None])[0], kernels.dequantize(block)) == ""
    )


@pytest.mark.parametrize("kernels", [q8k, q8k_numba])
@pytest.mark.parametrize("convention", ["quantize_ggml", "quantize_rust"])
def test_one_row_of_activations_is_one_block(kernels, convention):
    found = getattr(kernels, convention)(ROW)
    assert (found.scale.shape, found.quants.shape, found.bsums.shape) == ((), (256,), (16,))
    expected = q8k.to_bytes(getattr(q8k, convention)(ROW[None]))[0]
    assert same_bits(expected, q8k.to_bytes(found)) == ""


def test_read_only_mapped_weights_are_read_in_place(tmp_path):
    (tmp_path / "blocks").write_bytes(b"x" + random_blocks("mapped", 12).tobytes())
    mapped = np.memmap(tmp_path / "blocks", np.uint8, "r", offset=1).reshape(3, 4, 144)
    copied = np.array(mapped)
    x, q8 = np.tile(ROW, 4), activation("mapped", 4)
    assert same_bits(path_a.matvec(copied, x), path_a_numba.matvec(mapped, x)) == ""
    for order in Order:
        expected = path_b.matvec(copied, q8, order)
        assert same_bits(expected, path_b.matvec(mapped, q8, order)) == ""
        assert same_bits(expected, path_b_numba.matvec(mapped, q8, order)) == ""
    assert (np.asarray(mapped) == copied).all()


def test_inputs_that_are_not_contiguous_or_aligned():
    blocks, q8 = random_blocks("odd", 8).reshape(2, 4, 144), activation("odd", 8)
    buffer = np.zeros(4 * 256 * 4 + 1, np.uint8)
    x = buffer[1:].view(np.float32)
    x[:] = np.tile(ROW, 4)
    assert not x.flags.aligned
    assert same_bits(path_a.matvec(blocks, np.tile(ROW, 4)), path_a_numba.matvec(blocks, x)) == ""
    strided = Q8K(*(part[::2] for part in q8))
    packed = Q8K(*(np.ascontiguousarray(part) for part in strided))
    expected = path_b.matvec(blocks, packed, Order.GGML_AVX2)
    assert same_bits(expected, path_b_numba.matvec(blocks, strided, Order.GGML_AVX2)) == ""


@pytest.mark.parametrize(("rows", "tokens"), [(0, 3), (3, 0), (0, 0), (1, 1), (33, 7)])
def test_batched_products_are_the_single_ones(rows, tokens):
    blocks = random_blocks(f"batch-{rows}", rows * 2).reshape(rows, 2, 144)
    vectors = [activation(f"batch-{token}", 2) for token in range(tokens)]
    scale = np.array([v.scale for v in vectors], np.float32).reshape(tokens, 2)
    quants = np.array([v.quants for v in vectors], np.int8).reshape(tokens, 2, 256)
    found = matmat(blocks, scale, quants)
    assert found.shape == (tokens, rows)
    for token, vector in enumerate(vectors):
        exact = path_b.matvec_f64(blocks, vector)
        magnitude = path_b.absolute_terms(blocks, vector)
        assert within(exact, found[token], tolerance(2), magnitude) == ""


def test_the_largest_integers_stay_exact_when_batched():
    """Every scale, nibble and quant at its extreme: the half-block sum is just under 2**24."""
    blocks = np.full((1, 1, 144), 255, np.uint8)
    blocks[0, 0, :4] = np.array([1, 0], "<f2").view(np.uint8)  # d = 1, dmin = 0: the sum itself
    found = matmat(blocks, np.ones((1, 1), np.float32), np.full((1, 1, 256), -128, np.int8))
    assert found[0, 0] == np.float32(-(63 * 15 * 128 * 256))
    assert 63 * 15 * 128 * 128 < 2**24


@pytest.mark.parametrize(("nibble", "parts"), [(8, 1), (9, 2)])
def test_a_sum_runs_over_a_whole_block_only_where_it_stays_exact(nibble, parts):
    """256 weights of 63 * nibble against -128: below 2**24 for 8, above it for 9."""
    assert (256 * 63 * nibble * 128 < 2**24) == (parts == 1)
    blocks = np.full((1, 1, 144), 255, np.uint8)
    blocks[0, 0, :4] = np.array([1, 0], "<f2").view(np.uint8)
    blocks[0, 0, 16:] = 17 * nibble
    blocks[0, 0, 16] -= 1  # an odd sum, which float32 could not hold above 2**24
    assert unpacked(blocks).weights.shape == (1, 1, parts, 256 // parts)
    quants = np.full((1, 1, 256), -127, np.int8)
    found = matmat(blocks, np.ones((1, 1), np.float32), quants)
    exact = -127 * 63 * (256 * nibble - 1)
    assert found[0, 0] == np.float32(exact)


def test_infinite_and_nan_scales_pass_through_without_a_warning():
    blocks = hard_scale_blocks()[:, None]
    q8 = activation("hard", 1)
    results = [matmat(blocks, q8.scale[None], q8.quants[None])[0]]
    for kernels, vector in ((path_b, q8), (path_a, ROW)):
        results.append(kernels.matvec(blocks, vector))
        results.append(kernels.matvec_f64(blocks, vector))
        results.append(kernels.absolute_terms(blocks, vector))
    for found in results:
        assert np.isfinite(found).tolist() == [True, True, True, False, False, True, False, False]


def test_minus_zero_is_not_the_end_of_a_fold_that_starts_at_zero():
    blocks = np.zeros((1, 1, 144), np.uint8)
    x = np.full(256, -1.0, np.float32)
    for matvec in (path_a.matvec, path_a_numba.matvec):
        assert not np.signbit(matvec(blocks, x)).any()
