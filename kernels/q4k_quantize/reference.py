"""Float32 to Q4_K in NumPy: bit for bit what ggml's quantize_row_q4_K_ref gives.

Each sub-block of 32 weights gets a scale and a minimum by a weighted least-squares search over 21
trial scales; the eight pairs are then rounded to 6 bits under two f16 super-scales. Sums are folded
in index order, because their rounding decides between nearly equal trials.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_finite, require_rows
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

_F = np.float32
_ROUNDER = _F(12582912.0)  # 1.5 * 2**23: adding it leaves the rounded integer in the low bits
_TRIALS = 21
_BLOCKS_AT_ONCE = 256  # the working set of one slice stays in the second-level cache


class Fit(NamedTuple):
    """Best scale and minimum of n sub-blocks, float32 (n,), and their quants, int32 (32, n)."""

    scale: Floats
    minimum: Floats
    quants: Ints


def quantize(x: Floats) -> NDArray[np.uint8]:
    """Turn weights, float32 (..., 256), into Q4_K blocks, uint8 (..., 144).

    Weights beyond about 6e7 overflow the f16 super-scale to infinity, as they do in ggml.

    Raises:
        BadInputError: wrong dtype or shape, or a NaN or infinity.
    """
    require_rows("weights", x, np.float32, BLOCK_VALUES)
    require_finite("weights", x)
    rows = np.ascontiguousarray(x).reshape(-1, BLOCK_VALUES)
    blocks = np.zeros((len(rows), Q4K_BYTES), dtype=np.uint8)
    with np.errstate(all="ignore"):  # overflow and 0/0 go where IEEE 754 sends them, as in ggml
        for start in range(0, len(rows), _BLOCKS_AT_ONCE):
            part = slice(start, start + _BLOCKS_AT_ONCE)
            blocks[part] = _quantize_blocks(rows[part])
    return blocks.reshape(*x.shape[:-1], Q4K_BYTES)


def _quantize_blocks(rows: Floats) -> NDArray[np.uint8]:
    count = len(rows)
    # Values along the first axis, sub-blocks along the second: a fold is then 32 vector additions.
    x = np.ascontiguousarray(rows.reshape(count * 8, 32).T)
    fit = _fit(x)
    scale, minimum = fit.scale.reshape(count, 8), fit.minimum.reshape(count, 8)
    d, scales = _six_bits(scale)
    dmin, minima = _six_bits(minimum)
    step = (d.astype(_F)[:, None] * scales.astype(_F)).reshape(-1)
    offset = (dmin.astype(_F)[:, None] * minima.astype(_F)).reshape(-1)
    requantised = np.clip(_nearest((x + offset) / step), 0, 15)
    quants = np.where(step == 0, fit.quants, requantised)  # ggml keeps the fit where the step is 0
    halves = np.stack([d, dmin], axis=-1).astype("<f2").view(np.uint8)
    return np.concatenate([halves, _pack_scales(scales, minima), _pack_nibbles(quants)], axis=-1)


def _fit(x: Floats) -> Fit:
    """Search scale and minimum of each sub-block; x is (32, n)."""
    average = np.sqrt(_fold(x * x) / _F(32))
    weights = average + np.abs(x)
    low = np.minimum(x.min(axis=0), _F(0))
    high = x.max(axis=0)
    flat = high == low
    sum_w, sum_x = _fold(weights), _fold(weights * x)

    first = _F(15) / (high - low)
    scale, minimum = _F(1) / first, low
    quants = np.clip(_nearest(first * (x - low)), 0, 15)
    error = _error(scale, minimum, quants, x, weights)
    for trial in range(_TRIALS):
        # The minimum found so far, not the first one, is the origin of the next trial.
        factor = (_F(-1) + _F(0.1) * _F(trial) + _F(15)) / (high - minimum)
        tried = np.clip(_nearest(factor * (x - minimum)), 0, 15)
        found, new_scale, new_minimum = _least_squares(tried, x, weights, sum_w, sum_x)
        new_error = _error(new_scale, new_minimum, tried, x, weights)
        better = found & (new_error < error)
        scale = np.where(better, new_scale, scale)
        minimum = np.where(better, new_minimum, minimum)
        quants = np.where(better, tried, quants)
        error = np.where(better, new_error, error)
    return Fit(
        np.where(flat, _F(0), scale), -np.where(flat, low, minimum), np.where(flat, 0, quants)
    )


def _least_squares(
    quants: Ints, x: Floats, weights: Floats, sum_w: Floats, sum_x: Floats
) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Solve for scale and minimum with the quants held; a positive minimum is forced to 0."""
    levels = quants.astype(_F)
    weighted = weights * levels
    sum_l, sum_l2, sum_xl = _fold(weighted), _fold(weighted * levels), _fold(weighted * x)
    determinant = sum_w * sum_l2 - sum_l * sum_l
    scale = np.divide(sum_w * sum_xl - sum_x * sum_l, determinant, dtype=_F)
    minimum = np.divide(sum_l2 * sum_x - sum_l * sum_xl, determinant, dtype=_F)
    positive = minimum > 0
    forced: Floats = np.where(positive, sum_xl / sum_l2, scale)
    return determinant > 0, forced, np.minimum(minimum, _F(0))


def _error(scale: Floats, minimum: Floats, quants: Ints, x: Floats, weights: Floats) -> Floats:
    difference = scale * quants.astype(_F) + minimum - x
    return _fold(weights * (difference * difference))


def _six_bits(values: Floats) -> tuple[NDArray[np.float16], Ints]:
    """Return the f16 super-scale (n,) and the eight 6-bit multiples (n, 8) of it."""
    largest = np.maximum(values.max(axis=-1, keepdims=True), _F(0))
    factor = np.where(largest > 0, _F(63) / largest, _F(0))
    # ggml stores the rounded integer in a byte before it takes the smaller of it and 63.
    multiples = np.minimum(_nearest(factor * values) & 255, 63)
    return (largest[:, 0] / _F(63)).astype(np.float16), multiples


def _pack_scales(scales: Ints, minima: Ints) -> NDArray[np.uint8]:
    """Pack eight 6-bit scales and eight 6-bit minima into 12 bytes."""
    low = scales[:, :4] | ((scales[:, 4:] >> 4) << 6)
    middle = minima[:, :4] | ((minima[:, 4:] >> 4) << 6)
    high = (scales[:, 4:] & 15) | ((minima[:, 4:] & 15) << 4)
    return np.concatenate([low, middle, high], axis=-1).astype(np.uint8)


def _pack_nibbles(quants: Ints) -> NDArray[np.uint8]:
    """Pack quants (32, n * 8) into 128 bytes per block: low nibbles first, high nibbles next."""
    pairs = quants.T.reshape(-1, 4, 2, 32)
    return (pairs[:, :, 0] | (pairs[:, :, 1] << 4)).reshape(-1, 128).astype(np.uint8)


def _fold(terms: Floats) -> Floats:
    """Sum the first axis in index order, rounding after every addition."""
    total: Floats = terms[0].copy()
    for term in terms[1:]:
        total += term
    return total


def _nearest(values: Floats) -> Ints:
    """Round half to even through the bits, as ggml does; NaN and infinity give low bits."""
    return ((values + _ROUNDER).view(np.int32) & 0x007FFFFF) - 0x00400000
