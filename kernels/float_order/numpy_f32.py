"""What stands between the products of a layer, in NumPy: ggml's AVX2 order and roundings.

A sum that is added in another order differs in its last bit, a quantised activation that lies
between two steps is then rounded the other way, and the next layers carry that on to the logits.
So the order counts as much as the operation. Facts: ggml's vector routines for dot products of
float16, for the exponential, for softmax and for rotation, as a compiler with fused multiply-add
builds them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pv.kernels.layout import Pairing

Floats = NDArray[np.float32]

LANES: Final = 8
"""float32 values of an AVX2 register."""
_SUMS: Final = 4
"""Registers that a dot product adds into, in turn."""

_ROUNDER: Final = np.float32(float.fromhex("0x1.8p23"))
_LOG2_E: Final = np.float32(float.fromhex("0x1.715476p+0"))
_LN2_HIGH: Final = np.float32(float.fromhex("0x1.62e4p-1"))
_LN2_LOW: Final = np.float32(float.fromhex("0x1.7f7d1cp-20"))
_POWERS: Final = tuple(
    np.float32(float.fromhex(one))
    for one in ("0x1.ffffecp-1", "0x1.fffdb6p-2", "0x1.555e66p-3", "0x1.573e2ep-5", "0x1.0e4020p-7")
)
"""Coefficients of b, b², … b⁵ in the exponential of a small b."""
_LARGEST: Final = np.float32(192)
"""Binary exponents beyond this are zero or infinity."""


def fused(a: Floats | np.float32, b: Floats | np.float32, c: Floats | np.float32) -> Floats:
    """Return a·b + c, rounded once to float32.

    The product is exact in float64. Where the sum needs more than 53 bits it is rounded there as
    well, which changes the result in one case of about 2^29.
    """
    product = np.multiply(a, b, dtype=np.float64)
    return np.asarray(np.add(product, c, dtype=np.float64).astype(np.float32))


def exponential(x: Floats) -> Floats:
    """Return e^x, float32: the power of two nearest, times a polynomial of what is left."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        shifted = fused(x, _LOG2_E, _ROUNDER)
        n = shifted - _ROUNDER
        b = fused(-n, _LN2_LOW, fused(-n, _LN2_HIGH, x))
        one, two, three, four, five = _POWERS
        high = fused(fused(b, five, four), b * b, fused(b, three, two))
        small = fused(high, b * b, b * one)
        within = np.abs(n) <= _LARGEST
        power = np.ldexp(np.float32(1), np.where(within, n, 0).astype(np.int32))
        found = fused(power, small, power)
    return np.where(within, found, np.where(n > 0, np.float32(np.inf), np.float32(0)))


def dot(x: Floats, y: Floats) -> Floats:
    """Return the dot products along the last axis, of values that float16 holds.

    Leading axes are broadcast. Four registers of eight lanes take the values in turn, then the
    registers are added, then the lanes. A length that fills no round is filled up with zeros.
    """
    around = _SUMS * LANES
    missing = -x.shape[-1] % around
    if missing:
        x, y = (np.pad(one, [(0, 0)] * (one.ndim - 1) + [(0, missing)]) for one in (x, y))
    parts = [one.reshape(*one.shape[:-1], -1, _SUMS, LANES) for one in (x, y)]
    sums = np.zeros((*np.broadcast_shapes(x.shape[:-1], y.shape[:-1]), _SUMS, LANES), np.float32)
    for step in range(parts[0].shape[-3]):
        sums = fused(parts[0][..., step, :, :], parts[1][..., step, :, :], sums)
    pairs = sums[..., :2, :] + sums[..., 2:, :]
    lanes = pairs[..., 0, :] + pairs[..., 1, :]
    halves = lanes[..., :4] + lanes[..., 4:]
    return np.asarray((halves[..., 0] + halves[..., 1]) + (halves[..., 2] + halves[..., 3]))


