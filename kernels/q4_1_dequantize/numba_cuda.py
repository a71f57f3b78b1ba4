"""Q4_1 blocks to float32 on a CUDA device: one warp a block, one weight a lane."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, int32, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_rows
from pv.kernels.device.numba_cuda import WARP, empty, grid_for, to_device
from pv.kernels.layout import Q4_1_BYTES, SHORT_BLOCK_VALUES


def dequantize(blocks: NDArray[np.uint8], *, grid: int | None = None) -> NDArray[np.float32]:
    """Turn Q4_1 blocks, uint8 (..., 20), into their weights, float32 (..., 32).

    Raises:
        BadInputError: not uint8, or the last axis is not 20.
    """
    require_rows("q4_1 blocks", blocks, np.uint8, Q4_1_BYTES)
    flat = np.ascontiguousarray(blocks).reshape(-1, Q4_1_BYTES)
    if len(flat) == 0:
        return np.empty((*blocks.shape[:-1], SHORT_BLOCK_VALUES), dtype=np.float32)
    weights = empty((len(flat), SHORT_BLOCK_VALUES), np.float32)
    _dequantize[grid_for(len(flat), grid), WARP](
        to_device(flat), to_device(flat.view("<f2")), weights
    )
    return np.asarray(weights.copy_to_host()).reshape(*blocks.shape[:-1], SHORT_BLOCK_VALUES)


@cuda.jit
def _dequantize(blocks: Any, halves: Any, weights: Any) -> None:
    lane = cuda.threadIdx.x
    for b in range(cuda.blockIdx.x, blocks.shape[0], cuda.gridDim.x):
        byte = int32(blocks[b, 4 + (lane & 15)])
        nibble = int32((byte >> int32(4 * (lane >> 4))) & int32(15))
        # The product is exact, so that a fused addition changes nothing.
        weights[b, lane] = float32(halves[b, 0]) * float32(nibble) + float32(halves[b, 1])


COMPILED = (
    (_dequantize, types.void(types.uint8[:, ::1], types.float16[:, ::1], types.float32[:, ::1])),
)
"""Kernels with their argument types, for compilation without a device."""
