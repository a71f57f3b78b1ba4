"""What matrix products on a CUDA device have in common: how rows are shared out and written.

A thread block takes two rows at a time. Either each of its warps reads both, so that what it loads
of the vector serves twice, or every other warp reads one of them, where two would need too many
registers. Long rows are shared by several warps.
"""

from __future__ import annotations

from typing import Any

from numba import cuda, float32, int32, uint32

from pv.kernels.device.numba_cuda import WARP, Launch, grid_for
from pv.kernels.device.numba_intrinsics import dot4, sum_of_warp

ROWS_AT_ONCE = 2
"""Rows that a thread block takes at a time."""
_MOST_WARPS = 4
_BLOCKS_WORTH_A_WARP = 8


def paired_launch(
    kernel: Any,
    arguments: tuple[Any, ...],
    rows: int,
    per_row: int,
    grid: int | None,
    *,
    rows_a_warp: int,
) -> Launch:
    """Return the launch of a product over rows of `per_row` blocks, its output the last argument.

    A warp reads four blocks of a row at a time: with fewer than eight for each, more warps idle.
    """
    readers = ROWS_AT_ONCE // rows_a_warp
    shares = max(1, min(_MOST_WARPS // readers, per_row // _BLOCKS_WORTH_A_WARP))
    pairs = -(-rows // ROWS_AT_ONCE)
    return Launch(kernel, grid_for(pairs, grid), (WARP, readers * shares), arguments)


@cuda.jit(device=True, inline="always")
def sub_scale_pairs(head: Any, group: Any) -> Any:
    """Return the 6-bit scales and minima of sub-blocks 2 * group and 2 * group + 1.

    `head` is the first four words of a Q4_K block; of each pair the first is the lowest byte, the
    second the next one.
    """
    shift = uint32(16 * (group & 1))
    first, second = uint32(head[1] >> shift), uint32(head[2] >> shift)
    third = uint32(head[3] >> shift)
    scales = uint32((third & uint32(0x0F0F)) | ((first >> uint32(2)) & uint32(0x3030)))
    minima = uint32(
        ((third >> uint32(4)) & uint32(0x0F0F)) | ((second >> uint32(2)) & uint32(0x3030))
    )
    early = group < 2
    return (
        uint32(uint32(first & uint32(0x3F3F)) if early else scales),
        uint32(uint32(second & uint32(0x3F3F)) if early else minima),
    )


@cuda.jit(device=True, inline="always")
def sum16(quants: Any) -> Any:
    """Return the sum of the 16 signed bytes of four words."""
    ones = uint32(0x01010101)
    total = dot4(quants[1], ones, dot4(quants[0], ones, int32(0)))
    return dot4(quants[3], ones, dot4(quants[2], ones, total))


@cuda.jit(device=True, inline="always")
def emptied(partial: Any) -> None:
    """Set the eight shared sums to 0: warps that a launch does not have add nothing."""
    if cuda.threadIdx.y == 0 and cuda.threadIdx.x < 8:
        partial[cuda.threadIdx.x] = float32(0)
    cuda.syncthreads()


@cuda.jit(device=True, inline="always")
def write_pair(partial: Any, out: Any, row: Any, total: Any, other: Any) -> None:
    """Add up what all warps have of rows `row` and `row + 1`, and write them."""
    total, other = sum_of_warp(total), sum_of_warp(other)
    if cuda.threadIdx.x == 0:
        partial[2 * cuda.threadIdx.y] = total
        partial[2 * cuda.threadIdx.y + 1] = other
    _write(partial, out, row)


@cuda.jit(device=True, inline="always")
def write_row(partial: Any, out: Any, row: Any, total: Any) -> None:
    """Add up what all even warps have of `row`, all odd ones of `row + 1`, and write them."""
    total = sum_of_warp(total)
    if cuda.threadIdx.x == 0:
        partial[cuda.threadIdx.y] = total
    _write(partial, out, row)


@cuda.jit(device=True, inline="always")
def _write(partial: Any, out: Any, row: Any) -> None:
    cuda.syncthreads()
    lane = uint32(cuda.threadIdx.x)
    if cuda.threadIdx.y == 0 and lane < 2 and row + lane < out.shape[0]:
        out[row + lane] = (partial[lane] + partial[lane + 2]) + (
            partial[lane + 4] + partial[lane + 6]
        )
    cuda.syncthreads()  # the next rows are written over these
