"""Q4_K matrix times Q8_K vector on a CUDA device: integers exact within a block.

A warp takes two rows and four of their blocks at a time, eight lanes a block: a lane loads the head
of its block, 16 bytes of nibbles and the 32 quants that belong to them, once for both rows. Long
rows are shared by up to four warps of a thread block.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, int32, int64, types, uint32
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.device.numba_cuda import Launch, empty, to_device, to_words
from pv.kernels.device.numba_intrinsics import dot4, halves, load_again, load_once
from pv.kernels.device.numba_products import (
    emptied,
    paired_launch,
    sub_scale_pairs,
    sum16,
    write_pair,
)
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES, Q8K


def matvec(
    blocks: NDArray[np.uint8], activation: Q8K, *, grid: int | None = None
) -> NDArray[np.float32]:
    """Multiply Q4_K rows, uint8 (rows, nb, 144), with a quantised vector of nb blocks.

    Each lane scales its integers once a block with fused multiply-adds, then lanes are added as a
    tree and warps in turn: judge the result by its bound, not by bits. A thread block of the `grid`
    takes two rows at a time.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all in a row.
    """
    launch = launch_of(blocks, activation, grid=grid)
    return np.asarray(launch.run().copy_to_host()) if len(blocks) else np.empty(0, np.float32)


def launch_of(blocks: NDArray[np.uint8], activation: Q8K, *, grid: int | None = None) -> Launch:
    """Copy the arguments to the device and return the launch of the product."""
    require_array("q4_k matrix", blocks, np.uint8, (None, None, Q4K_BYTES))
    rows, per_row = blocks.shape[:2]
    require_array("q8_k scale", activation.scale, np.float32, (max(per_row, 1),))
    require_array("q8_k quants", activation.quants, np.int8, (per_row, BLOCK_VALUES))
    scale, quants = to_device(activation.scale), to_words(activation.quants)
    arguments = (to_words(blocks), scale, quants, empty(rows, np.float32))
    return paired_launch(_matvec, arguments, rows, per_row, grid, rows_a_warp=2)


@cuda.jit(device=True, inline="always")
def _block(words: Any, at: Any, piece: Any, low: Any, high: Any, sums: Any) -> Any:
    """Return (d, dmin, products, minima) of a lane's 32 weights in the block at word `at`."""
    head = load_once(words, at)
    nibbles = load_once(words, at + 4 + 4 * piece)
    scales, minima = sub_scale_pairs(head, piece >> 1)
    mask = uint32(0x0F0F0F0F)
    below = dot4(nibbles[0] & mask, low[0], int32(0))
    below = dot4(nibbles[1] & mask, low[1], below)
    below = dot4(nibbles[2] & mask, low[2], below)
    below = dot4(nibbles[3] & mask, low[3], below)
    above = dot4((nibbles[0] >> uint32(4)) & mask, high[0], int32(0))
    above = dot4((nibbles[1] >> uint32(4)) & mask, high[1], above)
    above = dot4((nibbles[2] >> uint32(4)) & mask, high[2], above)
    above = dot4((nibbles[3] >> uint32(4)) & mask, high[3], above)
    d, dmin = halves(head[0])
    products = int32(scales & uint32(63)) * below + int32(scales >> uint32(8)) * above
    lowered = int32(minima & uint32(63)) * sums[0] + int32(minima >> uint32(8)) * sums[1]
    return d, dmin, float32(int32(products)), float32(int32(lowered))


@cuda.jit
def _matvec(words: Any, scale: Any, quants: Any, out: Any) -> None:
    partial = cuda.shared.array(8, float32)
    emptied(partial)
    lane, stride = cuda.threadIdx.x, int32(4 * cuda.blockDim.y)
    piece = int32(lane & 7)
    rows, per_row = int32(out.shape[0]), int32(scale.shape[0])
    row = int32(2 * cuda.blockIdx.x)
    while row < rows:
        first = 36 * (int64(row) * per_row)
        second = 36 * (int64(min(int32(row + 1), int32(rows - 1))) * per_row)
        total, other = float32(0), float32(0)
        b = int32(4 * cuda.threadIdx.y + (lane >> 3))
        while b < per_row:
            place = int32(64 * b + 16 * (piece >> 1) + 4 * (piece & 1))
            low, high = load_again(quants, place), load_again(quants, int32(place + 8))
            sums, step = (sum16(low), sum16(high)), scale[b]
            d, dmin, products, minima = _block(words, first + 36 * b, piece, low, high, sums)
            total = cuda.fma(d * step, products, total)
            total = cuda.fma(-(dmin * step), minima, total)
            d, dmin, products, minima = _block(words, second + 36 * b, piece, low, high, sums)
            other = cuda.fma(d * step, products, other)
            other = cuda.fma(-(dmin * step), minima, other)
            b = int32(b + stride)
        write_pair(partial, out, row, total, other)
        row = int32(row + 2 * cuda.gridDim.x)


COMPILED = (
    (
        _matvec,
        types.void(types.uint32[::1], types.float32[::1], types.uint32[::1], types.float32[::1]),
    ),
)
"""Kernels with their argument types, for compilation without a device."""
