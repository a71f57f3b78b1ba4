"""Float32 to Q8_1 in NumPy, with the bytes of ggml's two routines.

A Q8_1 block is one of Q8_0 with `s = f16(d * sum(q))` behind its scale, d before it is stored.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_finite, require_rows
from pv.kernels.layout import SHORT_BLOCK_VALUES, Rounding
from pv.kernels.q8_0_quantize.reference import rounded

Floats = NDArray[np.float32]


def quantize(x: Floats, rounding: Rounding = Rounding.REFERENCE) -> NDArray[np.uint8]:
    """Quantise float32 (..., 32) to Q8_1 blocks, uint8 (..., 36), bit for bit as ggml.

    Raises:
        BadInputError: wrong dtype or shape, a NaN or infinity, or a rounding that does not exist.
    """
    require_rows("values", x, np.float32, SHORT_BLOCK_VALUES)
    require_finite("values", x)
    if rounding not in tuple(Rounding):
        raise BadInputError(f"rounding: found {rounding!r}, expected one of {', '.join(Rounding)}")
    step, quants = rounded(x, rounding)
    sums = quants.sum(axis=-1, keepdims=True, dtype=np.int32)
    if rounding == Rounding.AVX2:
        # Integers without a value (-2**31 each) cancel in 32 bits before they are cut to -128.
        sums = np.where(np.isfinite(_factor(x)), sums, 0)
    with np.errstate(over="ignore"):
        fields = np.concatenate([step, step * sums.astype(np.float32)], axis=-1).astype("<f2")
    return np.concatenate([fields.view(np.uint8), quants.astype(np.int8).view(np.uint8)], axis=-1)


def _factor(x: Floats) -> Floats:
    largest = np.abs(x).max(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(largest == 0, np.float32(0), np.float32(127) / largest)
