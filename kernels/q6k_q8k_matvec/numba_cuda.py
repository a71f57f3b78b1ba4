"""Q6_K matrix times Q8_K vector on a CUDA device: integers exact within a block.

A block of 210 bytes would leave every load of 16 unaligned, so that its four fields lie apart on
the device, in as many bytes. A warp takes two rows and four of their blocks at a time, eight lanes
a block: a lane has 32 weights, 16 in the low nibbles of its 16 bytes and 16 in the high ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, int8, int32, int64, types, uint32
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.device.numba_cuda import Launch, empty, to_device, to_words
from pv.kernels.device.numba_intrinsics import dot4, load_again, load_once
from pv.kernels.device.numba_products import emptied, paired_launch, sum16, write_pair
from pv.kernels.layout import (
    BLOCK_VALUES,
    Q6K_BYTES,
    Q6K_D_AT,
    Q6K_HIGH_AT,
    Q6K_SCALES_AT,
    Q8K,
)


def matvec(
    blocks: NDArray[np.uint8], activation: Q8K, *, grid: int | None = None
) -> NDArray[np.float32]:
    """Multiply Q6_K rows, uint8 (rows, nb, 210), with a quantised vector of nb blocks.

    Each lane scales its integers once a block with a fused multiply-add, then lanes are added as a
    tree and warps in turn: judge the result by its bound, not by bits. A thread block of the `grid`
    takes two rows at a time.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all in a row.
    """
    launch = launch_of(blocks, activation, grid=grid)
    return np.asarray(launch.run().copy_to_host()) if len(blocks) else np.empty(0, np.float32)


def launch_of(blocks: NDArray[np.uint8], activation: Q8K, *, grid: int | None = None) -> Launch:
    """Copy the arguments to the device and return the launch of the product."""
    require_array("q6_k matrix", blocks, np.uint8, (None, None, Q6K_BYTES))
    rows, per_row = blocks.shape[:2]
    require_array("q8_k scale", activation.scale, np.float32, (max(per_row, 1),))
    require_array("q8_k quants", activation.quants, np.int8, (per_row, BLOCK_VALUES))
    arguments = (
        to_words(blocks[..., :Q6K_HIGH_AT]),
        to_words(blocks[..., Q6K_HIGH_AT:Q6K_SCALES_AT]),
        to_words(blocks[..., Q6K_SCALES_AT:Q6K_D_AT]),
        to_device(np.ascontiguousarray(blocks[..., Q6K_D_AT:]).reshape(-1).view("<f2")),
        to_device(activation.scale),
        to_words(activation.quants),
        empty(rows, np.float32),
    )
    return paired_launch(_matvec, arguments, rows, per_row, grid, rows_a_warp=2)


@cuda.jit(device=True, inline="always")
def _dot(low: Any, high: Any, shifts: Any, y: Any, total: Any) -> Any:
    """Return total plus four products; the quants are nibbles of `low` with pairs of `high`."""
    nibbles = uint32(uint32(low >> shifts[0]) & uint32(0x0F0F0F0F))
    pairs = uint32(uint32(uint32(high >> shifts[1]) & uint32(0x03030303)) << uint32(4))
    return dot4(uint32(nibbles | pairs), y, total)


@cuda.jit(device=True, inline="always")
def _sixteen(low: Any, high: Any, shifts: Any, y: Any, lowered: Any) -> Any:
    """Return the sum of 16 products of quants, which stand 32 too high in the fields."""
    total = _dot(low[0], high[0], shifts, y[0], lowered)
    total = _dot(low[1], high[1], shifts, y[1], total)
    total = _dot(low[2], high[2], shifts, y[2], total)
    return _dot(low[3], high[3], shifts, y[3], total)


@cuda.jit(device=True, inline="always")
def _block(fields: Any, at: Any, piece: Any, ys: Any, lowered: Any) -> Any:
    """Return the scaled integer sum of a lane's 32 weights in block `at`, float32."""
    half, quarter = piece >> 2, piece & 3
    low = load_once(fields[0], 32 * at + int32(4 * piece))
    high = load_once(fields[1], 16 * at + int32(8 * half + 4 * (quarter & 1)))
    scales = load_once(fields[2], 4 * at)
    early, late = (scales[2], scales[3]) if half else (scales[0], scales[1])
    turn, byte = uint32(2 * (quarter >> 1)), uint32(8 * quarter)
    below = _sixteen(low, high, (uint32(0), turn), ys[0], lowered[0])
    above = _sixteen(low, high, (uint32(4), uint32(turn + uint32(4))), ys[1], lowered[1])
    first = int32(int8(uint32(early) >> byte))
    second = int32(int8(uint32(late) >> byte))
    return float32(int32(first * below + second * above))


@cuda.jit
def _matvec(low: Any, high: Any, scales: Any, d: Any, step: Any, quants: Any, out: Any) -> None:
    partial = cuda.shared.array(8, float32)
    emptied(partial)
    lane, stride = cuda.threadIdx.x, int32(4 * cuda.blockDim.y)
    piece = int32(lane & 7)
    rows, per_row = int32(out.shape[0]), int32(step.shape[0])
    row = int32(2 * cuda.blockIdx.x)
    while row < rows:
        first = int64(row) * per_row
        second = int64(min(int32(row + 1), int32(rows - 1))) * per_row
        total, other = float32(0), float32(0)
        b = int32(4 * cuda.threadIdx.y + (lane >> 3))
        while b < per_row:
            place = int32(64 * b + 32 * (piece >> 2) + 4 * (piece & 3))
            ys = load_again(quants, place), load_again(quants, int32(place + 16))
            lowered = int32(-32 * sum16(ys[0])), int32(-32 * sum16(ys[1]))
            scale = step[b]
            products = _block((low, high, scales), first + b, piece, ys, lowered)
            total = cuda.fma(float32(d[first + b]) * scale, products, total)
            products = _block((low, high, scales), second + b, piece, ys, lowered)
            other = cuda.fma(float32(d[second + b]) * scale, products, other)
            b = int32(b + stride)
        write_pair(partial, out, row, total, other)
        row = int32(row + 2 * cuda.gridDim.x)


COMPILED = (
    (
        _matvec,
        types.void(
            *[types.uint32[::1]] * 3,
            types.float16[::1],
            types.float32[::1],
            types.uint32[::1],
            types.float32[::1],
        ),
    ),
)
"""Kernels with their argument types, for compilation without a device."""
