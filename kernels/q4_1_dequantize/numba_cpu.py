"""Q4_1 blocks to float32 in compiled loops, bit for bit what ggml gives."""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from pv.kernels.arguments import require_output, require_rows
from pv.kernels.layout import Q4_1_BYTES, SHORT_BLOCK_VALUES
from pv.kernels.processor.numba_compile import compiled
from pv.kernels.processor.views import packed_blocks
from pv.kernels.q8_0_dequantize.numba_cpu import BYTES_2D, FLOATS_2D, halves


def dequantize(
    blocks: NDArray[np.uint8], out: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Turn Q4_1 blocks, uint8 (..., 20), into their weights, float32 (..., 32).

    `out` takes the weights where it is given: writable, C-contiguous, of that shape. Blocks in C
    order are read where they are, read-only, mapped or unaligned; others are packed a few at a
    time.

    Raises:
        BadInputError: not uint8, the last axis is not 20, or `out` does not fit.
    """
    require_rows("q4_1 blocks", blocks, np.uint8, Q4_1_BYTES)
    shape = (*blocks.shape[:-1], SHORT_BLOCK_VALUES)
    weights = np.empty(shape, dtype=np.float32) if out is None else out
    require_output("weights", weights, np.float32, shape)
    for flat, place in packed_blocks(blocks, weights):
        _dequantize(flat, halves(flat, 2), place)
    return weights


@compiled(types.void(BYTES_2D, FLOATS_2D, types.float32[:, ::1]), nogil=True)
def _dequantize(
    blocks: NDArray[np.uint8], fields: NDArray[np.float32], weights: NDArray[np.float32]
) -> None:
    for b in range(blocks.shape[0]):
        step, low = fields[b, 0], fields[b, 1]
        for i in range(16):
            byte = blocks[b, 4 + i]
            weights[b, i] = step * np.float32(byte & 15) + low
            weights[b, 16 + i] = step * np.float32(byte >> 4) + low
