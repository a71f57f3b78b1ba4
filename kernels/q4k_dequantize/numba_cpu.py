"""Q4_K blocks to float32 in compiled loops, bit for bit what ggml gives."""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_rows
from pv.kernels.layout import Q4K_BYTES

BYTES_2D = types.Array(types.uint8, 2, "C", readonly=True)
FLOATS_2D = types.Array(types.float32, 2, "C", readonly=True)


def dequantize(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn Q4_K blocks, uint8 (..., 144), into their weights, float32 (..., 256).

    Raises:
        BadInputError: not uint8, or the last axis is not 144.
    """
    require_rows("q4_k blocks", blocks, np.uint8, Q4K_BYTES)
    flat = np.ascontiguousarray(blocks).reshape(-1, Q4K_BYTES)
    weights = np.empty((len(flat), 256), dtype=np.float32)
    _dequantize(flat, half_pairs(flat), weights)
    return weights.reshape(*blocks.shape[:-1], 256)


def half_pairs(flat: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return d and dmin of blocks uint8 (n, 144) as float32 (n, 2); Numba has no f16 on a CPU."""
    return np.ascontiguousarray(flat[:, :4]).view("<f2").astype(np.float32)


@njit
def unpack(
    blocks: NDArray[np.uint8], b: int, scales: NDArray[np.int32], minima: NDArray[np.int32]
) -> None:
    """Fill the eight 6-bit scales and minima of block b.

    Blocks are indexed whole: a view of one block would cost a reference count each.
    """
    six, four = np.int32(63), np.int32(15)
    for j in range(4):
        low, middle = np.int32(blocks[b, 4 + j]), np.int32(blocks[b, 8 + j])
        high = np.int32(blocks[b, 12 + j])
        scales[j], minima[j] = low & six, middle & six
        scales[4 + j] = (high & four) | ((low >> np.int32(6)) << np.int32(4))
        minima[4 + j] = (high >> np.int32(4)) | ((middle >> np.int32(6)) << np.int32(4))


@njit(types.void(BYTES_2D, FLOATS_2D, types.float32[:, ::1]))
def _dequantize(
    blocks: NDArray[np.uint8], halves: NDArray[np.float32], weights: NDArray[np.float32]
) -> None:
    scales, minima = np.empty(8, np.int32), np.empty(8, np.int32)
    for b in range(blocks.shape[0]):
        unpack(blocks, b, scales, minima)
        for chunk in range(4):
            low_step = halves[b, 0] * np.float32(scales[2 * chunk])
            low_offset = halves[b, 1] * np.float32(minima[2 * chunk])
            high_step = halves[b, 0] * np.float32(scales[2 * chunk + 1])
            high_offset = halves[b, 1] * np.float32(minima[2 * chunk + 1])
            for i in range(32):
                byte = blocks[b, 16 + 32 * chunk + i]
                weights[b, 64 * chunk + i] = low_step * np.float32(byte & 15) - low_offset
                weights[b, 64 * chunk + 32 + i] = high_step * np.float32(byte >> 4) - high_offset
