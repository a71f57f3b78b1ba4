"""Q4_K blocks to float32 on a CUDA device: one warp a block, one byte a lane and step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, int32, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_rows
from pv.kernels.device.numba_cuda import WARP, empty, grid_for, to_device
from pv.kernels.layout import Q4K_BYTES


def dequantize(blocks: NDArray[np.uint8], *, grid: int | None = None) -> NDArray[np.float32]:
    """Turn Q4_K blocks, uint8 (..., 144), into their weights, float32 (..., 256).

    Raises:
        BadInputError: not uint8, or the last axis is not 144.
    """
    require_rows("q4_k blocks", blocks, np.uint8, Q4K_BYTES)
    flat = np.ascontiguousarray(blocks).reshape(-1, Q4K_BYTES)
    if len(flat) == 0:
        return np.empty((*blocks.shape[:-1], 256), dtype=np.float32)
    weights = empty((len(flat), 256), np.float32)
    _dequantize[grid_for(len(flat), grid), WARP](
        to_device(flat), to_device(flat.view("<f2")), weights
    )
    return np.asarray(weights.copy_to_host()).reshape(*blocks.shape[:-1], 256)


@cuda.jit(device=True, inline="always")
def scale_at(blocks: Any, b: Any, j: Any) -> Any:
    """Return the 6-bit scale of sub-block j of block b."""
    if j < 4:
        return int32(blocks[b, 4 + j]) & int32(63)
    return (int32(blocks[b, 8 + j]) & int32(15)) | ((int32(blocks[b, j]) >> int32(6)) << int32(4))


@cuda.jit(device=True, inline="always")
def minimum_at(blocks: Any, b: Any, j: Any) -> Any:
    """Return the 6-bit minimum of sub-block j of block b."""
    if j < 4:
        return int32(blocks[b, 8 + j]) & int32(63)
    return (int32(blocks[b, 8 + j]) >> int32(4)) | (
        (int32(blocks[b, 4 + j]) >> int32(6)) << int32(4)
    )


@cuda.jit
def _dequantize(blocks: Any, halves: Any, weights: Any) -> None:
    lane = cuda.threadIdx.x
    for b in range(cuda.blockIdx.x, blocks.shape[0], cuda.gridDim.x):
        d, dmin = float32(halves[b, 0]), float32(halves[b, 1])
        for chunk in range(4):
            byte = int32(blocks[b, 16 + 32 * chunk + lane])
            for half in range(2):
                j = 2 * chunk + half
                nibble = (byte >> int32(4 * half)) & int32(15)
                step = d * float32(scale_at(blocks, b, j))
                offset = dmin * float32(minimum_at(blocks, b, j))
                weights[b, 32 * j + lane] = step * float32(nibble) - offset


COMPILED = (
    (_dequantize, types.void(types.uint8[:, ::1], types.float16[:, ::1], types.float32[:, ::1])),
)
"""Kernels with their argument types, for compilation without a device."""
