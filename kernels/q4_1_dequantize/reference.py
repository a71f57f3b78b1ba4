"""Q4_1 blocks to float32, in NumPy float64: bit for bit what ggml's dequantize_row_q4_1 gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_rows
from pv.kernels.layout import Q4_1_BYTES


def dequantize(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn Q4_1 blocks, uint8 (..., 20), into their weights, float32 (..., 32): `w = d * q + m`.

    The low nibbles are the first 16 values, the high ones the last 16. Between the last bit of the
    smallest f16 and the first of the largest product lie 44 bits, so the sum is exact in float64
    and rounds once to float32, as `d * q` there is exact. Infinite and NaN fields pass through.

    Raises:
        BadInputError: not uint8, or the last axis is not 20.
    """
    require_rows("q4_1 blocks", blocks, np.uint8, Q4_1_BYTES)
    fields = np.ascontiguousarray(blocks[..., :4]).view("<f2").astype(np.float64)
    nibbles = np.concatenate([blocks[..., 4:] & 15, blocks[..., 4:] >> 4], axis=-1)
    with np.errstate(invalid="ignore", over="ignore"):  # infinite fields, where a file holds them
        return np.asarray((fields[..., :1] * nibbles + fields[..., 1:]).astype(np.float32))
