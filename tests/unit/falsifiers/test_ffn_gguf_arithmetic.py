"""Float operations in the order they promise, and the scalar forms against what is known."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.falsifiers.ffn_gguf import arithmetic
from pv.falsifiers.q4k_q8k import scalar_forms

F32 = np.float32
MODERATE = st.floats(2.0**-20, 2.0**20, width=32) | st.floats(-(2.0**20), -(2.0**-20), width=32)


@given(st.lists(MODERATE, min_size=1, max_size=40))
def test_fold_rounds_after_every_addition_in_index_order(values):
    total = F32(0)
    for value in values:
        total = F32(total + F32(value))
    assert arithmetic.fold(np.array(values, F32)) == total


@given(MODERATE, MODERATE, MODERATE)
def test_fused_is_within_one_rounding_of_the_exact_value(a, b, c):
    got = float(arithmetic.fused(*(np.array([each], F32) for each in (a, b, c)))[0])
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    # Two roundings, the first to 53 bits: half a unit of float32 and a trace of one.
    room = abs(exact) * Fraction(1, 2**24) * Fraction(1_000_001, 1_000_000)
    assert abs(Fraction(got) - exact) <= max(room, Fraction(1, 2**149))


def test_normalise_and_norms_by_hand():
    assert arithmetic.normalise(np.array([3.0, -3.0], F32)).tolist() == [1.0, -1.0]
    assert arithmetic.norm(np.array([3.0, 4.0])) == 5.0
    assert arithmetic.vector_rel_diff(np.array([3.0, 4.0]), np.array([3.0, 4.5])) == 0.1
    assert arithmetic.scalar_rel_diff(np.array([-2.0], F32), np.array([-2.5], F32)).tolist() == [
        0.25
    ]


def test_bit_pattern_of_known_values():
    assert arithmetic.bit_pattern(10.75) == 0x412C0000
    assert arithmetic.bit_pattern(-0.0) == 0x80000000


def test_half_reads_every_finite_f16():
    patterns = np.arange(65536, dtype=np.uint16)
    finite = patterns[np.isfinite(patterns.view(np.float16))]
    expected = finite.view(np.float16).astype(np.float64)
    got = np.array([scalar_forms.half(int(each)) for each in finite])
    assert (got == expected).all()
    assert (np.signbit(got) == np.signbit(expected)).all()


def test_fields_by_hand():
    raw = bytearray(144)
    raw[0:4] = b"\x00\x3c\x00\xb4"
    raw[4], raw[8], raw[12] = 0b10_000001, 0b01_000010, 0b0100_0011
    raw[16], raw[143] = 0x52, 0xA7
    read = scalar_forms.fields(bytes(raw))
    assert (read.d, read.dmin) == (1.0, -0.25)
    assert (read.scales[0], read.scales[4]) == (1, 0b10_0011)
    assert (read.minima[0], read.minima[4]) == (2, 0b01_0100)
    assert (read.nibbles[0], read.nibbles[32], read.nibbles[223], read.nibbles[255]) == (
        2,
        5,
        7,
        10,
    )


def test_the_conventions_part_at_ties_and_signs():
    x = np.zeros(256, F32)
    x[:4] = 127, 2.5, -2.5, 0.5
    ggml, rust = scalar_forms.quantize_ggml(x), scalar_forms.quantize_rust(x)
    assert (ggml.scale, ggml.quants[:4]) == (-1.0, (-127, -2, 2, 0))
    assert (rust.scale, rust.quants[:4]) == (1.0, (127, 3, -3, 1))
    assert scalar_forms.block_sums(rust.quants)[0] == 128


@pytest.mark.parametrize(
    ("largest", "scale", "first"),
    [(1e-10, 1 / 127, 0), (2e-10, None, 127), (0.0, 1 / 127, 0)],
)
def test_the_smallest_pivot_of_the_rust_convention(largest, scale, first):
    x = np.zeros(256, F32)
    x[0] = largest
    got = scalar_forms.quantize_rust(x)
    assert got.quants[0] == first
    if scale is not None:
        assert got.scale == F32(scale)
