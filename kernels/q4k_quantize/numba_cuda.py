"""Float32 to Q4_K on a CUDA device: one thread a sub-block, four blocks a warp.

Every product is rounded before it is added, because a fused one can choose another trial scale.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda, float32, int32, types, uint8
from numpy.typing import NDArray

from pv.kernels.arguments import require_finite, require_rows
from pv.kernels.device.numba_cuda import WARP, empty, grid_for, multiply, nearest, to_device
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES

_BLOCKS_A_WARP = 4


def quantize(x: NDArray[np.float32], *, grid: int | None = None) -> NDArray[np.uint8]:
    """Turn weights, float32 (..., 256), into Q4_K blocks, uint8 (..., 144).

    Raises:
        BadInputError: wrong dtype or shape, or a NaN or infinity.
    """
    require_rows("weights", x, np.float32, BLOCK_VALUES)
    require_finite("weights", x)
    count = x.size // BLOCK_VALUES
    if count == 0:
        return np.empty((*x.shape[:-1], Q4K_BYTES), dtype=np.uint8)
    blocks, halves = empty((count, Q4K_BYTES), np.uint8), empty((count, 2), np.float16)
    rows = to_device(np.ascontiguousarray(x).reshape(count, BLOCK_VALUES))
    warps = -(-count // _BLOCKS_A_WARP)
    _quantize[grid_for(warps, grid), WARP](rows, blocks, halves)
    found = np.asarray(blocks.copy_to_host())
    found[:, :4] = halves.copy_to_host().astype("<f2").view(np.uint8)
    return found.reshape(*x.shape[:-1], Q4K_BYTES)


@cuda.jit(device=True, inline="always")
def _level(value: Any) -> Any:
    return max(int32(0), min(int32(15), nearest(value)))


@cuda.jit(device=True, inline="always")
def _error(x: Any, b: Any, start: Any, average: Any, factor: Any, origin: Any, fit: Any) -> Any:
    """Return the weighted squared error of a trial; fit is its (scale, minimum)."""
    error = float32(0)
    for i in range(start, start + 32):
        level = float32(_level(multiply(factor, x[b, i] - origin)))
        difference = multiply(fit[0], level) + fit[1] - x[b, i]
        error += multiply(average + abs(x[b, i]), multiply(difference, difference))
    return error


@cuda.jit(device=True, inline="always")
def _least_squares(
    x: Any, b: Any, start: Any, average: Any, factor: Any, origin: Any, sums: Any
) -> Any:
    """Return (determinant, scale, minimum) for the quants of a trial."""
    sum_l, sum_l2, sum_xl = float32(0), float32(0), float32(0)
    for i in range(start, start + 32):
        level = float32(_level(multiply(factor, x[b, i] - origin)))
        weighted = multiply(average + abs(x[b, i]), level)
        sum_l += weighted
        sum_l2 += multiply(weighted, level)
        sum_xl += multiply(weighted, x[b, i])
    determinant = multiply(sums[0], sum_l2) - multiply(sum_l, sum_l)
    scale, minimum = float32(0), float32(0)
    if determinant > float32(0):
        scale = (multiply(sums[0], sum_xl) - multiply(sums[1], sum_l)) / determinant
        minimum = (multiply(sum_l2, sums[1]) - multiply(sum_l, sum_xl)) / determinant
        if minimum > float32(0):
            scale, minimum = sum_xl / sum_l2, float32(0)
    return determinant, scale, minimum


@cuda.jit(device=True, inline="always")
def _fit(x: Any, b: Any, start: Any) -> Any:
    """Return (scale, minimum, factor, origin): quant i of the fit is factor * (x - origin)."""
    squares, low, high = float32(0), float32(0), x[b, start]
    for i in range(start, start + 32):
        squares += multiply(x[b, i], x[b, i])
        low, high = min(low, x[b, i]), max(high, x[b, i])
    scale, factor, origin = float32(0), float32(0), low
    if high != low:
        average = math.sqrt(squares / float32(32))
        sum_w, sum_x = float32(0), float32(0)
        for i in range(start, start + 32):
            weight = average + abs(x[b, i])
            sum_w += weight
            sum_x += multiply(weight, x[b, i])
        factor = float32(15) / (high - low)
        scale = float32(1) / factor
        best = _error(x, b, start, average, factor, low, (scale, low))
        for trial in range(21):
            step = multiply(float32(0.1), float32(trial))
            tried = (float32(-1) + step + float32(15)) / (high - low)
            determinant, new_scale, new_low = _least_squares(
                x, b, start, average, tried, low, (sum_w, sum_x)
            )
            if determinant > float32(0):
                error = _error(x, b, start, average, tried, low, (new_scale, new_low))
                if error < best:
                    factor, origin = tried, low
                    scale, low, best = new_scale, new_low, error
    return scale, -low, factor, origin


@cuda.jit(device=True, inline="always")
def _top(values: Any, group: Any) -> Any:
    """Return the largest of a block's eight values, at least 0."""
    top = float32(0)
    for k in range(8):
        top = max(top, values[group + k])
    return top


