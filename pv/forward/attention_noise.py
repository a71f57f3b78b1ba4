"""The error of attention whose queries, keys, values and weights are stored as float16.

One rounding of a float16 is uniform over its last place. How each reaches the result follows from
the derivative of the softmax; the derivation stands in docs/derivations.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pv.forward.interface import Floats
from pv.forward.rounding_noise import UNIT, Doubles, Measure, last_place, measure


class Attended(NamedTuple):
    """Attention of one sentence in float64, and what its errors are made of."""

    power: Doubles
    """Expected squared L2 norm of the error, (tokens, heads)."""
    bound: Doubles
    """Largest error of float32 arithmetic, element by element, (tokens, heads, dim)."""
    shared: int
    """Key-value heads: the errors of one are counted as a single direction."""


def predicted(queries: Floats, keys: Floats, values: Floats) -> Attended:
    """Predict the error: queries (t, heads, dim), keys and values (n, kv heads, dim)."""
    tokens, heads, dim = queries.shape
    shared = keys.shape[1]
    group = heads // shared
    wide_keys, wide_values = (_of_heads(each, group) for each in (keys, values))
    loose_keys, loose_values = (
        np.square(_of_heads(last_place(each), group)) / 12.0 for each in (keys, values)
    )
    power = np.empty((tokens, heads))
    for token in range(tokens):
        seen = keys.shape[0] - tokens + token + 1
        query = queries[token].astype(np.float64)
        weight = _softmax(np.einsum("hd,hnd->hn", query, wide_keys[:, :seen]) / np.sqrt(dim))
        value = wide_values[:, :seen]
        mixed = np.einsum("hn,hnd->hd", weight, value)
        lever = weight[..., None] * (value - mixed[:, None])  # of a score on the result
        through = lever.transpose(0, 2, 1) @ wide_keys[:, :seen] / np.sqrt(dim)
        loose_query = np.square(last_place(queries[token])) / 12.0
        power[token] = np.einsum("hed,hd->h", np.square(through), loose_query)
        moved = np.einsum("hd,hnd->hn", np.square(query), loose_keys[:, :seen]) / dim
        power[token] += np.einsum("hnd,hn->h", np.square(lever), moved)
        power[token] += np.einsum("hn,hnd->h", np.square(weight), loose_values[:, :seen])
        loose_weight = np.square(last_place(weight)) / 12.0
        power[token] += np.einsum("hn,hnd->h", loose_weight, np.square(value))
    return Attended(power, float_bound(queries, keys, values), shared)


def judged(noise: Attended, error: Doubles, exact: Floats, tail: float) -> Measure:
    """Set an error (tokens, heads * dim) against its noise, each token's head counted alike."""
    tokens, heads = noise.power.shape
    rounding = np.square(noise.bound).sum(axis=-1)
    scale = np.maximum(np.maximum(noise.power, rounding), np.finfo(np.float64).tiny)
    square, signal = (
        np.square(each.astype(np.float64)).reshape(tokens, heads, -1).sum(axis=-1) / scale
        for each in (error, exact)
    )
    power = (noise.power / scale).sum()
    return measure(
        square.sum(),
        signal.sum(),
        power,
        scatter=power**2 / noise.shared,
        largest=power / noise.shared,
        rounding=float(np.sqrt((rounding / scale).sum())),
        tail=tail,
    )


def float_bound(queries: Floats, keys: Floats, values: Floats) -> Doubles:
    """Bound the error of float32 arithmetic in any order, (tokens, heads, dim).

    A score of dim terms errs by (dim + 4) u of the sum of their magnitudes; a weight by twice that
    through numerator and denominator; the mixture by one rounding a position.
    """
    tokens, heads, dim = queries.shape
    group = heads // keys.shape[1]
    wide_keys, wide_values = (_of_heads(each, group) for each in (keys, values))
    found = np.empty(queries.shape)
    for token in range(tokens):
        seen = keys.shape[0] - tokens + token + 1
        query = queries[token].astype(np.float64)
        score = np.einsum("hd,hnd->hn", query, wide_keys[:, :seen]) / np.sqrt(dim)
        size = np.einsum("hd,hnd->hn", np.abs(query), np.abs(wide_keys[:, :seen])) / np.sqrt(dim)
        off = (dim + 4) * UNIT * size.max(axis=-1)
        mixed = np.einsum("hn,hnd->hd", _softmax(score), np.abs(wide_values[:, :seen]))
        found[token] = (np.expm1(2.0 * off) + (seen + 8) * UNIT)[:, None] * mixed
    return found


def _of_heads(array: Floats | Doubles, group: int) -> Doubles:
    """Return (kv heads * group, n, dim) in float64: what each query head reads."""
    return np.repeat(array.astype(np.float64).transpose(1, 0, 2), group, axis=0)


def _softmax(scores: Doubles) -> Doubles:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
