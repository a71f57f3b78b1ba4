"""Device functions of the CUDA kernels, each with a form that the simulator can run.

Device functions are inlined: a call between compiled functions would need a driver at compile time.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import config, cuda, float32, int32
from numpy.typing import NDArray

WARP = 32
"""Threads that work on one row."""
MOST_BLOCKS = 65535
"""Largest grid the kernels ask for; rows beyond it are reached by strides."""

_ROUNDER = float32(12582912.0)
_REACH = float32(4194304.0)


if config.ENABLE_CUDASIM:

    @cuda.jit(device=True, inline="always")
    def multiply(a: Any, b: Any) -> Any:
        """Return a * b, rounded, in a form the compiler must not fuse with an addition."""
        return a * b

    @cuda.jit(device=True, inline="always")
    def exponential(x: Any) -> Any:
        """Return exp(x) in float32; infinity where it overflows, which Python's own refuses."""
        return np.exp(x)

else:

    @cuda.jit(device=True, inline="always")
    def multiply(a: Any, b: Any) -> Any:
        """Return a * b, rounded, in a form the compiler must not fuse with an addition."""
        return cuda.libdevice.fmul_rn(a, b)

    @cuda.jit(device=True, inline="always")
    def exponential(x: Any) -> Any:
        """Return exp(x) in float32; infinity where it overflows."""
        return math.exp(x)


@cuda.jit(device=True, inline="always")
def nearest(value: Any) -> Any:
    """Round half to even; NaN and what needs more than 23 bits become 0, as their low byte in C."""
    return int32((value + _ROUNDER) - _ROUNDER) if abs(value) < _REACH else int32(0)


@cuda.jit(device=True, inline="always")
def warp_sum(partial: Any, lane: Any, value: Any) -> Any:
    """Return the sum of the lanes' float32 values, added as a tree; every lane must take part."""
    cuda.syncthreads()  # the array may still be read from the sum before
    partial[lane] = value
    cuda.syncthreads()
    for step in (16, 8, 4, 2, 1):
        if lane < step:
            partial[lane] += partial[lane + step]
        cuda.syncthreads()
    return partial[0]


@cuda.jit(device=True, inline="always")
def warp_max(partial: Any, lane: Any, value: Any) -> Any:
    """Return the largest of the lanes' float32 values; every lane must take part."""
    cuda.syncthreads()
    partial[lane] = value
    cuda.syncthreads()
    for step in (16, 8, 4, 2, 1):
        if lane < step:
            partial[lane] = max(partial[lane], partial[lane + step])
        cuda.syncthreads()
    return partial[0]


def to_device(array: NDArray[Any]) -> Any:
    """Copy an array to the device, contiguous and aligned."""
    return cuda.to_device(np.require(array, requirements=["C", "A"]))


def empty(shape: int | tuple[int, ...], dtype: Any) -> Any:
    """Return an uninitialised array on the device."""
    return cuda.device_array(shape, dtype)


def grid_for(rows: int, grid: int | None) -> int:
    """Return the number of thread blocks for `rows`, or the asked-for number."""
    return min(rows, MOST_BLOCKS) if grid is None else grid
