"""Q8_0 blocks to float32 in compiled loops, bit for bit what ggml gives."""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from pv.kernels.arguments import require_output, require_rows
from pv.kernels.layout import Q8_0_BYTES, SHORT_BLOCK_VALUES
from pv.kernels.processor.numba_compile import compiled
from pv.kernels.processor.views import packed_blocks

BYTES_2D = types.Array(types.uint8, 2, "C", readonly=True)
FLOATS_2D = types.Array(types.float32, 2, "C", readonly=True)


def dequantize(
    blocks: NDArray[np.uint8], out: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Turn Q8_0 blocks, uint8 (..., 34), into their weights, float32 (..., 32).

    `out` takes the weights where it is given: writable, C-contiguous, of that shape. Blocks in C
    order are read where they are, read-only, mapped or unaligned; others are packed a few at a
    time.

    Raises:
        BadInputError: not uint8, the last axis is not 34, or `out` does not fit.
    """
    require_rows("q8_0 blocks", blocks, np.uint8, Q8_0_BYTES)
    shape = (*blocks.shape[:-1], SHORT_BLOCK_VALUES)
    weights = np.empty(shape, dtype=np.float32) if out is None else out
    require_output("weights", weights, np.float32, shape)
    for flat, place in packed_blocks(blocks, weights):
        _dequantize(flat, halves(flat, 1), place)
    return weights


def halves(flat: NDArray[np.uint8], count: int) -> NDArray[np.float32]:
    """Return the first `count` f16 of blocks uint8 (n, bytes) as float32 (n, count)."""
    return np.ascontiguousarray(flat[:, : 2 * count]).view("<f2").astype(np.float32)


@compiled(types.void(BYTES_2D, FLOATS_2D, types.float32[:, ::1]), nogil=True)
def _dequantize(
    blocks: NDArray[np.uint8], scales: NDArray[np.float32], weights: NDArray[np.float32]
) -> None:
    for b in range(blocks.shape[0]):
        for i in range(32):
            weights[b, i] = scales[b, 0] * np.float32(np.int8(blocks[b, 2 + i]))
