"""Float32 to Q8_0 in compiled loops, with the bytes of ggml's two routines."""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_finite, require_rows
from pv.kernels.layout import SHORT_BLOCK_VALUES, Rounding
from pv.kernels.processor.numba_compile import compiled

_F = np.float32

_SIGNATURE = types.void(
    types.Array(types.float32, 2, "C", readonly=True), types.float32[::1], types.int8[:, ::1]
)


def quantize(x: NDArray[np.float32], rounding: Rounding = Rounding.REFERENCE) -> NDArray[np.uint8]:
    """Quantise float32 (..., 32) to Q8_0 blocks, uint8 (..., 34), bit for bit as ggml.

    Raises:
        BadInputError: wrong dtype or shape, a NaN or infinity, or a rounding that does not exist.
    """
    steps, quants = rounded(x, rounding)
    with np.errstate(over="ignore"):  # beyond f16: stored as infinity, as ggml does
        scales = steps[:, None].astype("<f2")
    blocks = np.concatenate([scales.view(np.uint8), quants.view(np.uint8)], axis=1)
    return blocks.reshape(*x.shape[:-1], 34)


def rounded(
    x: NDArray[np.float32], rounding: Rounding
) -> tuple[NDArray[np.float32], NDArray[np.int8]]:
    """Return the steps before they are stored, float32 (n,), and the quants, int8 (n, 32).

    Raises:
        BadInputError: wrong dtype or shape, a NaN or infinity, or a rounding that does not exist.
    """
    require_rows("values", x, np.float32, SHORT_BLOCK_VALUES)
    require_finite("values", x)
    if rounding not in _ROUTES:
        raise BadInputError(f"rounding: found {rounding!r}, expected one of {', '.join(Rounding)}")
    rows = np.require(x, requirements=["C", "A"]).reshape(-1, SHORT_BLOCK_VALUES)
    steps, quants = np.empty(len(rows), np.float32), np.empty(rows.shape, np.int8)
    _ROUTES[rounding](rows, steps, quants)
    return steps, quants


@compiled(_SIGNATURE, error_model="numpy", nogil=True)
def _half_away(
    x: NDArray[np.float32], steps: NDArray[np.float32], quants: NDArray[np.int8]
) -> None:
    for b in range(x.shape[0]):
        largest = _F(0)
        for i in range(32):
            largest = max(largest, abs(x[b, i]))
        steps[b] = largest / _F(127)
        factor = _F(0) if steps[b] == _F(0) else _F(1) / steps[b]
        if np.isinf(factor):
            factor = _F(0)  # every product is then infinite or NaN, and 0 as an integer in ggml
        for i in range(32):
            scaled = x[b, i] * factor
            magnitude = np.int32(np.float64(abs(scaled)) + 0.5)
            quants[b, i] = np.int8(magnitude if scaled >= 0 else -magnitude)


@compiled(_SIGNATURE, error_model="numpy", nogil=True)
def _half_even(
    x: NDArray[np.float32], steps: NDArray[np.float32], quants: NDArray[np.int8]
) -> None:
    rounder = _F(12582912.0)  # 1.5 * 2**23: what is added to it loses its fraction, half to even
    for b in range(x.shape[0]):
        largest = _F(0)
        for i in range(32):
            largest = max(largest, abs(x[b, i]))
        steps[b] = largest / _F(127)
        factor = _F(0) if largest == _F(0) else _F(127) / largest
        lost = np.isinf(factor)
        for i in range(32):
            nearest = np.int32(_F(_F(x[b, i] * factor) + rounder) - rounder)
            quants[b, i] = np.int8(-128) if lost else np.int8(nearest)


_ROUTES = {Rounding.REFERENCE: _half_away, Rounding.AVX2: _half_even}
