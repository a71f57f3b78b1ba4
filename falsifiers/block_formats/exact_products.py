"""Products of quantised blocks in exact arithmetic, block by block and value by value.

A block is read as one integer, field by field at its bit offset; sums are correctly rounded
(math.fsum). Nothing here is shared with a kernel, so that the two cannot be wrong together.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.q4k_q8k.scalar_forms import half

Bytes = NDArray[np.uint8]
Wide = NDArray[np.float64]


class Sums(NamedTuple):
    """A product of rows with a vector, float64 (rows,) each."""

    exact: Wide
    magnitude: Wide
    """What the rounding of a float order scales with: the sum of |terms|, offsets apart."""


def multiply(kinds: str, blocks: Bytes, activation: Bytes) -> Sums:
    """Multiply rows, uint8 (rows, nb, bytes), with stored blocks of the activation (nb, bytes)."""
    terms_of = {"q6_K_q8_K": _q6k, "q8_0_q8_0": _q8_0, "q4_1_q8_1": _q4_1}[kinds]
    exact, magnitude = [], []
    for row in blocks:
        terms: list[float] = []
        sizes: list[float] = []
        for weights, vector in zip(row, activation, strict=True):
            found, size = terms_of(weights.tobytes(), vector.tobytes())
            terms += found
            sizes += size
        exact.append(math.fsum(terms))
        magnitude.append(math.fsum(sizes))
    return Sums(np.array(exact), np.array(magnitude))


Terms = tuple[list[float], list[float]]


def _q6k(weights: bytes, vector: bytes) -> Terms:
    """Return d * scale * q * y, q from nibble and bit pair; sizes take q + 32 and 32 apart."""
    bits = int.from_bytes(weights, "little")
    step = half(_field(bits, 8 * 208, 16)) * float(np.frombuffer(vector[:4], "<f4")[0])
    terms, sizes = [], []
    for place in range(256):
        side, quarter, i = place // 128, place % 128 // 32, place % 32
        low = _field(bits, 8 * (64 * side + 32 * (quarter % 2) + i) + 4 * (quarter // 2), 4)
        high = _field(bits, 8 * (128 + 32 * side + i) + 2 * quarter, 2)
        scale = _signed(_field(bits, 8 * (192 + place // 16), 8))
        factor = step * scale * _signed(vector[4 + place])
        terms.append(factor * (low + 16 * high - 32))
        sizes.append(abs(factor) * (low + 16 * high + 32))
    return terms, sizes


def _q8_0(weights: bytes, vector: bytes) -> Terms:
    step = _half_at(weights, 0) * _half_at(vector, 0)
    terms = [step * _signed(weights[2 + i]) * _signed(vector[2 + i]) for i in range(32)]
    return terms, [abs(each) for each in terms]


def _q4_1(weights: bytes, vector: bytes) -> Terms:
    """Return d * q * d_y * q_y, and the minimum times the sum that the activation stores."""
    step = _half_at(weights, 0) * _half_at(vector, 0)
    nibbles = [weights[4 + i % 16] >> 4 * (i // 16) & 15 for i in range(32)]
    terms = [step * nibbles[i] * _signed(vector[4 + i]) for i in range(32)]
    terms.append(_half_at(weights, 2) * _half_at(vector, 2))
    return terms, [abs(each) for each in terms]


def _half_at(raw: bytes, at: int) -> float:
    return half(int.from_bytes(raw[at : at + 2], "little"))


def _field(bits: int, offset: int, width: int) -> int:
    return (bits >> offset) & ((1 << width) - 1)


def _signed(byte: int) -> int:
    return byte - 256 if byte > 127 else byte
