"""Attention and gate compiled: the bits of the NumPy form, whatever the sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pv.errors import BadInputError
from pv.forward import float_order
from pv.kernels.attention_f16 import numba_cpu
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
    assert not same_bits(float_order.attend(*given_), numba_cpu.attend(*given_))


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
    x = np.concatenate(
        [np.random.default_rng(2).standard_normal(4001) * scale for scale in (1, 10, 90, 400)]
    )
    edges = [0, -0.0, np.inf, -np.inf, np.nan, 87.3, -87.4, 103.9, -104, 133.1, -133.1, 1e38, -1e38]
    x = np.append(x, edges).astype(np.float32)
    with np.errstate(all="ignore"):
        expected = float_order.silu(x)
    assert not same_bits(expected, numba_cpu.silu(x))
    assert not same_bits(expected[:16004].reshape(4, -1), numba_cpu.silu(x[:16004].reshape(4, -1)))


@pytest.mark.parametrize("which", [0, 1, 2])
def test_operands_that_do_not_fit_are_refused(which):
    given_ = list(operands(1, (2, 3, 2, 2, 16)))
    given_[which] = given_[which][..., :8]
    with pytest.raises(BadInputError):
        numba_cpu.attend(*given_)
