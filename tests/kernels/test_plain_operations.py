"""RMSNorm, softmax, RoPE and SwiGLU against element-by-element arithmetic, and at their edges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pv.kernels.layout import Pairing
from pv.kernels.rms_norm import case as rms_case
from pv.kernels.rms_norm.reference import rms_norm
from pv.kernels.rope import case as rope_case
from pv.kernels.rope.reference import rope
from pv.kernels.softmax import case as softmax_case
from pv.kernels.softmax.reference import softmax
from pv.kernels.swiglu import case as swiglu_case
from pv.kernels.swiglu.reference import swiglu


def test_rms_norm_by_hand():
    assert rms_norm(np.array([3.0, 4.0]), np.array([1.0, 2.0]), 0.0) == pytest.approx(
        [3 / math.sqrt(12.5), 8 / math.sqrt(12.5)], rel=1e-15
    )


def test_softmax_by_hand():
    assert softmax(np.array([0.0, math.log(3)])) == pytest.approx([0.25, 0.75], rel=1e-15)


@pytest.mark.parametrize(
    ("pairing", "expected"),
    [
        (Pairing.NORM, [math.cos(1), math.sin(1), math.cos(0.01), math.sin(0.01)]),
        (Pairing.NEOX, [math.cos(1) - math.sin(1), 0, math.cos(1) + math.sin(1), 0]),
    ],
)
def test_rope_turns_pairs_by_hand(pairing, expected):
    x = np.array([1.0, 0, 1, 0]).reshape(1, 1, 4)
    found = rope(x, np.array([1]), 10000.0, pairing)
    assert found.reshape(-1) == pytest.approx(expected, abs=1e-15)


def test_swiglu_by_hand():
    gate, up = np.array([0.0, 2.0, -800.0]), np.array([5.0, 3.0, 1.0])
    assert swiglu(gate, up) == pytest.approx([0, 6 / (1 + math.exp(-2)), 0], abs=1e-15)


def scalar_rms_norm(x, weight, eps):
    for row in x.reshape(-1, x.shape[-1]).tolist():
        root = math.sqrt(math.fsum(v * v for v in row) / len(row) + eps)
        yield [v / root * float(w) for v, w in zip(row, weight, strict=True)]


def scalar_softmax(x):
    for row in x.tolist():
        top = max(row)
        powers = [math.exp(v - top) for v in row]
        total = math.fsum(powers)
        yield [power / total for power in powers]


def scalar_swiglu(gate, up):
    for g, u in zip(gate.reshape(-1).tolist(), up.reshape(-1).tolist(), strict=True):
        yield g * u / (1 + math.exp(-g)) if g > -700 else 0.0


@pytest.mark.parametrize(
    ("operation", "cases", "scalar"),
    [
        (rms_norm, rms_case.cases(), scalar_rms_norm),
        (softmax, softmax_case.cases(), scalar_softmax),
        (swiglu, swiglu_case.cases(), scalar_swiglu),
    ],
    ids=["rms_norm", "softmax", "swiglu"],
)
def test_cases_agree_with_scalar_arithmetic(operation, cases, scalar):
    """float32 in gives float32 out, within half a unit of the correctly computed value."""
    assert cases
    for case in cases:
        found = operation(*case.arguments)
        assert found.dtype == np.float32
        assert found.shape == case.arguments[0].shape
        expected = np.array(list(scalar(*case.arguments))).reshape(found.shape)
        np.testing.assert_allclose(found, expected, rtol=2.0**-23, atol=1e-37, err_msg=case.name)


@pytest.mark.parametrize("case", rope_case.cases(), ids=lambda case: case.name)
def test_rope_agrees_with_complex_multiplication(case):
    x, positions, base, pairing = case.arguments
    pairs = x.shape[-1] // 2
    found = rope(*case.arguments)
    for i in range(pairs):
        a, b = (2 * i, 2 * i + 1) if pairing == Pairing.NORM else (i, i + pairs)
        for token, position in enumerate(positions.tolist()):
            angle = position * base ** (-i / pairs)
            turn = complex(math.cos(angle), math.sin(angle))
            expected = (x[token, :, a] + 1j * x[token, :, b].astype(float)) * turn
            turned = found[token, :, a] + 1j * found[token, :, b].astype(float)
            np.testing.assert_allclose(turned, expected, rtol=1e-6, atol=1e-7)


def test_edges_have_named_outcomes():
    assert np.isnan(rms_norm(np.zeros((1, 4)), np.ones(4), 0.0)).all()
    assert (rms_norm(np.zeros((1, 4)), np.ones(4), 1e-6) == 0).all()
    assert np.isnan(softmax(np.full((1, 3), -np.inf))).all()
    assert softmax(np.array([[-np.inf, 0.0]])).tolist() == [[0.0, 1.0]]
    assert swiglu(np.array([-1e30]), np.array([1.0])).tolist() == [0.0]
