"""Q8_0 blocks to float32, in NumPy float64: bit for bit what ggml's dequantize_row_q8_0 gives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_rows
from pv.kernels.layout import Q8_0_BYTES


def dequantize(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn Q8_0 blocks, uint8 (..., 34), into their weights, float32 (..., 32): `w = d * q`.

    The product has at most 19 bits, so nothing rounds. Infinite and NaN scales pass through.

    Raises:
        BadInputError: not uint8, or the last axis is not 34.
    """
    require_rows("q8_0 blocks", blocks, np.uint8, Q8_0_BYTES)
    d = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float64)
    quants = np.ascontiguousarray(blocks[..., 2:]).view(np.int8).astype(np.float64)
    with np.errstate(invalid="ignore"):  # infinity times zero, where a file holds such a scale
        return np.asarray((d * quants).astype(np.float32))
