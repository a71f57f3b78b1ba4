"""Decoders and quantisers have ggml's bits: a few blocks in the suite, a million in the soak."""

from __future__ import annotations

import numpy as np
import pytest

from pv.falsifiers.q4k_q8k import ggml_oracle as ggml
from pv.kernels.layout import Q8K, Order
from pv.kernels.q4k_dequantize.case import random_blocks as q4k_blocks
from pv.kernels.q4k_q8k_matvec import case as q4k_case
from pv.kernels.q4k_q8k_matvec import numba_cpu as q4k_numba
from pv.kernels.q4k_q8k_matvec import reference as q4k_numpy
from pv.kernels.q8k_quantize.reference import quantize_ggml, to_bytes
from tests.kernels.agreement import same_bits
from tests.kernels.block_formats import DECODERS, PRODUCTS, ROUTES, name_of
from tests.soak.block_bits import OPERATIONS, compare, every_six_bits, mismatches

operations = pytest.mark.parametrize("name", OPERATIONS)


@operations
def test_some_blocks(name):
    found = compare(name, 4096, seed=20, special=False)
    assert found == {**dict.fromkeys(found, 0), "blocks": 4096}


@pytest.mark.soak
@pytest.mark.timeout(3600)
@operations
def test_a_million_blocks_and_every_field(name):
    found = compare(name, 2**20, seed=1)
    assert found["blocks"] > 2**20
    assert found == {**dict.fromkeys(found, 0), "blocks": found["blocks"]}


def test_a_mismatch_is_counted():
    """Control: one bit in one block, and a NaN in another place."""
    right = np.ones((4, 8), np.float32)
    wrong = right.copy()
    wrong[1, 3] = np.nextafter(np.float32(1), np.float32(2))
    wrong[2, 0] = np.nan
    assert mismatches(right, wrong) == 2
    assert mismatches(wrong, wrong) == 0
    assert mismatches(np.zeros((2, 3), np.uint8), np.eye(2, 3, dtype=np.uint8)) == 2


def test_the_special_blocks_hold_every_pair_of_six_bit_fields():
    *_, first = (part for part in every_six_bits() if len(part) == 4096)
    from pv.falsifiers.q4k_q8k.scalar_forms import fields

    read = [fields(block.tobytes()) for block in first]
    for j in range(8):
        assert len({(each.scales[j], each.minima[j]) for each in read}) == 4096


def q4k_rows(rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(max(1, rows // 512)):
        nb = int(rng.integers(1, 12))
        blocks = q4k_blocks(str(rng.integers(2**31)), 512 * nb).reshape(512, nb, 144)
        x = rng.normal(size=(nb, 256)) * np.where(rng.random((nb, 256)) < 0.01, 100, 1)
        drawn = q4k_case.activation(str(rng.integers(2**31)), nb)
        for activation in (quantize_ggml(x.astype(np.float32)), drawn):
            both_routes(blocks, activation)


def both_routes(blocks: np.ndarray, activation: Q8K) -> None:
    for route, order in (("generic", Order.GGML_GENERIC), ("avx2", Order.GGML_AVX2)):
        expected = ggml.dot(blocks, to_bytes(activation), route)
        assert same_bits(expected, q4k_numpy.matvec(blocks, activation, order)) == ""
        assert same_bits(expected, q4k_numba.matvec(blocks, activation, order)) == ""


def product_rows(operation, rows: int, seed: int) -> None:
    decoder = next(each for each in DECODERS if operation.kinds.startswith(each.kind))
    rng = np.random.default_rng(seed)
    for _ in range(max(1, rows // 512)):
        nb = int(rng.integers(1, 40))
        blocks = decoder.case.random_blocks(str(rng.integers(2**31)), 512 * nb)
        blocks = blocks.reshape(512, nb, operation.size)
        activation = operation.case.activation(str(rng.integers(2**31)), nb)
        for name, order in ROUTES.items():
            expected = ggml.dot(blocks, operation.stored(activation), name, operation.kinds)
            for route in operation.routes.values():
                assert same_bits(expected, route(blocks, activation, order)) == ""


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_hundred_thousand_rows_of_q4k():
    q4k_rows(100_000, seed=2)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("operation", PRODUCTS, ids=name_of)
def test_a_hundred_thousand_rows(operation):
    product_rows(operation, 100_000, seed=3)


def test_some_rows():
    q4k_rows(512, seed=20)
    for operation in PRODUCTS:
        product_rows(operation, 512, seed=21)
