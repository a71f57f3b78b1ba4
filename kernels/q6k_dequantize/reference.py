"""Q6_K blocks to float32, in NumPy float64: bit for bit what ggml's dequantize_row_q6_K gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_rows
from pv.kernels.layout import Q6K_BYTES, Q6K_D_AT, Q6K_HIGH_AT, Q6K_SCALES_AT


def dequantize(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn Q6_K blocks, uint8 (..., 210), into their weights, float32 (..., 256).

    `w = d * scale * q`, q from -32 to 31, one scale for 16 values. The product of the three has at
    most 25 bits: exact in float64 and, since `d * scale` is exact in float32 too, rounded once
    either way. Infinite and NaN super-scales pass through as IEEE 754 says.

    Raises:
        BadInputError: not uint8, or the last axis is not 210.
    """
    require_rows("q6_k blocks", blocks, np.uint8, Q6K_BYTES)
    values = quants(blocks).reshape(*blocks.shape[:-1], 16, 16).astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):  # infinite scales, where a file holds them
        steps = super_scales(blocks)[..., None] * scales(blocks).astype(np.float64)
        weights = (steps[..., None] * values).astype(np.float32)
    return weights.reshape(*blocks.shape[:-1], 256)


def super_scales(blocks: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return d of each block, float64 (...,)."""
    halves = np.ascontiguousarray(blocks[..., Q6K_D_AT:]).view("<f2")
    return halves[..., 0].astype(np.float64)


def scales(blocks: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return the sixteen signed scales of each block, int8 (..., 16)."""
    return np.ascontiguousarray(blocks[..., Q6K_SCALES_AT:Q6K_D_AT]).view(np.int8)


def quants(blocks: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Return the 6-bit quants in the order of the weights, int32 (..., 256), -32 to 31.

    Of each half of 128 values, 64 bytes hold low nibbles (low halves for the first 64 values) and
    32 bytes hold four bit pairs each, one for every quarter of 32 values.
    """
    leading = blocks.shape[:-1]
    low = blocks[..., :Q6K_HIGH_AT].reshape(*leading, 2, 1, 64).astype(np.int32)
    high = blocks[..., Q6K_HIGH_AT:Q6K_SCALES_AT].reshape(*leading, 2, 1, 32).astype(np.int32)
    nibbles = np.concatenate([low & 15, low >> 4], axis=-2).reshape(*leading, 2, 4, 32)
    pairs = (high >> np.array([[0], [2], [4], [6]])) & 3
    return np.asarray(nibbles + 16 * pairs - 32).reshape(*leading, 256)
