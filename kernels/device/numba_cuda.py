"""Device functions of the CUDA kernels, each with a form that the simulator can run.

Device functions are inlined: a call between compiled functions would need a driver at compile time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
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

    def within(registers: int) -> Any:  # noqa: ARG001 - one signature in both
        """Return the decorator of a kernel; the simulator knows no registers."""
        return cuda.jit

else:

    @cuda.jit(device=True, inline="always")
    def multiply(a: Any, b: Any) -> Any:
        """Return a * b, rounded, in a form the compiler must not fuse with an addition."""
        return cuda.libdevice.fmul_rn(a, b)

    @cuda.jit(device=True, inline="always")
    def exponential(x: Any) -> Any:
        """Return exp(x) in float32; infinity where it overflows."""
        return math.exp(x)

    def within(registers: int) -> Any:
        """Return the decorator of a kernel that the assembler must fit into so many registers."""
        return cuda.jit(max_registers=registers)


@cuda.jit(device=True, inline="always")
def nearest(value: Any) -> Any:
    """Round half to even; NaN and what needs more than 23 bits become 0, as their low byte in C."""
    return int32((value + _ROUNDER) - _ROUNDER) if abs(value) < _REACH else int32(0)


def to_device(array: NDArray[Any]) -> Any:
    """Copy an array to the device, contiguous and aligned."""
    return cuda.to_device(np.require(array, requirements=["C", "A"]))


def to_words(fields: NDArray[Any]) -> Any:
    """Copy bytes to the device as flat 32-bit words, which 16-byte loads can read."""
    return to_device(np.ascontiguousarray(fields).reshape(-1).view("<u4"))


def empty(shape: int | tuple[int, ...], dtype: Any) -> Any:
    """Return an uninitialised array on the device."""
    return cuda.device_array(shape, dtype)


@dataclass(frozen=True)
class Launch:
    """A kernel with everything it needs on the device; it may be started again and again."""

    kernel: Any
    blocks: int
    """Thread blocks."""
    threads: tuple[int, int]
    """Threads of a block: lanes, warps."""
    arguments: tuple[Any, ...]
    """Arrays on the device, the output last."""

    def start(self) -> None:
        """Queue the kernel; on a device this does not wait for it."""
        self.kernel[self.blocks, self.threads](*self.arguments)

    def run(self) -> Any:
        """Queue the kernel and return its output, on the device."""
        self.start()
        return self.arguments[-1]


def grid_for(rows: int, grid: int | None) -> int:
    """Return the number of thread blocks for `rows`, or the asked-for number."""
    return min(rows, MOST_BLOCKS) if grid is None else grid
