"""Softmax on a CUDA device: one warp a row, float32 throughout."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_rows
from pv.kernels.device.numba_cuda import (
    WARP,
    empty,
    exponential,
    grid_for,
    to_device,
)
from pv.kernels.device.numba_intrinsics import max_of_warp, sum_of_warp


def softmax(x: NDArray[np.float32], *, grid: int | None = None) -> NDArray[np.float32]:
    """Return `exp(x - max) / sum(exp(x - max))` over the last axis, float32 (..., n).

    Raises:
        BadInputError: wrong dtype, or an empty last axis.
    """
    require_rows("x", x, np.float32, max(x.shape[-1], 1))
    rows = np.ascontiguousarray(x).reshape(-1, x.shape[-1])
    if len(rows) == 0:
        return np.empty(x.shape, dtype=np.float32)
    out = empty(rows.shape, np.float32)
    _softmax[grid_for(len(rows), grid), WARP](to_device(rows), out)
    return np.asarray(out.copy_to_host()).reshape(x.shape)


@cuda.jit
def _softmax(x: Any, out: Any) -> None:
    lane = cuda.threadIdx.x
    length = x.shape[1]
    for row in range(cuda.blockIdx.x, x.shape[0], cuda.gridDim.x):
        top = x[row, 0]
        for i in range(lane, length, 32):
            top = max(top, x[row, i])
        top = max_of_warp(top)
        total = float32(0)
        for i in range(lane, length, 32):
            power = exponential(x[row, i] - top)
            out[row, i] = power
            total += power
        total = sum_of_warp(total)
        for i in range(lane, length, 32):  # each lane reads back what it wrote itself
            out[row, i] = out[row, i] / total


COMPILED = ((_softmax, types.void(types.float32[:, ::1], types.float32[:, ::1])),)
"""Kernels with their argument types, for compilation without a device."""
