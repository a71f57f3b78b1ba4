"""Float32 to Q8_K in compiled loops, in both conventions."""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_finite, require_rows
from pv.kernels.layout import BLOCK_VALUES, Q8K
from pv.kernels.processor.numba_compile import compiled

_F = np.float32
_ROUNDER = np.float32(12582912.0)
_TINY_RUST = np.float32(1e-10)

_SIGNATURE = types.void(
    types.Array(types.float32, 2, "C", readonly=True),
    types.float32[::1],
    types.int8[:, ::1],
    types.int16[:, ::1],
)


def quantize_ggml(x: NDArray[np.float32]) -> Q8K:
    """Quantise float32 (..., 256) as ggml does, bit for bit.

    Raises:
        BadInputError: wrong dtype or shape, or a NaN or infinity.
    """
    rows, blocks = _prepare(x)
    _ggml(rows, *blocks)
    return _shaped(blocks, x)


def quantize_rust(x: NDArray[np.float32]) -> Q8K:
    """Quantise float32 (..., 256) as the upstream Rust code does.

    Raises:
        BadInputError: wrong dtype or shape, or a NaN or infinity.
    """
    rows, blocks = _prepare(x)
    _rust(rows, *blocks)
    return _shaped(blocks, x)


def _prepare(x: NDArray[np.float32]) -> tuple[NDArray[np.float32], Q8K]:
    require_rows("activations", x, np.float32, BLOCK_VALUES)
    require_finite("activations", x)
    rows = np.require(x, requirements=["C", "A"]).reshape(-1, BLOCK_VALUES)
    count = len(rows)
    scale = np.empty(count, dtype=np.float32)
    quants = np.empty((count, BLOCK_VALUES), dtype=np.int8)
    return rows, Q8K(scale, quants, np.empty((count, 16), dtype=np.int16))


def _shaped(blocks: Q8K, x: NDArray[np.float32]) -> Q8K:
    leading = x.shape[:-1]
    return Q8K(
        blocks.scale.reshape(leading),
        blocks.quants.reshape(x.shape),
        blocks.bsums.reshape(*leading, 16),
    )


@njit
def _sum_groups(quants: NDArray[np.int8], bsums: NDArray[np.int16], b: int) -> None:
    for group in range(16):
        total = np.int32(0)
        for i in range(16):
            total += np.int32(quants[b, 16 * group + i])
        bsums[b, group] = np.int16(total)


@njit
def _clear(quants: NDArray[np.int8], bsums: NDArray[np.int16], b: int) -> None:
    for i in range(256):
        quants[b, i] = 0
    for group in range(16):
        bsums[b, group] = 0


@compiled(_SIGNATURE, error_model="numpy", nogil=True)
def _ggml(
    x: NDArray[np.float32],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    bsums: NDArray[np.int16],
) -> None:
    bits = x.view(np.int32)  # without their sign they stand in the order of the magnitudes
    for b in range(x.shape[0]):
        top = np.int32(0)
        for i in range(256):
            top = max(top, bits[b, i] & np.int32(0x7FFFFFFF))
        if top == 0:
            scale[b] = 0
            _clear(quants, bsums, b)
            continue
        first = 0  # of equals the first is the pivot
        while bits[b, first] & np.int32(0x7FFFFFFF) != top:
            first += 1
        factor = _F(-127.0) / x[b, first]
        for i in range(256):
            # Rounded through the bits: an infinite product gives the low byte 0, as in ggml.
            moved = _F(factor * x[b, i] + _ROUNDER).view(np.int32)
            rounded = (moved & np.int32(0x007FFFFF)) - np.int32(0x00400000)
            quants[b, i] = np.int8(min(rounded, np.int32(127)))
        scale[b] = _F(1.0) / factor
        _sum_groups(quants, bsums, b)


@compiled(_SIGNATURE, error_model="numpy", nogil=True)
def _rust(
    x: NDArray[np.float32],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    bsums: NDArray[np.int16],
) -> None:
    for b in range(x.shape[0]):
        largest = _F(0)
        for i in range(256):
            largest = max(largest, abs(x[b, i]))
        if largest <= _TINY_RUST:
            scale[b] = _F(1.0) / _F(127.0)
            _clear(quants, bsums, b)
            continue
        scale[b] = largest / _F(127.0)
        inverse = _F(1.0) / scale[b]
        for i in range(256):
            scaled = x[b, i] * inverse
            magnitude = np.int32(np.float64(abs(scaled)) + 0.5)  # truncation: half away from zero
            if scaled >= 0:
                quants[b, i] = np.int8(min(magnitude, np.int32(127)))
            else:
                quants[b, i] = np.int8(-min(magnitude, np.int32(128)))
        _sum_groups(quants, bsums, b)
