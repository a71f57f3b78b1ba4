"""Scalar formulations of the block formats, written apart from every kernel.

A block is read as one integer, field by field at its bit offset; activations are quantised one
value at a time with Python's own rounding. Nothing here is shared with a kernel, so that the two
cannot be wrong together.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

_F = np.float32


class Fields(NamedTuple):
    """The fields of one Q4_K block."""

    scales: tuple[int, ...]
    """Eight, 6 bits each."""
    minima: tuple[int, ...]
    """Eight, 6 bits each."""
    nibbles: tuple[int, ...]
    """256, in the order of the weights."""
    d: float
    dmin: float


class Quantized(NamedTuple):
    """One activation block of 256 values."""

    scale: float
    quants: tuple[int, ...]


def fields(raw: bytes) -> Fields:
    """Read the 144 bytes of a Q4_K block."""
    bits = int.from_bytes(raw, "little")

    def field(offset: int, width: int) -> int:
        return (bits >> offset) & ((1 << width) - 1)

    scales, minima = [], []
    for j in range(8):
        if j < 4:
            scales.append(field(32 + 8 * j, 6))
            minima.append(field(64 + 8 * j, 6))
        else:  # four bits in the last third, two on top of the fields of sub-block j - 4
            last, first = 96 + 8 * (j - 4), 32 + 8 * (j - 4) + 6
            scales.append(field(last, 4) + 16 * field(first, 2))
            minima.append(field(last + 4, 4) + 16 * field(first + 32, 2))
    nibbles = tuple(
        field(128 + 256 * (place // 64) + 8 * (place % 32) + 4 * (place // 32 % 2), 4)
        for place in range(256)
    )
    return Fields(tuple(scales), tuple(minima), nibbles, half(field(0, 16)), half(field(16, 16)))


def half(bits: int) -> float:
    """Return the value of a finite f16 from its sign, exponent and fraction."""
    sign = -1.0 if bits >> 15 else 1.0
    exponent, fraction = (bits >> 10) & 31, bits & 1023
    if exponent == 0:
        return sign * math.ldexp(fraction, -24)
    return sign * math.ldexp(1024 + fraction, exponent - 25)


def weights(block: Fields) -> Floats:
    """Return the 256 weights: exact products, one rounding at the subtraction."""
    return np.array(
        [
            _F(block.d * block.scales[place // 32] * nibble)
            - _F(block.dmin * block.minima[place // 32])
            for place, nibble in enumerate(block.nibbles)
        ],
        dtype=np.float32,
    )


def all_weights(blocks: Bytes) -> Floats:
    """Return the weights of blocks, uint8 (n, 144), as float32 (n, 256)."""
    return np.stack([weights(fields(each.tobytes())) for each in blocks])


def quantize_ggml(x: Floats) -> Quantized:
    """Quantise 256 values as ggml does: signed pivot, half to even, the first of equals wins."""
    pivot = _F(0)
    for value in x:
        if abs(value) > abs(pivot):
            pivot = value
    if pivot == 0:
        return Quantized(0.0, (0,) * len(x))
    factor = _F(-127) / pivot
    quants = tuple(min(127, round(float(factor * value))) for value in x)  # round: half to even
    return Quantized(float(_F(1) / factor), quants)


def quantize_rust(x: Floats) -> Quantized:
    """Quantise 256 values as the upstream Rust code does: half away from zero, unsigned pivot."""
    pivot = max(abs(value) for value in x)
    if not pivot > _F(1e-10):
        return Quantized(float(_F(1) / _F(127)), (0,) * len(x))
    scale = pivot / _F(127)
    inverse = _F(1) / scale
    quants = []
    for value in x:
        scaled = float(value * inverse)
        magnitude = math.floor(abs(scaled) + 0.5)
        quants.append(max(-128, min(127, -magnitude if scaled < 0 else magnitude)))
    return Quantized(float(scale), tuple(quants))


def block_sums(quants: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sums of 16 consecutive quants."""
    return tuple(sum(quants[start : start + 16]) for start in range(0, len(quants), 16))
