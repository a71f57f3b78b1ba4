"""Attention, norm, rotation and gate compiled: the bits of the NumPy form, whatever the sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pv.errors import BadInputError
from pv.kernels.float_order import numba_cpu, numpy_f32
from pv.kernels.layout import Pairing
from tests.kernels.agreement import same_bits


def operands(seed, sizes):
    tokens, before, shared, sharing, dim = sizes
    rng = np.random.default_rng(seed)
    queries = rng.standard_normal((tokens, shared * sharing, dim)).astype(np.float16)
    keys, values = rng.standard_normal((2, before + tokens, shared, dim)).astype(np.float16)
    return queries.astype(np.float32) * np.float32(2), keys, values


SIZES = st.tuples(
    st.integers(1, 5), st.integers(0, 70), st.integers(1, 3), st.integers(1, 3), st.integers(1, 70)
)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), SIZES)
def test_attention_has_the_bits_of_the_plain_form(seed, sizes):
    given_ = operands(seed, sizes)
    assert not same_bits(numpy_f32.attend(*given_), numba_cpu.attend(*given_))


def test_attention_is_near_the_exact_one():
    queries, keys, values = operands(1, (6, 40, 2, 3, 64))
    wide = [np.repeat(each.astype(float), 3, axis=1) for each in (keys, values)]
    for token, query in enumerate(queries.astype(float)):
        seen = 40 + token + 1
        scores = np.einsum("hd,phd->hp", query, wide[0][:seen]) / 8
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        exact = np.einsum("hp,phd->hd", shares, wide[1][:seen]).reshape(-1)
        found = numba_cpu.attend(queries[token : token + 1], keys[:seen], values[:seen])[0]
        # Weights are rounded to float16: half of 2**-10 each, at most 5 in a value.
        assert np.abs(found - exact).max() <= 5 * 2.0**-11


def test_gates_have_the_bits_of_the_plain_form_everywhere():
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.standard_normal(4001) * scale for scale in (1, 10, 90, 400)])
    edges = [0, -0.0, np.inf, -np.inf, np.nan, 87.3, -87.4, 103.9, -104, 133.1, -133.1, 1e38, -1e38]
    x = np.append(x, edges).astype(np.float32)
    ups = [np.ones_like(x), rng.standard_normal(len(x)).astype(np.float32)]
    for up in ups:
        with np.errstate(all="ignore"):
            expected = numpy_f32.swiglu(x, up)
        assert not same_bits(expected, numba_cpu.swiglu(x, up))
        four = [each[:16004].reshape(4, -1) for each in (x, up)]
        assert not same_bits(expected[:16004].reshape(4, -1), numba_cpu.swiglu(*four))


@pytest.mark.parametrize("width", [1, 7, 8, 33, 576, 4099])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e20])
def test_norms_have_the_bits_of_the_plain_form(width, scale):
    rng = np.random.default_rng(width)
    x = (rng.standard_normal((5, width)) * scale).astype(np.float32)
    x[1] = 0
    weight = rng.uniform(0.5, 1.5, width).astype(np.float32)
    with np.errstate(all="ignore"):
        expected = numpy_f32.rms_norm(x, weight, 1e-5)
    assert not same_bits(expected, numba_cpu.rms_norm(x, weight, 1e-5))
    assert not same_bits(expected, numba_cpu.rms_norm(np.asfortranarray(x), weight, 1e-5))


@pytest.mark.parametrize("pairing", Pairing)
@pytest.mark.parametrize("dim", [2, 6, 64, 130])
def test_turns_have_the_bits_of_the_plain_form(pairing, dim):
    rng = np.random.default_rng(dim)
    heads = rng.standard_normal((4, 3, dim)).astype(np.float32)
    angle = rng.uniform(0, 7, (4, 1, dim // 2))
    turns = [turn(angle).astype(np.float32) for turn in (np.cos, np.sin)]
    expected = numpy_f32.turned(heads, *turns, pairing)
    assert not same_bits(expected, numba_cpu.turned(heads, *turns, pairing))
    strided = np.ascontiguousarray(heads.transpose(1, 0, 2)).transpose(1, 0, 2)
    assert not same_bits(expected, numba_cpu.turned(strided, *turns, pairing))


@pytest.mark.parametrize("which", [0, 1, 2])
def test_operands_that_do_not_fit_are_refused(which):
    given_ = list(operands(1, (2, 3, 2, 2, 16)))
    given_[which] = given_[which][..., :8]
    with pytest.raises(BadInputError):
        numba_cpu.attend(*given_)


def test_other_operands_that_do_not_fit_are_refused():
    x, wide = np.ones((2, 3, 8), np.float32), np.ones((2, 3, 8))
    turns = np.ones((2, 1, 4), np.float32)
    for call in (
        lambda: numba_cpu.rms_norm(x[0], x[0, 0, :5], 1e-5),
        lambda: numba_cpu.rms_norm(wide[0], x[0, 0], 1e-5),
        lambda: numba_cpu.turned(x, turns[:1], turns, Pairing.NORM),
        lambda: numba_cpu.turned(x, turns, turns[..., :3], Pairing.NEOX),
        lambda: numba_cpu.swiglu(x, x[:1]),
        lambda: numba_cpu.swiglu(wide, wide),
    ):
        with pytest.raises(BadInputError):
            call()
