"""Q4_K blocks to float32, in NumPy: bit for bit what ggml's dequantize_row_q4_K gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_rows
from pv.kernels.layout import Q4K_BYTES, Q4K_NIBBLES_AT, Q4K_SCALES_AT


def dequantize(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn Q4_K blocks, uint8 (..., 144), into their weights, float32 (..., 256).

    `w = (d * sc) * q - (dmin * mn)` per sub-block of 32. Both products are exact in float32, so
    fused and unfused arithmetic agree. Infinite and NaN scales pass through as IEEE 754 says.

    Raises:
        BadInputError: not uint8, or the last axis is not 144.
    """
    require_rows("q4_k blocks", blocks, np.uint8, Q4K_BYTES)
    d, dmin = super_scales(blocks)
    scales, minima = sub_scales(blocks)
    with np.errstate(invalid="ignore"):  # infinity times zero, where a file holds such scales
        step = d[..., None] * scales.astype(np.float32)
        offset = dmin[..., None] * minima.astype(np.float32)
        quants = nibbles(blocks).astype(np.float32)
        weights = step[..., None] * quants - offset[..., None]
    return weights.reshape(*blocks.shape[:-1], 256)


def super_scales(blocks: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return d and dmin of each block, float32 (...,)."""
    halves = np.ascontiguousarray(blocks[..., :Q4K_SCALES_AT]).view("<f2").astype(np.float32)
    return halves[..., 0], halves[..., 1]


def sub_scales(blocks: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the eight 6-bit scales and the eight 6-bit minima of each block, int32 (..., 8)."""
    # int32 before any shift: uint8 arithmetic would overflow in silence.
    packed = blocks[..., Q4K_SCALES_AT:Q4K_NIBBLES_AT].astype(np.int32)
    first, second, third = packed[..., 0:4], packed[..., 4:8], packed[..., 8:12]
    scales = np.concatenate([first & 63, (third & 15) | ((first >> 6) << 4)], axis=-1)
    minima = np.concatenate([second & 63, (third >> 4) | ((second >> 6) << 4)], axis=-1)
    return scales, minima


def nibbles(blocks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the 4-bit quants by sub-block, uint8 (..., 8, 32), values 0 to 15.

    Of every 32 bytes the low nibbles are one sub-block and the high nibbles the next.
    """
    chunks = blocks[..., Q4K_NIBBLES_AT:].reshape(*blocks.shape[:-1], 4, 32)
    pairs = np.stack([chunks & 15, chunks >> 4], axis=-2)
    return pairs.reshape(*blocks.shape[:-1], 8, 32)
