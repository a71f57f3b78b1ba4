"""Q4_K matrix times float32 vector in compiled loops: one float32 fold per row, in index order."""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES
from pv.kernels.processor.numba_compile import compiled
from pv.kernels.q4k_dequantize.numba_cpu import (
    BYTES_2D,
    FLOATS_2D,
    half_pairs,
    unpack,
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


@compiled(types.void(BYTES_2D, FLOATS_2D, FLOATS_2D, types.float32[::1]), nogil=True)
def _matvec(
    blocks: NDArray[np.uint8],
    halves: NDArray[np.float32],
    x: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    per_row = x.shape[0]
    scales, minima = np.empty(8, np.int32), np.empty(8, np.int32)
    weights = np.empty(256, np.float32)
    for row in range(out.shape[0]):
        total = _F(0)
        for b in range(per_row):
            at = row * per_row + b
            unpack(blocks, at, scales, minima)
            for chunk in range(4):
                low_step = halves[at, 0] * _F(scales[2 * chunk])
                low_offset = halves[at, 1] * _F(minima[2 * chunk])
                high_step = halves[at, 0] * _F(scales[2 * chunk + 1])
                high_offset = halves[at, 1] * _F(minima[2 * chunk + 1])
                for i in range(32):
                    byte = blocks[at, 16 + 32 * chunk + i]
                    weights[64 * chunk + i] = low_step * _F(byte & 15) - low_offset
                    weights[64 * chunk + 32 + i] = high_step * _F(byte >> 4) - high_offset
            for i in range(256):
                total += weights[i] * x[b, i]  # in index order: this sum is the kernel's time
        out[row] = total
