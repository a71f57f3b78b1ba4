"""RMSNorm on a CUDA device: one warp a row, float32 throughout."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda, float32, types
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_array, require_rows
from pv.kernels.device.numba_cuda import WARP, empty, grid_for, to_device
from pv.kernels.device.numba_intrinsics import sum_of_warp


def rms_norm(
    x: NDArray[np.float32], weight: NDArray[np.float32], eps: float, *, grid: int | None = None
) -> NDArray[np.float32]:
    """Return `x / sqrt(mean(x * x) + eps) * weight` over the last axis, float32 (..., n).

    Raises:
        BadInputError: wrong dtype or shape, or a negative or non-finite eps.
    """
    require_rows("x", x, np.float32, max(x.shape[-1], 1))
    require_array("weight", weight, np.float32, (x.shape[-1],))
    if not (math.isfinite(eps) and eps >= 0):
        raise BadInputError(f"eps: found {eps}, expected a finite number of at least 0")
    rows = np.ascontiguousarray(x).reshape(-1, x.shape[-1])
    if len(rows) == 0:
        return np.empty(x.shape, dtype=np.float32)
    out = empty(rows.shape, np.float32)
    _rms_norm[grid_for(len(rows), grid), WARP](
        to_device(rows), to_device(weight), np.float32(eps), out
    )
    return np.asarray(out.copy_to_host()).reshape(x.shape)


@cuda.jit
def _rms_norm(x: Any, weight: Any, eps: Any, out: Any) -> None:
    lane = cuda.threadIdx.x
    length = x.shape[1]
    for row in range(cuda.blockIdx.x, x.shape[0], cuda.gridDim.x):
        squares = float32(0)
        for i in range(lane, length, 32):
            squares = cuda.fma(x[row, i], x[row, i], squares)
        mean = sum_of_warp(squares) / float32(length)
        factor = float32(1) / math.sqrt(mean + eps)
        for i in range(lane, length, 32):
            out[row, i] = x[row, i] * factor * weight[i]


COMPILED = (
    (
        _rms_norm,
        types.void(types.float32[:, ::1], types.float32[::1], types.float32, types.float32[:, ::1]),
    ),
)
"""Kernels with their argument types, for compilation without a device."""
