"""Float32 to Q8_K on a CUDA device, in both conventions: one warp a block, eight values a lane."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, int8, int16, int32, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_finite, require_rows
from pv.kernels.device.numba_cuda import (
    WARP,
    empty,
    grid_for,
    multiply,
    nearest,
    to_device,
)
from pv.kernels.device.numba_intrinsics import max_of_warp
from pv.kernels.layout import BLOCK_VALUES, Q8K

_TINY_RUST = float32(1e-10)


def quantize_ggml(x: NDArray[np.float32], *, grid: int | None = None) -> Q8K:
    """Quantise float32 (..., 256) as ggml does, bit for bit.

    Raises:
        BadInputError: wrong dtype or shape, or a NaN or infinity.
    """
    return _run(_ggml, x, grid)


def quantize_rust(x: NDArray[np.float32], *, grid: int | None = None) -> Q8K:
    """Quantise float32 (..., 256) as the upstream Rust code does.

    Raises:
        BadInputError: wrong dtype or shape, or a NaN or infinity.
    """
    return _run(_rust, x, grid)


def _run(kernel: Any, x: NDArray[np.float32], grid: int | None) -> Q8K:
    require_rows("activations", x, np.float32, BLOCK_VALUES)
    require_finite("activations", x)
    leading, count = x.shape[:-1], x.size // BLOCK_VALUES
    if count == 0:
        shapes = (leading, x.shape, (*leading, 16))
        dtypes = (np.float32, np.int8, np.int16)
        return Q8K(*(np.empty(s, d) for s, d in zip(shapes, dtypes, strict=True)))
    rows = to_device(np.ascontiguousarray(x).reshape(count, BLOCK_VALUES))
    scale, quants = empty(count, np.float32), empty((count, BLOCK_VALUES), np.int8)
    bsums = empty((count, 16), np.int16)
    kernel[grid_for(count, grid), WARP](rows, scale, quants, bsums)
    return Q8K(
        scale.copy_to_host().reshape(leading),
        quants.copy_to_host().reshape(x.shape),
        bsums.copy_to_host().reshape(*leading, 16),
    )


@cuda.jit(device=True, inline="always")
def _first_largest(x: Any, b: Any, lane: Any, magnitudes: Any, places: Any) -> None:
    """Leave in places[0] where the largest magnitude of block b stands first, 256 if all are 0."""
    largest, place = float32(0), int32(256)
    for k in range(8):
        magnitude = abs(x[b, lane + 32 * k])
        if magnitude > largest:
            largest, place = magnitude, int32(lane + 32 * k)
    cuda.syncthreads()  # the arrays may still be read for the block before
    magnitudes[lane], places[lane] = largest, place
    cuda.syncthreads()
    for step in (16, 8, 4, 2, 1):
        if lane < step:
            other, ours = magnitudes[lane + step], magnitudes[lane]
            if other > ours or (other == ours and places[lane + step] < places[lane]):
                magnitudes[lane], places[lane] = other, places[lane + step]
        cuda.syncthreads()


@cuda.jit(device=True, inline="always")
def _sum_groups(quants: Any, bsums: Any, b: Any, lane: Any) -> None:
    cuda.syncthreads()  # each lane reads what other lanes wrote
    if lane < 16:
        total = int32(0)
        for i in range(16):
            total += int32(quants[b, 16 * lane + i])
        bsums[b, lane] = int16(total)


@cuda.jit
def _ggml(x: Any, scale: Any, quants: Any, bsums: Any) -> None:
    magnitudes = cuda.shared.array(32, float32)
    places = cuda.shared.array(32, int32)
    lane = cuda.threadIdx.x
    for b in range(cuda.blockIdx.x, x.shape[0], cuda.gridDim.x):
        _first_largest(x, b, lane, magnitudes, places)
        filled = places[0] < 256
        factor = float32(-127.0) / x[b, places[0]] if filled else float32(0)
        for k in range(8):
            rounded = nearest(multiply(factor, x[b, lane + 32 * k]))
            quants[b, lane + 32 * k] = int8(min(rounded, int32(127)))
        if lane == 0:
            scale[b] = float32(1.0) / factor if filled else float32(0)
        _sum_groups(quants, bsums, b, lane)


@cuda.jit(device=True, inline="always")
def _away(value: Any) -> Any:
    """Round half away from zero and clip to [-128, 127]."""
    magnitude = abs(value)
    whole = int32(magnitude)
    if magnitude - float32(whole) >= float32(0.5):  # exact: both are below 2**23
        whole += int32(1)
    return min(whole, int32(127)) if value >= float32(0) else -min(whole, int32(128))


@cuda.jit
def _rust(x: Any, scale: Any, quants: Any, bsums: Any) -> None:
    lane = cuda.threadIdx.x
    for b in range(cuda.blockIdx.x, x.shape[0], cuda.gridDim.x):
        largest = float32(0)
        for k in range(8):
            largest = max(largest, abs(x[b, lane + 32 * k]))
        largest = max_of_warp(largest)
        filled = largest > _TINY_RUST
        step = (largest if filled else float32(1.0)) / float32(127.0)
        inverse = float32(1.0) / step if filled else float32(0)
        for k in range(8):
            quants[b, lane + 32 * k] = int8(_away(multiply(x[b, lane + 32 * k], inverse)))
        if lane == 0:
            scale[b] = step
        _sum_groups(quants, bsums, b, lane)


_SIGNATURE = types.void(
    types.float32[:, ::1], types.float32[::1], types.int8[:, ::1], types.int16[:, ::1]
)
COMPILED = ((_ggml, _SIGNATURE), (_rust, _SIGNATURE))
"""Kernels with their argument types, for compilation without a device."""
