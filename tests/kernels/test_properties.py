"""What must hold for every input, over inputs that Hypothesis makes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pv.kernels.cases import Tolerance
from pv.kernels.fused import multiply_add
from pv.kernels.layout import Order, Pairing
from pv.kernels.q4k_dequantize import numba_cpu as dequantize_numba
from pv.kernels.q4k_dequantize.reference import dequantize
from pv.kernels.q4k_f32_matvec import numba_cpu as path_a_numba
from pv.kernels.q4k_f32_matvec import reference as path_a
from pv.kernels.q4k_q8k_matvec import case as matvec_case
from pv.kernels.q4k_q8k_matvec import numba_cpu as path_b_numba
from pv.kernels.q4k_q8k_matvec import reference as path_b
from pv.kernels.q4k_quantize import numba_cpu as quantize_numba
from pv.kernels.q4k_quantize.reference import quantize
from pv.kernels.q8k_quantize import numba_cpu as q8k_numba
from pv.kernels.q8k_quantize import reference as q8k
from pv.kernels.rms_norm.reference import rms_norm
from pv.kernels.rope.reference import rope
from pv.kernels.softmax.reference import softmax
from tests.kernels.agreement import same_bits, within

QUICK = settings(max_examples=60, deadline=None, derandomize=True)
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
blocks = hnp.arrays(np.uint8, (2, 2, 144))
values = hnp.arrays(np.float32, (3, 256), elements=finite)
moderate = hnp.arrays(np.float32, (3, 256), elements=st.floats(-1e6, 1e6, width=32))


@QUICK
@given(blocks)
def test_any_bytes_dequantise_alike(raw):
    assert same_bits(dequantize(raw), dequantize_numba.dequantize(raw)) == ""


@QUICK
@given(values)
def test_any_finite_weights_quantise_alike(x):
    assert same_bits(quantize(x), quantize_numba.quantize(x)) == ""


@QUICK
@given(moderate)
def test_quantised_weights_stay_near(x):
    """Each weight is off by at most a fifth of its block's range: 15 steps, 6-bit scales.

    Scale and minimum of a block are float16, which may lose half of its smallest step, 2**-24.
    """
    found = dequantize(quantize(x))
    span = np.maximum(x.max(axis=-1), 0) - np.minimum(x.min(axis=-1), 0)
    assert (np.abs(found - x).max(axis=-1) <= span * 0.2 + (15 + 1) * 63 * 2.0**-25).all()


@QUICK
@given(values)
@pytest.mark.parametrize("convention", ["quantize_ggml", "quantize_rust"])
def test_any_finite_activations_quantise_alike(convention, x):
    ours, theirs = getattr(q8k, convention)(x), getattr(q8k_numba, convention)(x)
    for expected, found in zip(ours, theirs, strict=True):
        assert same_bits(expected, found) == ""
    assert (ours.bsums == ours.quants.reshape(3, 16, 16).sum(axis=-1)).all()


@QUICK
@given(moderate)
@pytest.mark.parametrize("convention", [q8k.quantize_ggml, q8k.quantize_rust])
def test_quantised_activations_are_off_by_half_a_step(convention, x):
    found = convention(x)
    step = np.abs(found.scale.astype(np.float64))[:, None]
    error = np.abs(found.scale[:, None].astype(np.float64) * found.quants - x)
    # A pivot under 1e-10 becomes 0 in the Rust convention, in ggml's one under about 3.7e-37.
    assert (error <= step * (0.5 + 1e-4) + 1e-10).all()


@QUICK
@given(
    hnp.arrays(np.uint8, (2, 3, 140)),
    hnp.arrays(np.float16, (2, 3, 2), elements=st.floats(-4, 4, width=16)),
    st.integers(0, 999),
)
def test_every_order_stays_within_the_bound(raw, halves, seed):
    matrix = np.concatenate([halves.view(np.uint8), raw], axis=-1)
    activation = matvec_case.activation(str(seed), 3)
    exact = path_b.matvec_f64(matrix, activation)
    magnitude = path_b.absolute_terms(matrix, activation)
    for order in Order:
        found = path_b.matvec(matrix, activation, order)
        assert same_bits(found, path_b_numba.matvec(matrix, activation, order)) == ""
        assert within(exact, found, matvec_case.tolerance(3), magnitude) == ""


@QUICK
@given(blocks, st.integers(0, 999))
def test_any_bytes_times_a_vector_alike(raw, seed):
    x = np.random.default_rng(seed).normal(size=512).astype(np.float32)
    assert same_bits(path_a.matvec(raw, x), path_a_numba.matvec(raw, x)) == ""


@QUICK
@given(st.integers(0, 2**32 - 1))
def test_fused_multiply_add_rounds_once(seed):
    """Against integer arithmetic: float32 operands scaled to integers, divided out exactly."""
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(-(2**24), 2**24, 8).astype(np.float32) for _ in range(2))
    c = (-(a.astype(np.float64) * b) * (1 + rng.choice([0, 2.0**-23, 2.0**-30, 1], 8))).astype(
        np.float32
    )
    found = multiply_add(a, b, c)
    below, above = (np.nextafter(found, np.float32(end)) for end in (-np.inf, np.inf))
    for x, y, z, *candidates in zip(a, b, c, found, below, above, strict=True):
        exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
        gaps = [abs(Fraction(float(candidate)) - exact) for candidate in candidates]
        assert gaps[0] == min(gaps)


@QUICK
@given(hnp.arrays(np.float64, (2, 7), elements=st.floats(-700, 700)), st.floats(-100, 100))
def test_softmax_sums_to_one_and_ignores_a_shift(x, shift):
    found = softmax(x)
    assert found.sum(axis=-1) == pytest.approx(1.0, abs=1e-12)
    assert softmax(x + shift) == pytest.approx(found, abs=1e-10)


@QUICK
@given(
    hnp.arrays(np.float64, (3, 2, 8), elements=st.floats(-9, 9)),
    st.integers(0, 4000),
    st.sampled_from(list(Pairing)),
)
def test_rope_keeps_norms_and_depends_on_the_distance_alone(x, shift, pairing):
    positions = np.array([0, 5, 9])
    turned = rope(x, positions, 10000.0, pairing)
    assert np.linalg.norm(turned, axis=-1) == pytest.approx(np.linalg.norm(x, axis=-1), abs=1e-9)
    moved = rope(x, positions + shift, 10000.0, pairing)
    dots = [np.einsum("hd,hd->h", t[1], t[2]) for t in (turned, moved)]
    assert dots[1] == pytest.approx(dots[0], abs=1e-8)


@QUICK
@given(hnp.arrays(np.float64, (2, 9), elements=st.floats(-9, 9)), st.floats(0.5, 8))
def test_rms_norm_ignores_scale_when_eps_is_zero(x, factor):
    x = x + np.where(np.abs(x).max(axis=-1, keepdims=True) < 0.1, 1.0, 0.0)
    weight = np.ones(9)
    found = rms_norm(x, weight, 0.0)
    assert np.sqrt((found**2).mean(axis=-1)) == pytest.approx(1.0, abs=1e-12)
    assert rms_norm(x * factor, weight, 0.0) == pytest.approx(found, abs=1e-12)


def test_the_bound_is_not_vacuous():
    """Control: an error of one part in a thousand of the terms is refused."""
    case = matvec_case.cases()[5]
    exact = path_b.matvec_f64(*case.arguments)
    magnitude = path_b.absolute_terms(*case.arguments)
    assert within(exact, exact + magnitude * 1e-3, case.tolerance, magnitude) != ""
    assert within(exact, exact, Tolerance(0, "same"), magnitude) == ""
