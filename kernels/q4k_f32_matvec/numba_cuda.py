"""Q4_K matrix times float32 vector on a CUDA device: every weight as the dequantiser makes it.

A warp takes a row and four of its blocks at a time, eight lanes a block: a lane loads the head of
its block, 16 bytes of nibbles and the 32 floats that belong to them. A thread block takes two rows;
where they are long, two warps share each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, int32, int64, types, uint32
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.device.numba_cuda import Launch, empty, to_device, to_words, within
from pv.kernels.device.numba_intrinsics import fraction, halves, load_again, load_once
from pv.kernels.device.numba_products import emptied, paired_launch, sub_scale_pairs, write_row
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES


def matvec(
    blocks: NDArray[np.uint8], x: NDArray[np.float32], *, grid: int | None = None
) -> NDArray[np.float32]:
    """Multiply Q4_K rows, uint8 (rows, nb, 144), with x, float32 (nb * 256,); float32 (rows,).

    Each lane adds its products in four chains of fused multiply-adds, then chains and lanes are
    added as a tree and warps in turn: judge the result by its bound, not by bits. A thread block of
    the `grid` takes two rows at a time.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all in a row.
    """
    launch = launch_of(blocks, x, grid=grid)
    return np.asarray(launch.run().copy_to_host()) if len(blocks) else np.empty(0, np.float32)


def launch_of(
    blocks: NDArray[np.uint8], x: NDArray[np.float32], *, grid: int | None = None
) -> Launch:
    """Copy the arguments to the device and return the launch of the product."""
    require_array("q4_k matrix", blocks, np.uint8, (None, None, Q4K_BYTES))
    rows, per_row = blocks.shape[:2]
    require_array("vector", x, np.float32, (max(per_row, 1) * BLOCK_VALUES,))
    arguments = (to_words(blocks), to_device(x), empty(rows, np.float32))
    return paired_launch(_matvec, arguments, rows, per_row, grid, rows_a_warp=1)


@cuda.jit(device=True, inline="always")
def _swapped(four: Any, by: Any) -> Any:
    """Return words 0 ^ by, 1 ^ by, 2 ^ by and 3 ^ by, without an indexed register."""
    odd, far = (by & 1) != 0, (by & 2) != 0
    a = uint32(four[1] if odd else four[0])
    b = uint32(four[0] if odd else four[1])
    c = uint32(four[3] if odd else four[2])
    d = uint32(four[2] if odd else four[3])
    return (
        uint32(c if far else a),
        uint32(d if far else b),
        uint32(a if far else c),
        uint32(b if far else d),
    )


@cuda.jit(device=True, inline="always")
def _field(word: Any, mask: Any) -> Any:
    """Return the bits of `word` under `mask`, none above bit 22, as a float32 whole number.

    They are put into the fraction of 2**23: no shift, and no conversion, which is slow.
    """
    return fraction(word, mask) - float32(8388608.0)


@cuda.jit(device=True, inline="always")
def _eight(word: Any, x: Any, place: Any, steps: Any, offsets: Any, total: Any) -> Any:
    """Add the eight products of a word of nibbles to a chain.

    A nibble is taken where it stands, 2**0, 2**4, 2**8 or 2**12 times too large, and its step is as
    much smaller. Both products of a weight are exact: it is rounded once, as in the dequantiser.
    """
    upper = uint32(word >> uint32(16))
    low = load_again(x, place)
    weight = cuda.fma(steps[0], _field(word, uint32(0x000F)), offsets[0])
    total = cuda.fma(weight, low[0], total)
    weight = cuda.fma(steps[2], _field(word, uint32(0x0F00)), offsets[0])
    total = cuda.fma(weight, low[1], total)
    weight = cuda.fma(steps[0], _field(upper, uint32(0x000F)), offsets[0])
    total = cuda.fma(weight, low[2], total)
    weight = cuda.fma(steps[2], _field(upper, uint32(0x0F00)), offsets[0])
    total = cuda.fma(weight, low[3], total)
    high = load_again(x, int32(place + 32))
    weight = cuda.fma(steps[1], _field(word, uint32(0x00F0)), offsets[1])
    total = cuda.fma(weight, high[0], total)
    weight = cuda.fma(steps[3], _field(word, uint32(0xF000)), offsets[1])
    total = cuda.fma(weight, high[1], total)
    weight = cuda.fma(steps[1], _field(upper, uint32(0x00F0)), offsets[1])
    total = cuda.fma(weight, high[2], total)
    weight = cuda.fma(steps[3], _field(upper, uint32(0xF000)), offsets[1])
    return cuda.fma(weight, high[3], total)


@cuda.jit(device=True, inline="always")
def _steps(head: Any, group: Any) -> Any:
    """Return the steps for nibbles at bits 0, 4, 8 and 12, and both offsets, negative."""
    scales, minima = sub_scale_pairs(head, group)
    d, dmin = halves(head[0])
    low = d * float32(int32(scales & uint32(63)))
    high = d * float32(int32(uint32(scales >> uint32(8))))
    steps = (low, high * float32(2.0**-4), low * float32(2.0**-8), high * float32(2.0**-12))
    first = -(dmin * float32(int32(minima & uint32(63))))
    second = -(dmin * float32(int32(uint32(minima >> uint32(8)))))
    return steps, (first, second)


@within(registers=47)
def _matvec(words: Any, x: Any, out: Any) -> None:
    partial = cuda.shared.array(8, float32)
    emptied(partial)
    lane, warp, stride = cuda.threadIdx.x, cuda.threadIdx.y, int32(2 * cuda.blockDim.y)
    piece = int32(lane & 7)
    group = int32(piece >> 1)
    rows, per_row = int32(out.shape[0]), int32(x.shape[0] >> 8)
    row = int32(2 * cuda.blockIdx.x)
    while row < rows:
        at = 36 * (int64(min(int32(row + (warp & 1)), int32(rows - 1))) * per_row)
        a, b, c, d = float32(0), float32(0), float32(0), float32(0)
        k = int32(4 * (warp >> 1) + (lane >> 3))
        while k < per_row:
            steps, offsets = _steps(load_once(words, at + 36 * k), group)
            nibbles = _swapped(load_once(words, at + 36 * k + int32(4 + 4 * piece)), group)
            # Lanes start with different words: eight of them read 128 bytes in as many banks.
            place = int32(256 * k + 64 * group + 16 * (piece & 1) + 4 * group)
            a = _eight(nibbles[0], x, place, steps, offsets, a)
            b = _eight(nibbles[1], x, int32(place ^ 4), steps, offsets, b)
            c = _eight(nibbles[2], x, int32(place ^ 8), steps, offsets, c)
            d = _eight(nibbles[3], x, int32(place ^ 12), steps, offsets, d)
            k = int32(k + stride)
        write_row(partial, out, row, (a + b) + (c + d))
        row = int32(row + 2 * cuda.gridDim.x)


COMPILED = ((_matvec, types.void(types.uint32[::1], types.float32[::1], types.float32[::1])),)
"""Kernels with their argument types, for compilation without a device."""
