"""Q4_K matrix times Q8_K vector on a CUDA device: one warp a row, integers exact within a block."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, int32, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.device.numba_cuda import WARP, empty, grid_for, to_device, warp_sum
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES, Q8K
from pv.kernels.q4k_dequantize.numba_cuda import minimum_at, scale_at


def matvec(
    blocks: NDArray[np.uint8], activation: Q8K, *, grid: int | None = None
) -> NDArray[np.float32]:
    """Multiply Q4_K rows, uint8 (rows, nb, 144), with a quantised vector of nb blocks.

    Lane l adds position l of every sub-block in int32, scales once per block with fused
    multiply-adds, then the lanes are added as a tree: judge the result by its bound, not by bits.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all in a row.
    """
    require_array("q4_k matrix", blocks, np.uint8, (None, None, Q4K_BYTES))
    rows, per_row = blocks.shape[:2]
    require_array("q8_k scale", activation.scale, np.float32, (max(per_row, 1),))
    require_array("q8_k quants", activation.quants, np.int8, (per_row, BLOCK_VALUES))
    if rows == 0:
        return np.empty(0, dtype=np.float32)
    flat = np.ascontiguousarray(blocks).reshape(-1, Q4K_BYTES)
    out = empty(rows, np.float32)
    scale, quants = to_device(activation.scale), to_device(activation.quants)
    _matvec[grid_for(rows, grid), WARP](
        to_device(flat), to_device(flat.view("<f2")), scale, quants, out
    )
    return np.asarray(out.copy_to_host())


@cuda.jit
def _matvec(blocks: Any, halves: Any, scale: Any, quants: Any, out: Any) -> None:
    partial = cuda.shared.array(32, float32)
    lane = cuda.threadIdx.x
    per_row = scale.shape[0]
    for row in range(cuda.blockIdx.x, out.shape[0], cuda.gridDim.x):
        total = float32(0)
        for b in range(per_row):
            at = row * per_row + b
            products, minima = int32(0), int32(0)
            for j in range(8):
                byte = int32(blocks[at, 16 + 32 * (j >> 1) + lane])
                nibble = (byte >> int32(4 * (j & 1))) & int32(15)
                quant = int32(quants[b, 32 * j + lane])
                products += scale_at(blocks, at, j) * nibble * quant
                minima += minimum_at(blocks, at, j) * quant
            step, offset = float32(halves[at, 0]) * scale[b], float32(halves[at, 1]) * scale[b]
            total = cuda.fma(step, float32(products), total)
            total = cuda.fma(-offset, float32(minima), total)
        row_sum = warp_sum(partial, lane, total)
        if lane == 0:
            out[row] = row_sum


COMPILED = (
    (
        _matvec,
        types.void(
            types.uint8[:, ::1],
            types.float16[:, ::1],
            types.float32[::1],
            types.int8[:, ::1],
            types.float32[::1],
        ),
    ),
)
"""Kernels with their argument types, for compilation without a device."""
