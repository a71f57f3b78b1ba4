"""Float32 to Q8_K in NumPy, in ggml's convention and in the upstream Rust one.

| | ggml | Rust |
|---|---|---|
| pivot | signed value of the first element of largest magnitude | largest magnitude |
| stored scale | 1 / (-127 / pivot), negative for a positive pivot | pivot / 127, never negative |
| rounding | half to even | half away from zero |
| clip | at 127 only | to [-128, 127] |
| zero block | scale 0 | pivot at most 1e-10: scale 1/127 |
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_array, require_finite, require_rows
from pv.kernels.layout import BLOCK_VALUES, Q8K, Q8K_BYTES, Q8K_SUM_VALUES

__all__ = ["Q8K", "quantize_ggml", "quantize_rust", "to_bytes"]

Floats = NDArray[np.float32]

_TINY_RUST = np.float32(1e-10)
_ROUNDER = np.float32(
    12582912.0
)  # 1.5 * 2**23: adding it leaves the rounded integer in the low bits


def quantize_ggml(x: Floats) -> Q8K:
    """Quantise float32 (..., 256) as ggml's quantize_row_q8_K_ref does, bit for bit.

    A pivot below about 3.7e-37 overflows its own factor in ggml; such a block becomes zeros with
    scale -0.0 or 0.0 there, and here.

    Raises:
        BadInputError: wrong dtype or shape, or a NaN or infinity.
    """
    _require_activations(x)
    largest = np.argmax(np.abs(x), axis=-1, keepdims=True)  # the first one wins a tie
    pivot = np.take_along_axis(x, largest, axis=-1)
    empty = pivot == 0
    with np.errstate(divide="ignore", over="ignore", invalid="ignore", under="ignore"):
        divisor: Floats = np.where(empty, np.float32(1.0), pivot)
        factor = np.float32(-127.0) / divisor
        rounded = _round_like_ggml(factor * x)
        scale: Floats = np.where(empty, np.float32(0.0), np.float32(1.0) / factor)
    quants = np.where(empty, 0, np.minimum(rounded, 127)).astype(np.int8)
    return Q8K(scale[..., 0], quants, _block_sums(quants))


def quantize_rust(x: Floats) -> Q8K:
    """Quantise float32 (..., 256) as the upstream Rust code does.

    Raises:
        BadInputError: wrong dtype or shape, or a NaN or infinity.
    """
    _require_activations(x)
    pivot = np.max(np.abs(x), axis=-1, keepdims=True)
    divisor: Floats = np.where(pivot > _TINY_RUST, pivot, np.float32(1.0))
    scale = divisor / np.float32(127.0)
    scaled = x * (np.float32(1.0) / scale)
    # Half away from zero; in float64 the addition of one half is exact.
    magnitude = np.floor(np.abs(scaled).astype(np.float64) + 0.5)
    quants = np.clip(np.copysign(magnitude, scaled), -128, 127).astype(np.int8)
    quants = np.where(pivot > _TINY_RUST, quants, np.int8(0))
    return Q8K(scale[..., 0], quants, _block_sums(quants))


def to_bytes(blocks: Q8K) -> NDArray[np.uint8]:
    """Lay blocks out as ggml stores them, uint8 (..., 292): scale, quants, block sums.

    Raises:
        BadInputError: the three parts do not belong together.
    """
    require_rows("q8_k quants", blocks.quants, np.int8, BLOCK_VALUES)
    leading = blocks.quants.shape[:-1]
    require_array("q8_k scale", np.asarray(blocks.scale), np.float32, leading)
    require_array("q8_k bsums", blocks.bsums, np.int16, (*leading, BLOCK_VALUES // Q8K_SUM_VALUES))
    parts = (
        np.asarray(blocks.scale)[..., None].astype("<f4").view(np.uint8),
        np.ascontiguousarray(blocks.quants).view(np.uint8),
        np.ascontiguousarray(blocks.bsums.astype("<i2")).view(np.uint8),
    )
    laid_out = np.concatenate(parts, axis=-1)
    require_rows("q8_k bytes", laid_out, np.uint8, Q8K_BYTES)
    return laid_out


def _require_activations(x: Floats) -> None:
    require_rows("activations", x, np.float32, BLOCK_VALUES)
    require_finite("activations", x)


def _round_like_ggml(values: Floats) -> NDArray[np.int32]:
    """Round half to even through the bits, so that infinity gives what it gives in ggml."""
    bits = np.ascontiguousarray(values + _ROUNDER).view(np.int32)
    # Infinity leaves zero bits, hence -0x400000, whose low byte (the int8 ggml keeps) is 0.
    return (bits & 0x007FFFFF) - 0x00400000


def _block_sums(quants: NDArray[np.int8]) -> NDArray[np.int16]:
    grouped = quants.reshape(*quants.shape[:-1], BLOCK_VALUES // Q8K_SUM_VALUES, Q8K_SUM_VALUES)
    return np.asarray(grouped.sum(axis=-1, dtype=np.int16))
