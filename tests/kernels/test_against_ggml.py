"""Every quantised kernel against ggml itself: bytes and bits, never closeness."""

from __future__ import annotations

import numpy as np
import pytest

from pv.falsifiers.q4k_q8k import ggml_oracle as ggml
from pv.kernels.layout import Q8K, Order
from pv.kernels.q4k_dequantize import case as dequantize_case
from pv.kernels.q4k_dequantize import numba_cpu as dequantize_numba
from pv.kernels.q4k_dequantize import reference as dequantize_reference
from pv.kernels.q4k_q8k_matvec import case as matvec_case
from pv.kernels.q4k_q8k_matvec import numba_cpu as matvec_numba
from pv.kernels.q4k_q8k_matvec import reference as matvec_reference
from pv.kernels.q4k_quantize import case as quantize_case
from pv.kernels.q4k_quantize import numba_cpu as quantize_numba
from pv.kernels.q4k_quantize import reference as quantize_reference
from pv.kernels.q8k_quantize import case as q8k_case
from pv.kernels.q8k_quantize import numba_cpu as q8k_numba
from pv.kernels.q8k_quantize import reference as q8k_reference
from tests.kernels.agreement import same_bits

ROUTES = [("generic", Order.GGML_GENERIC), ("avx2", Order.GGML_AVX2)]


def by_name(cases):
    assert cases
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


def both(reference, numba):
    return pytest.mark.parametrize("kernels", [reference, numba], ids=["numpy", "numba"])


@both(dequantize_reference, dequantize_numba)
@by_name(dequantize_case.cases())
def test_dequantised_weights_have_ggmls_bits(kernels, case):
    (blocks,) = case.arguments
    expected = ggml.dequantize_q4k(blocks.reshape(-1, 144))
    found = kernels.dequantize(blocks)
    assert found.shape == (*blocks.shape[:-1], 256)
    assert same_bits(expected, found.reshape(-1, 256)) == ""


@both(dequantize_reference, dequantize_numba)
@pytest.mark.parametrize("offset", [0, 2], ids=["d", "dmin"])
def test_every_f16_super_scale_is_decoded_as_in_ggml(kernels, offset):
    blocks = np.repeat(dequantize_case.random_blocks("f16", 1), 65536, axis=0)
    blocks[:, offset : offset + 2] = np.arange(65536, dtype="<u2")[:, None].view(np.uint8)
    for part in np.array_split(blocks, 8):
        assert same_bits(ggml.dequantize_q4k(part), kernels.dequantize(part)) == ""


@both(quantize_reference, quantize_numba)
@by_name(quantize_case.cases())
def test_quantised_weights_have_ggmls_bytes(kernels, case):
    (x,) = case.arguments
    expected = ggml.quantize_q4k(x.reshape(-1, 256))
    assert same_bits(expected, kernels.quantize(x).reshape(-1, 144)) == ""


@both(quantize_reference, quantize_numba)
def test_many_random_blocks_have_ggmls_bytes(kernels):
    rng = np.random.default_rng(20261122)
    x = rng.normal(size=(3000, 256)) * np.exp(rng.normal(0, 3, (3000, 1)))
    x = np.where(rng.random(x.shape) < 0.01, x * 50, x).astype(np.float32)
    assert same_bits(ggml.quantize_q4k(x), kernels.quantize(x)) == ""


@both(q8k_reference, q8k_numba)
@by_name(q8k_case.cases())
def test_quantised_activations_have_ggmls_292_bytes(kernels, case):
    (x,) = case.arguments
    found = q8k_reference.to_bytes(kernels.quantize_ggml(x))
    assert found.shape == (*x.shape[:-1], 292)
    assert same_bits(ggml.quantize_q8k(x.reshape(-1, 256)), found.reshape(-1, 292)) == ""


@both(matvec_reference, matvec_numba)
@pytest.mark.parametrize(("route", "order"), ROUTES)
@by_name(matvec_case.cases())
def test_dot_has_ggmls_bits_in_ggmls_order(kernels, route, order, case):
    blocks, activation = case.arguments
    expected = ggml.dot(blocks, q8k_reference.to_bytes(activation), route)
    assert same_bits(expected, kernels.matvec(blocks, activation, order)) == ""


@both(matvec_reference, matvec_numba)
@pytest.mark.parametrize(("route", "order"), ROUTES)
@pytest.mark.parametrize("kind", ["normal", "uniform", "outlier", "positive", "tiny", "huge"])
def test_dot_of_quantised_data_has_ggmls_bits(kernels, route, order, kind):
    rng = np.random.default_rng(7)
    make = {
        "normal": lambda size: rng.normal(size=size),
        "uniform": lambda size: rng.uniform(-1, 1, size),
        "outlier": lambda size: rng.normal(size=size) * np.where(rng.random(size) < 0.01, 100, 1),
        "positive": lambda size: np.abs(rng.normal(size=size)),
        "tiny": lambda size: rng.normal(0, 1e-9, size),
        "huge": lambda size: rng.normal(0, 1e4, size),
    }[kind]
    weights = quantize_reference.quantize(make((32, 8, 256)).astype(np.float32))
    activation = q8k_reference.quantize_ggml(make((8, 256)).astype(np.float32))
    expected = ggml.dot(weights, q8k_reference.to_bytes(activation), route)
    assert same_bits(expected, kernels.matvec(weights, activation, order)) == ""


def test_the_two_routes_of_ggml_differ_here():
    """Control: data on which the order shows, so that the bit tests above can fail."""
    blocks = dequantize_case.random_blocks("routes", 64 * 8).reshape(64, 8, 144)
    packed = q8k_reference.to_bytes(matvec_case.activation("routes", 8))
    assert same_bits(ggml.dot(blocks, packed, "generic"), ggml.dot(blocks, packed, "avx2")) != ""


@pytest.mark.parametrize("order", [Order.GGML_GENERIC, Order.GGML_AVX2])
def test_hard_super_scales_end_as_in_ggml(order):
    """Infinite and NaN weights give NaN in the same rows, the others the same bits."""
    route = {o: r for r, o in ROUTES}[order]
    blocks = dequantize_case.hard_scale_blocks()[:, None]
    activation = Q8K(*(part[:1] for part in matvec_case.activation("hard", 1)))
    expected = ggml.dot(blocks, q8k_reference.to_bytes(activation), route)
    for kernels in (matvec_reference, matvec_numba):
        assert same_bits(expected, kernels.matvec(blocks, activation, order)) == ""
