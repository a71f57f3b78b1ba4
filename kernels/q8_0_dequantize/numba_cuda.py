"""Q8_0 blocks to float32 on a CUDA device: one warp a block, one weight a lane."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, int8, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_rows
from pv.kernels.device.numba_cuda import WARP, empty, grid_for, to_device
from pv.kernels.layout import Q8_0_BYTES, SHORT_BLOCK_VALUES


def dequantize(blocks: NDArray[np.uint8], *, grid: int | None = None) -> NDArray[np.float32]:
    """Turn Q8_0 blocks, uint8 (..., 34), into their weights, float32 (..., 32).

    Raises:
        BadInputError: not uint8, or the last axis is not 34.
    """
    require_rows("q8_0 blocks", blocks, np.uint8, Q8_0_BYTES)
    flat = np.ascontiguousarray(blocks).reshape(-1, Q8_0_BYTES)
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
        d = float32(halves[b, 0])
        weights[b, lane] = d * float32(int8(blocks[b, 2 + lane]))  # 19 bits: exact


COMPILED = (
    (_dequantize, types.void(types.uint8[:, ::1], types.float16[:, ::1], types.float32[:, ::1])),
)
"""Kernels with their argument types, for compilation without a device."""