def softmax(scores: Floats, seen: NDArray[np.bool_]) -> Floats:
    """Return e^(score − largest) over their sum, along the last axis; 0 where nothing is seen.

    Eight powers at a time are added in float32, these sums in float64.
    """
    largest = np.where(seen, scores, np.float32(-np.inf)).max(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        powers = np.where(seen, exponential(scores - largest), np.float32(0))
    missing = -powers.shape[-1] % LANES
    padded = np.pad(powers, [(0, 0)] * (powers.ndim - 1) + [(0, missing)])
    eights = padded.reshape(*padded.shape[:-1], -1, LANES)
    fours = eights[..., 4:] + eights[..., :4]
    twos = fours[..., :2] + fours[..., 2:]
    total = np.cumsum(twos[..., 0] + twos[..., 1], axis=-1, dtype=np.float64)[..., -1:]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # damage: judged by layer
        return np.asarray(powers * (1.0 / total).astype(np.float32))


def silu(x: Floats) -> Floats:
    """Return x / (1 + e^(−x))."""
    with np.errstate(over="ignore"):  # e^(−x) = inf gives 0, the right limit
        return np.asarray(x / (np.float32(1) + exponential(-x)))


def swiglu(gate: Floats, up: Floats) -> Floats:
    """Return `gate / (1 + exp(-gate)) * up`."""
    return silu(gate) * up


def rms_norm(x: Floats, weight: Floats, eps: float) -> Floats:
    """Return `x / sqrt(mean(x * x) + eps) * weight`, (tokens, n): squares are added in float64."""
    squares = np.cumsum(np.square(x), axis=-1, dtype=np.float64)[..., -1:]
    root = np.sqrt((squares / x.shape[-1]).astype(np.float32) + np.float32(eps))
    return np.asarray(x * (np.float32(1) / root) * weight)


def rotated(a: Floats, b: Floats, cosine: Floats, sine: Floats) -> tuple[Floats, Floats]:
    """Return pairs (a, b) turned: one product of each sum is rounded, the other is fused."""
    return fused(a, cosine, -(b * sine)), fused(a, sine, b * cosine)


def turned(heads: Floats, cosine: Floats, sine: Floats, pairing: Pairing) -> Floats:
    """Turn the pairs of heads, (t, heads, dim), by angles whose cosines are (t, 1, dim / 2)."""
    dim = heads.shape[-1]
    if pairing is Pairing.NORM:
        first, second = slice(0, None, 2), slice(1, None, 2)
    else:
        first, second = slice(0, dim // 2), slice(dim // 2, None)
    out = np.empty_like(heads)
    out[..., first], out[..., second] = rotated(heads[..., first], heads[..., second], cosine, sine)
    return out


def attend(queries: Floats, keys: NDArray[Any], values: NDArray[Any]) -> Floats:
    """Attend causally: queries (t, heads, dim), keys and values (n, kv heads, dim), n >= t.

    Keys and values are what float16 holds; queries and attention weights are rounded to it. No
    token's result depends on those computed beside it. Returns float32 (t, heads * dim).
    """
    tokens, heads, dim = queries.shape
    positions, shared, _ = keys.shape
    with np.errstate(over="ignore"):
        queries = queries.astype(np.float16).astype(np.float32)
    grouped = queries.reshape(tokens, shared, heads // shared, 1, dim)
    wide_keys = keys.astype(np.float32).transpose(1, 0, 2)[:, None]
    wide_values = values.astype(np.float32).transpose(1, 2, 0)[:, None]
    scores = dot(grouped, wide_keys) * np.float32(1.0 / np.sqrt(dim))
    last = np.arange(positions - tokens, positions).reshape(-1, 1, 1, 1)
    with np.errstate(over="ignore"):
        shares = softmax(scores, np.arange(positions) <= last).astype(np.float16)
    mixed = dot(wide_values, shares.astype(np.float32)[..., None, :])
    return mixed.reshape(tokens, heads * dim)
