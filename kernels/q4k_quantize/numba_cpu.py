"""Float32 to Q4_K in compiled loops, bit for bit what ggml's quantize_row_q4_K_ref gives.

Two passes: the fit of every sub-block, then, once NumPy has rounded the super-scales to f16 (Numba
has no f16 on a CPU), the final quants.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_finite, require_rows
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES
from pv.kernels.processor.numba_compile import compiled
from pv.kernels.q4k_dequantize.numba_cpu import (
    FLOATS_2D,
    half_pairs,
    unpack,
)

Floats = NDArray[np.float32]

_F = np.float32
_ROUNDER = np.float32(12582912.0)


def quantize(x: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Turn weights, float32 (..., 256), into Q4_K blocks, uint8 (..., 144).

    Raises:
        BadInputError: wrong dtype or shape, or a NaN or infinity.
    """
    require_rows("weights", x, np.float32, BLOCK_VALUES)
    require_finite("weights", x)
    rows = np.require(x, requirements=["C", "A"]).reshape(-1, BLOCK_VALUES)
    blocks = np.zeros((len(rows), Q4K_BYTES), dtype=np.uint8)
    super_scales = np.empty((len(rows), 2), dtype=np.float32)
    levels = np.empty((len(rows), BLOCK_VALUES), dtype=np.uint8)
    _fit_blocks(rows, blocks, super_scales, levels)
    with np.errstate(over="ignore"):  # too large a scale becomes infinite, as in ggml
        blocks[:, :4] = super_scales.astype("<f2").view(np.uint8)
    _finish(rows, half_pairs(blocks), levels, blocks)
    return blocks.reshape(*x.shape[:-1], Q4K_BYTES)


@njit
def _nearest(value: np.float32) -> np.int32:
    """Round half to even through the bits, as ggml does; a NaN gives 0."""
    return (_F(value + _ROUNDER).view(np.int32) & np.int32(0x007FFFFF)) - np.int32(0x00400000)


@njit
def _level(value: np.float32) -> np.int32:
    return max(np.int32(0), min(np.int32(15), _nearest(value)))


@njit(error_model="numpy")
def _fit(
    x: Floats, b: int, start: int, weights: Floats, tried: Floats, levels: NDArray[np.uint8]
) -> tuple[np.float32, np.float32]:
    """Return scale and minimum (its negative) of one sub-block, and fill its levels."""
    squares, low, high = _F(0), _F(0), x[b, start]
    for i in range(32):
        value = x[b, start + i]
        squares += value * value
        low, high = min(low, value), max(high, value)
        levels[b, start + i] = 0
    if high == low:
        return _F(0), -low
    average, sum_w, sum_x = np.sqrt(squares / _F(32)), _F(0), _F(0)
    for i in range(32):
        weights[i] = average + abs(x[b, start + i])
        sum_w += weights[i]
        sum_x += weights[i] * x[b, start + i]
    scale, best = _F(0), _F(0)
    for trial in range(-1, 21):  # -1: the starting point, taken as it is
        steps = _F(15) if trial < 0 else _F(-1) + _F(0.1) * _F(trial) + _F(15)
        factor = steps / (high - low)
        sum_l, sum_l2, sum_xl = _F(0), _F(0), _F(0)
        for i in range(32):
            tried[i] = _F(_level(factor * (x[b, start + i] - low)))
            weighted = weights[i] * tried[i]
            sum_l += weighted
            sum_l2 += weighted * tried[i]
            sum_xl += weighted * x[b, start + i]
        new_scale, new_low = _F(1) / factor, low
        if trial >= 0:
            determinant = sum_w * sum_l2 - sum_l * sum_l
            if not determinant > 0:
                continue
            new_scale = (sum_w * sum_xl - sum_x * sum_l) / determinant
            new_low = (sum_l2 * sum_x - sum_l * sum_xl) / determinant
            if new_low > 0:
                new_scale, new_low = sum_xl / sum_l2, _F(0)
        error = _F(0)
        for i in range(32):
            difference = new_scale * tried[i] + new_low - x[b, start + i]
            error += weights[i] * (difference * difference)
        if trial < 0 or error < best:
            scale, low, best = new_scale, new_low, error
            for i in range(32):
                levels[b, start + i] = np.uint8(tried[i])
    return scale, -low


@compiled(
    types.void(FLOATS_2D, types.uint8[:, ::1], types.float32[:, ::1], types.uint8[:, ::1]),
    error_model="numpy",
    nogil=True,
)
def _fit_blocks(
    x: Floats, blocks: NDArray[np.uint8], super_scales: Floats, levels: NDArray[np.uint8]
) -> None:
    weights, tried = np.empty(32, np.float32), np.empty(32, np.float32)
    scales, minima = np.empty(8, np.float32), np.empty(8, np.float32)
    for b in range(x.shape[0]):
        top_scale, top_minimum = _F(0), _F(0)
        for j in range(8):
            scales[j], minima[j] = _fit(x, b, 32 * j, weights, tried, levels)
            top_scale = max(top_scale, scales[j])
            top_minimum = max(top_minimum, minima[j])
        scale_factor = _F(63) / top_scale if top_scale > 0 else _F(0)
        minimum_factor = _F(63) / top_minimum if top_minimum > 0 else _F(0)
        for j in range(8):
            # The byte is taken before the smaller of it and 63: a negative multiple wraps, as in C.
            scale = min(_nearest(scale_factor * scales[j]) & 255, 63)
            minimum = min(_nearest(minimum_factor * minima[j]) & 255, 63)
            if j < 4:
                blocks[b, 4 + j] = scale
                blocks[b, 8 + j] = minimum
            else:
                blocks[b, 8 + j] = (scale & 15) | ((minimum & 15) << 4)
                blocks[b, j] |= (scale >> 4) << 6
                blocks[b, 4 + j] |= (minimum >> 4) << 6
        super_scales[b, 0] = top_scale / _F(63)
        super_scales[b, 1] = top_minimum / _F(63)


@compiled(
    types.void(FLOATS_2D, FLOATS_2D, types.uint8[:, ::1], types.uint8[:, ::1]),
    error_model="numpy",
    nogil=True,
)
def _finish(
    x: NDArray[np.float32],
    halves: NDArray[np.float32],
    levels: NDArray[np.uint8],
    blocks: NDArray[np.uint8],
) -> None:
    scales, minima = np.empty(8, np.int32), np.empty(8, np.int32)
    for b in range(x.shape[0]):
        unpack(blocks, b, scales, minima)
        for j in range(8):
            step, offset = halves[b, 0] * _F(scales[j]), halves[b, 1] * _F(minima[j])
            if step == 0:
                continue  # the levels of the fit stay
            for i in range(32 * j, 32 * j + 32):
                levels[b, i] = _level((x[b, i] + offset) / step)
        for chunk in range(4):
            for i in range(32):
                low, high = levels[b, 64 * chunk + i], levels[b, 64 * chunk + 32 + i]
                blocks[b, 16 + 32 * chunk + i] = low | (high << 4)
