"""Q4_K matrix times float32 vector in compiled loops: one float32 fold per row, in index order."""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES
from pv.kernels.q4k_dequantize.numba_cpu import (
    BYTES_2D,
    FLOATS_2D,
    half_pairs,
    minimum_at,
    scale_at,
)

_F = np.float32


def matvec(blocks: NDArray[np.uint8], x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Multiply Q4_K rows, uint8 (rows, nb, 144), with x, float32 (nb * 256,); float32 (rows,).

    Raises:
        BadInputError: wrong dtype or shape, or no block at all in a row.
    """
    require_array("q4_k matrix", blocks, np.uint8, (None, None, Q4K_BYTES))
    rows, per_row = blocks.shape[:2]
    require_array("vector", x, np.float32, (max(per_row, 1) * BLOCK_VALUES,))
    flat = np.ascontiguousarray(blocks).reshape(-1, Q4K_BYTES)
    vector = np.require(x, requirements=["C", "A"]).reshape(per_row, BLOCK_VALUES)
    out = np.empty(rows, dtype=np.float32)
    _matvec(flat, half_pairs(flat), vector, out)
    return out


@njit(types.void(BYTES_2D, FLOATS_2D, FLOATS_2D, types.float32[::1]))
def _matvec(
    blocks: NDArray[np.uint8],
    halves: NDArray[np.float32],
    x: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    per_row = x.shape[0]
    for row in range(out.shape[0]):
        total = _F(0)
        for b in range(per_row):
            block = blocks[row * per_row + b]
            d, dmin = halves[row * per_row + b, 0], halves[row * per_row + b, 1]
            for j in range(8):
                step = d * _F(scale_at(block, j))
                offset = dmin * _F(minimum_at(block, j))
                shift = 4 * (j & 1)
                for i in range(32):
                    nibble = (block[16 + 32 * (j >> 1) + i] >> shift) & 15
                    total += (step * _F(nibble) - offset) * x[b, 32 * j + i]
        out[row] = total
