"""Float32 to Q4_1 in compiled loops, with the bytes of ggml's quantize_row_q4_1_ref."""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from pv.kernels.arguments import require_finite, require_rows
from pv.kernels.layout import SHORT_BLOCK_VALUES
from pv.kernels.processor.numba_compile import compiled

_F = np.float32


def quantize(x: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Quantise float32 (..., 32) to Q4_1 blocks, uint8 (..., 20), bit for bit as ggml.

    Raises:
        BadInputError: wrong dtype or shape, or a NaN or infinity.
    """
    require_rows("weights", x, np.float32, SHORT_BLOCK_VALUES)
    require_finite("weights", x)
    rows = np.require(x, requirements=["C", "A"]).reshape(-1, SHORT_BLOCK_VALUES)
    fields, levels = np.empty((len(rows), 2), np.float32), np.empty((len(rows), 16), np.uint8)
    _quantize(rows, fields, levels)
    with np.errstate(over="ignore"):  # beyond f16: stored as infinity, as ggml does
        halves = fields.astype("<f2").view(np.uint8)
    return np.concatenate([halves, levels], axis=1).reshape(*x.shape[:-1], 20)


@compiled(
    types.void(
        types.Array(types.float32, 2, "C", readonly=True),
        types.float32[:, ::1],
        types.uint8[:, ::1],
    ),
    error_model="numpy",
    nogil=True,
)
def _quantize(
    x: NDArray[np.float32], fields: NDArray[np.float32], levels: NDArray[np.uint8]
) -> None:
    level = np.empty(32, np.uint8)
    for b in range(x.shape[0]):
        low, high = x[b, 0], x[b, 0]
        for i in range(32):
            low, high = min(low, x[b, i]), max(high, x[b, i])
        step = (high - low) / _F(15)
        factor = _F(0) if step == _F(0) else _F(1) / step
        fields[b, 0], fields[b, 1] = step, low
        for i in range(32):
            value = _F(_F(x[b, i] - low) * factor) + _F(0.5)
            # As an integer of 8 bits in ggml: what is not finite becomes 0.
            whole = np.int32(value) if np.isfinite(value) else np.int32(0)
            level[i] = np.uint8(min(whole, np.int32(15)))
        for i in range(16):
            levels[b, i] = level[i] | (level[16 + i] << 4)
