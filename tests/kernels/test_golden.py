"""Published bits: position-made inputs whose results are known to the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from pv.kernels.layout import Order
from pv.kernels.q4k_dequantize.reference import dequantize
from pv.kernels.q4k_f32_matvec.numba_cpu import matvec as path_a_numba
from pv.kernels.q4k_f32_matvec.reference import matvec as path_a
from pv.kernels.q4k_q8k_matvec.numba_cpu import matvec as path_b_numba
from pv.kernels.q4k_q8k_matvec.reference import integer_sums
from pv.kernels.q4k_q8k_matvec.reference import matvec as path_b
from pv.kernels.q8k_quantize.reference import quantize_ggml, quantize_rust

F = np.float32


def activation(token=0):
    i = np.arange(256)
    return ((i - 128).astype(F) * F(0.05) + ((i % 7) + token).astype(F) * F(0.01)).astype(F)


def block(row=0, matrix=0, d=0x3C00, dmin=0xB400):
    made = np.zeros(144, np.uint8)
    made[:4] = np.array([d, dmin], "<u2").view(np.uint8)
    made[4:16] = (7 * np.arange(12) + 3 + row + 11 * matrix) % 256
    made[16:] = (13 * np.arange(128) + 17 + 3 * row + 19 * matrix) % 256
    return made


def bits(value):
    return int(np.asarray(value, F).view(np.uint32))


def test_first_and_last_weight_of_the_made_block():
    weights = dequantize(block())
    assert (bits(weights[0]), bits(weights[255])) == (0x412C0000, 0x3FA00000)


@pytest.mark.parametrize("matvec", [path_a, path_a_numba], ids=["numpy", "numba"])
def test_dequantise_then_multiply(matvec):
    assert bits(matvec(block()[None, None], activation())[0]) == 0xC69384E3


@pytest.mark.parametrize("matvec", [path_b, path_b_numba], ids=["numpy", "numba"])
@pytest.mark.parametrize("order", [Order.SEQUENTIAL, Order.AVX2_RUST])
def test_quantised_activation_times_block(matvec, order):
    found = matvec(block()[None, None], quantize_rust(activation()[None]), order)
    assert bits(found[0]) == 0xC693A21E


@pytest.mark.parametrize(
    ("d", "avx2", "sequential"),
    [
        (0x1410, 0.091873, 0.091885),
        (0x211F, 0.091873, 0.091873),
        (0x2933, 0.091924, 0.091943),
        (0x2E66, 0.092017, 0.092001),
        (0x3800, 0.091932, 0.091913),
        (0x3C00, 0.091932, 0.091913),
        (0x4900, 0.091966, 0.091956),
    ],
)
def test_block_scales_leave_the_relative_difference_alone(d, avx2, sequential):
    row = block(d=d, dmin=0)[None, None]
    a = path_a(row, activation())[0]
    q8 = quantize_rust(activation()[None])
    for order, percent in ((Order.AVX2_RUST, avx2), (Order.SEQUENTIAL, sequential)):
        b = path_b(row, q8, order)[0]
        assert 100 * float(abs(a - b) / abs(a)) == pytest.approx(percent, abs=1e-6)


def test_orders_of_a_made_dot_product():
    """The fold in index order and eight fused lanes agree on this input, and only here."""
    i = np.arange(128)
    a = ((i - 64).astype(F) * F(0.1) + (i % 7).astype(F) * F(0.013)).astype(F)
    b = ((F(0.7) * i.astype(F) - F(50)) * F(0.05) + (i % 11).astype(F) * F(0.011)).astype(F)
    assert bits(np.add.accumulate(a * b, dtype=F)[-1]) == 0x44191E70


def test_a_flipped_bit_of_the_input_moves_the_result():
    for byte in (0, 4, 16, 143):
        flipped = block()
        flipped[byte] ^= 1
        assert bits(path_a(flipped[None, None], activation())[0]) != 0xC69384E3


def test_the_two_conventions_of_q8k_differ():
    x = activation()[None]
    ours, rust = quantize_ggml(x), quantize_rust(x)
    assert (
        ours.scale[0] > 0 > -rust.scale[0]
    )  # the pivot is negative here: ggml's scale is positive
    assert quantize_ggml(-x).scale[0] < 0 < quantize_rust(-x).scale[0]
    assert (ours.quants == -127).any()


def test_integer_sums_by_hand():
    sums = integer_sums(block()[None, None], quantize_rust(activation()[None]))
    assert (sums.products.dtype, sums.quants.dtype) == (np.int32, np.int32)
    assert (sums.products.shape, sums.quants.shape) == ((1, 1, 8), (1, 8))
    quants = quantize_rust(activation()[None]).quants[0].astype(int)
    for j in range(8):
        stored = block()[16 + 32 * (j // 2) : 48 + 32 * (j // 2)].astype(int)
        nibbles = stored // 16 if j % 2 else stored % 16
        part = quants[32 * j : 32 * j + 32]
        assert sums.products[0, 0, j] == sum(
            int(n) * int(q) for n, q in zip(nibbles, part, strict=True)
        )
        assert sums.quants[0, j] == part.sum()
