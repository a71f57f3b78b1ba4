"""Q6_K blocks to float32 on a CUDA device: one warp a block, eight weights a lane."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, int8, int32, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_rows
from pv.kernels.device.numba_cuda import WARP, empty, grid_for, to_device
from pv.kernels.layout import BLOCK_VALUES, Q6K_BYTES


def dequantize(blocks: NDArray[np.uint8], *, grid: int | None = None) -> NDArray[np.float32]:
    """Turn Q6_K blocks, uint8 (..., 210), into their weights, float32 (..., 256).

    Raises:
        BadInputError: not uint8, or the last axis is not 210.
    """
    require_rows("q6_k blocks", blocks, np.uint8, Q6K_BYTES)
    flat = np.ascontiguousarray(blocks).reshape(-1, Q6K_BYTES)
    if len(flat) == 0:
        return np.empty((*blocks.shape[:-1], BLOCK_VALUES), dtype=np.float32)
    weights = empty((len(flat), BLOCK_VALUES), np.float32)
    _dequantize[grid_for(len(flat), grid), WARP](
        to_device(flat), to_device(flat.view("<f2")), weights
    )
    return np.asarray(weights.copy_to_host()).reshape(*blocks.shape[:-1], BLOCK_VALUES)


@cuda.jit
def _dequantize(blocks: Any, halves: Any, weights: Any) -> None:
    lane = cuda.threadIdx.x
    for b in range(cuda.blockIdx.x, blocks.shape[0], cuda.gridDim.x):
        d = float32(halves[b, 104])
        for k in range(8):  # quarters of 32 weights, four in each half of the block
            half, quarter = k >> 2, k & 3
            low = int32(blocks[b, 64 * half + 32 * (quarter & 1) + lane])
            high = int32(blocks[b, 128 + 32 * half + lane])
            nibble = (low >> int32(4 * (quarter >> 1))) & int32(15)
            pair = (high >> int32(2 * quarter)) & int32(3)
            scale = int8(blocks[b, 192 + 2 * k + (lane >> 4)])
            quant = int32((nibble | (pair << int32(4))) - int32(32))
            # d * scale is exact: one rounding, as in the reference.
            weights[b, 32 * k + lane] = (d * float32(scale)) * float32(quant)


COMPILED = (
    (_dequantize, types.void(types.uint8[:, ::1], types.float16[:, ::1], types.float32[:, ::1])),
)
"""Kernels with their argument types, for compilation without a device."""
