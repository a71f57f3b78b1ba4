"""Q8_0 matrix times Q8_0 vector on a CUDA device: integers exact within a block.

Scales and quants lie apart on the device, in as many bytes as the blocks of 34, so that 16 quants
are one aligned load. A warp takes two rows and 16 of their blocks at a time, two lanes a block.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, int32, int64, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.device.numba_cuda import Launch, empty, to_device, to_words
from pv.kernels.device.numba_intrinsics import dot4, load_again, load_once
from pv.kernels.device.numba_products import emptied, paired_launch, write_pair
from pv.kernels.layout import Q8_0_BYTES


def matvec(
    blocks: NDArray[np.uint8], activation: NDArray[np.uint8], *, grid: int | None = None
) -> NDArray[np.float32]:
    """Multiply Q8_0 rows, uint8 (rows, nb, 34), with blocks, uint8 (nb, 34); float32 (rows,).

    Each lane adds half a block's scaled integers with a fused multiply-add, then lanes are added as
    a tree and warps in turn: judge the result by its bound, not by bits. A thread block of the
    `grid` takes two rows at a time.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all in a row.
    """
    launch = launch_of(blocks, activation, grid=grid)
    return np.asarray(launch.run().copy_to_host()) if len(blocks) else np.empty(0, np.float32)


def launch_of(
    blocks: NDArray[np.uint8], activation: NDArray[np.uint8], *, grid: int | None = None
) -> Launch:
    """Copy the arguments to the device and return the launch of the product."""
    require_array("q8_0 matrix", blocks, np.uint8, (None, None, Q8_0_BYTES))
    rows, per_row = blocks.shape[:2]
    require_array("q8_0 activation", activation, np.uint8, (max(per_row, 1), Q8_0_BYTES))
    parts = [part for each in (blocks, activation) for part in (_scales(each), each[..., 2:])]
    d, w, step, y = (
        to_device(part) if part.dtype == np.float16 else to_words(part) for part in parts
    )
    arguments = (d, w, step, y, empty(rows, np.float32))
    return paired_launch(_matvec, arguments, rows, per_row // 4, grid, rows_a_warp=2)


def _scales(blocks: NDArray[np.uint8]) -> NDArray[np.float16]:
    return np.ascontiguousarray(blocks[..., :2]).reshape(-1).view("<f2")


@cuda.jit(device=True, inline="always")
def _dot16(w: Any, y: Any) -> Any:
    total = dot4(w[1], y[1], dot4(w[0], y[0], int32(0)))
    return dot4(w[3], y[3], dot4(w[2], y[2], total))


@cuda.jit
def _matvec(d: Any, w: Any, step: Any, y: Any, out: Any) -> None:
    partial = cuda.shared.array(8, float32)
    emptied(partial)
    lane, stride = cuda.threadIdx.x, int32(16 * cuda.blockDim.y)
    half = int32(4 * (lane & 1))
    rows, per_row = int32(out.shape[0]), int32(step.shape[0])
    row = int32(2 * cuda.blockIdx.x)
    while row < rows:
        first = int64(row) * per_row
        second = int64(min(int32(row + 1), int32(rows - 1))) * per_row
        total, other = float32(0), float32(0)
        b = int32(16 * cuda.threadIdx.y + (lane >> 1))
        while b < per_row:
            quants, scale = load_again(y, int32(8 * b + half)), float32(step[b])
            products = _dot16(load_once(w, 8 * (first + b) + half), quants)
            # The product of two float16 is exact in float32.
            total = cuda.fma(float32(d[first + b]) * scale, float32(products), total)
            products = _dot16(load_once(w, 8 * (second + b) + half), quants)
            other = cuda.fma(float32(d[second + b]) * scale, float32(products), other)
            b = int32(b + stride)
        write_pair(partial, out, row, total, other)
        row = int32(row + 2 * cuda.gridDim.x)


COMPILED = (
    (
        _matvec,
        types.void(
            types.float16[::1],
            types.uint32[::1],
            types.float16[::1],
            types.uint32[::1],
            types.float32[::1],
        ),
    ),
)
"""Kernels with their argument types, for compilation without a device."""
