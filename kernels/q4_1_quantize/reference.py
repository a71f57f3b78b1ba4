"""Float32 to Q4_1 in NumPy, with the bytes of ggml's quantize_row_q4_1_ref."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_finite, require_rows
from pv.kernels.layout import SHORT_BLOCK_VALUES

Floats = NDArray[np.float32]


def quantize(x: Floats) -> NDArray[np.uint8]:
    """Quantise float32 (..., 32) to Q4_1 blocks, uint8 (..., 20), bit for bit as ggml.

    `d = (max - min) / 15`, `m = min`, `q = trunc((x - m) / d + 1/2)`, at most 15, with d and m as
    they are before they are stored as f16. Fields beyond its range are stored as infinity.

    Raises:
        BadInputError: wrong dtype or shape, or a NaN or infinity.
    """
    require_rows("weights", x, np.float32, SHORT_BLOCK_VALUES)
    require_finite("weights", x)
    # Of zeros of both signs the first one counts; numpy.min leaves open which it returns.
    low, high = (
        np.take_along_axis(x, first(x, axis=-1, keepdims=True), axis=-1)
        for first in (np.argmin, np.argmax)
    )
    with np.errstate(divide="ignore", over="ignore", invalid="ignore", under="ignore"):
        step = (high - low) / np.float32(15)
        factor = np.where(step == 0, np.float32(0), np.float32(1) / step)
        levels = (x - low) * factor + np.float32(0.5)
        fields = np.concatenate([step, low], axis=-1).astype("<f2")
    # As an integer of 8 bits: what is not finite becomes 0.
    whole = np.where(np.isfinite(levels), levels, 0).astype(np.int32).astype(np.int8)
    quants = np.minimum(whole, 15).astype(np.uint8)
    packed = (quants[..., :16] & 15) | (quants[..., 16:] << 4)
    return np.concatenate([fields.view(np.uint8), packed], axis=-1)