@cuda.jit(device=True, inline="always")
def _six_bits(value: Any, top: Any) -> Any:
    factor = float32(63) / top if top > float32(0) else float32(0)
    return min(nearest(multiply(factor, value)) & int32(255), int32(63))


@cuda.jit(device=True, inline="always")
def _pack(blocks: Any, b: Any, j: Any, group: Any, scales: Any, minima: Any, levels: Any) -> None:
    """Write this thread's share of the block: one or two scale bytes and 16 bytes of nibbles."""
    if j < 4:
        blocks[b, 4 + j] = uint8(scales[group + j] | ((scales[group + j + 4] >> 4) << 6))
        blocks[b, 8 + j] = uint8(minima[group + j] | ((minima[group + j + 4] >> 4) << 6))
    else:
        blocks[b, 8 + j] = uint8((scales[group + j] & 15) | ((minima[group + j] & 15) << 4))
    pair = group + 2 * (j >> 1)
    first = 16 * (j & 1)
    for i in range(first, first + 16):
        packed = int32(levels[pair, i]) | (int32(levels[pair + 1, i]) << 4)
        blocks[b, 16 + 32 * (j >> 1) + i] = uint8(packed)


@cuda.jit
def _quantize(x: Any, blocks: Any, halves: Any) -> None:
    fits = cuda.shared.array((2, 32), float32)
    scales = cuda.shared.array(32, int32)  # a line each: the simulator tells arrays apart by line
    minima = cuda.shared.array(32, int32)
    levels = cuda.shared.array((32, 32), uint8)
    thread = cuda.threadIdx.x
    j, group = thread & 7, thread & 24
    for first in range(4 * cuda.blockIdx.x, x.shape[0], 4 * cuda.gridDim.x):
        b = first + (thread >> 3)
        inside = b < x.shape[0]
        scale, minimum, factor, origin = float32(0), float32(0), float32(0), float32(0)
        if inside:
            scale, minimum, factor, origin = _fit(x, b, 32 * j)
        fits[0, thread], fits[1, thread] = scale, minimum
        cuda.syncthreads()
        top_scale, top_minimum = _top(fits[0], group), _top(fits[1], group)
        scales[thread] = _six_bits(scale, top_scale)
        minima[thread] = _six_bits(minimum, top_minimum)
        d = np.float16(top_scale / float32(63))
        dmin = np.float16(top_minimum / float32(63))
        step = float32(d) * float32(scales[thread])
        offset = float32(dmin) * float32(minima[thread])
        if inside:
            for i in range(32):
                value = x[b, 32 * j + i]
                if step == float32(0):  # the quants of the fit stay
                    levels[thread, i] = uint8(_level(multiply(factor, value - origin)))
                else:
                    levels[thread, i] = uint8(_level((value + offset) / step))
        cuda.syncthreads()
        if inside:
            _pack(blocks, b, j, group, scales, minima, levels)
            if j == 0:
                halves[b, 0], halves[b, 1] = d, dmin
        cuda.syncthreads()


COMPILED = (
    (_quantize, types.void(types.float32[:, ::1], types.uint8[:, ::1], types.float16[:, ::1])),
)
"""Kernels with their argument types, for compilation without a device."""
