"""Float32 to Q8_0 in NumPy, with the bytes of ggml's two routines.

| | reference (quantize_row_q8_0_ref) | AVX2 (quantize_row_q8_0) |
|---|---|---|
| stored scale | f16(max / 127) | f16(max / 127) |
| factor | 1 / (max / 127) | 127 / max |
| rounding | half away from zero | half to even |
| no value but zeros | all 0 | all 0 |
| factor not finite (max below about 3.7e-37) | quants 0 | quants -128 |

The last line is what the conversion of an infinity or NaN to an integer gives there; the scale
that is stored beside it is 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_finite, require_rows
from pv.kernels.layout import SHORT_BLOCK_VALUES, Rounding

Floats = NDArray[np.float32]


def quantize(x: Floats, rounding: Rounding = Rounding.REFERENCE) -> NDArray[np.uint8]:
    """Quantise float32 (..., 32) to Q8_0 blocks, uint8 (..., 34), bit for bit as ggml.

    A scale beyond the range of f16 (a value above 8.3e6) is stored as infinity, as ggml does.

    Raises:
        BadInputError: wrong dtype or shape, a NaN or infinity, or a rounding that does not exist.
    """
    require_rows("values", x, np.float32, SHORT_BLOCK_VALUES)
    require_finite("values", x)
    if rounding not in tuple(Rounding):
        raise BadInputError(f"rounding: found {rounding!r}, expected one of {', '.join(Rounding)}")
    step, quants = rounded(x, rounding)
    with np.errstate(over="ignore"):
        scale = step.astype("<f2")
    return np.concatenate([scale.view(np.uint8), quants.astype(np.int8).view(np.uint8)], axis=-1)


def rounded(x: Floats, rounding: Rounding) -> tuple[Floats, NDArray[np.int32]]:
    """Return the step before it is stored, float32 (..., 1), and the quants, int32 (..., 32)."""
    largest = np.abs(x).max(axis=-1, keepdims=True)
    step: Floats = largest / np.float32(127)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore", under="ignore"):
        if rounding == Rounding.AVX2:
            factor = np.where(largest == 0, np.float32(0), np.float32(127) / largest)
            nearest = np.rint(x * factor)
        else:
            factor = np.where(step == 0, np.float32(0), np.float32(1) / step)
            scaled = x * factor
            # In float64 the addition of one half is exact.
            nearest = np.copysign(np.floor(np.abs(scaled).astype(np.float64) + 0.5), scaled)
    lost = -128 if rounding == Rounding.AVX2 else 0
    finite = np.isfinite(nearest)
    quants = np.where(finite, np.where(finite, nearest, 0).astype(np.int32), lost)
    return step, np.asarray(quants, np.int32)
