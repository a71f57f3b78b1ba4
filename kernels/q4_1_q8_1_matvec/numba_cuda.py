"""Q4_1 matrix times Q8_1 vector on a CUDA device: integers exact within a block.

Fields and quants lie apart on the device, in as many bytes as the blocks of 20 and 36, so that the
32 nibbles of a block are one aligned load. A warp takes two rows and 32 of their blocks at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, int32, int64, types, uint32
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.device.numba_cuda import Launch, empty, to_words
from pv.kernels.device.numba_intrinsics import dot4, halves, load_again, load_once
from pv.kernels.device.numba_products import emptied, paired_launch, write_pair
from pv.kernels.layout import Q4_1_BYTES, Q8_1_BYTES


def matvec(
    blocks: NDArray[np.uint8], activation: NDArray[np.uint8], *, grid: int | None = None
) -> NDArray[np.float32]:
    """Multiply Q4_1 rows, uint8 (rows, nb, 20), with blocks, uint8 (nb, 36); float32 (rows,).

    Each lane adds a block's scaled integers and its minimum times the activation's sum with fused
    multiply-adds, then lanes are added as a tree and warps in turn: judge the result by its bound,
    not by bits. A thread block of the `grid` takes two rows at a time.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all in a row.
    """
    launch = launch_of(blocks, activation, grid=grid)
    return np.asarray(launch.run().copy_to_host()) if len(blocks) else np.empty(0, np.float32)


def launch_of(
    blocks: NDArray[np.uint8], activation: NDArray[np.uint8], *, grid: int | None = None
) -> Launch:
    """Copy the arguments to the device and return the launch of the product."""
    require_array("q4_1 matrix", blocks, np.uint8, (None, None, Q4_1_BYTES))
    rows, per_row = blocks.shape[:2]
    require_array("q8_1 activation", activation, np.uint8, (max(per_row, 1), Q8_1_BYTES))
    parts = [each for whole in (blocks, activation) for each in (whole[..., :4], whole[..., 4:])]
    arguments = (*(to_words(part) for part in parts), empty(rows, np.float32))
    return paired_launch(_matvec, arguments, rows, per_row // 8, grid, rows_a_warp=2)


@cuda.jit(device=True, inline="always")
def _dot32(nibbles: Any, low: Any, high: Any) -> Any:
    """Return the sum of the products of 32 nibbles; the low ones are the first 16 values."""
    mask = uint32(0x0F0F0F0F)
    total = dot4(nibbles[0] & mask, low[0], int32(0))
    total = dot4(nibbles[1] & mask, low[1], total)
    total = dot4(nibbles[2] & mask, low[2], total)
    total = dot4(nibbles[3] & mask, low[3], total)
    total = dot4((nibbles[0] >> uint32(4)) & mask, high[0], total)
    total = dot4((nibbles[1] >> uint32(4)) & mask, high[1], total)
    total = dot4((nibbles[2] >> uint32(4)) & mask, high[2], total)
    return dot4((nibbles[3] >> uint32(4)) & mask, high[3], total)


@cuda.jit(device=True, inline="always")
def _add(field: Any, nibbles: Any, ys: Any, fields: Any, total: Any) -> Any:
    """Add a block to a chain; the product of two float16 is exact in float32."""
    d, minimum = halves(field)
    products = float32(_dot32(nibbles, ys[0], ys[1]))
    return cuda.fma(minimum, fields[1], cuda.fma(d * fields[0], products, total))


@cuda.jit
def _matvec(fields: Any, nibbles: Any, sums: Any, quants: Any, out: Any) -> None:
    partial = cuda.shared.array(8, float32)
    emptied(partial)
    lane, stride = cuda.threadIdx.x, int32(32 * cuda.blockDim.y)
    rows, per_row = int32(out.shape[0]), int32(sums.shape[0])
    row = int32(2 * cuda.blockIdx.x)
    while row < rows:
        first = int64(row) * per_row
        second = int64(min(int32(row + 1), int32(rows - 1))) * per_row
        total, other = float32(0), float32(0)
        b = int32(32 * cuda.threadIdx.y + lane)
        while b < per_row:
            ys = load_again(quants, int32(8 * b)), load_again(quants, int32(8 * b + 4))
            pair, at = halves(sums[b]), first + b
            total = _add(fields[at], load_once(nibbles, 4 * at), ys, pair, total)
            at = second + b
            other = _add(fields[at], load_once(nibbles, 4 * at), ys, pair, other)
            b = int32(b + stride)
        write_pair(partial, out, row, total, other)
        row = int32(row + 2 * cuda.gridDim.x)


COMPILED = ((_matvec, types.void(*[types.uint32[::1]] * 4, types.float32[::1])),)
"""Kernels with their argument types, for compilation without a device."""
