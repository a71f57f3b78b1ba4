"""Byte layouts and value types that every implementation of a kernel agrees on.

Constants and records only: no arithmetic stands here, so that a reference and its fast rival
share nothing that could make both wrong together. All fields are little endian; a block of a K
type holds 256 values, one of the older types 32. Layouts are ggml's.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK_VALUES = 256
"""Values in one Q4_K or Q8_K block."""
SUB_BLOCKS = 8
"""Sub-blocks of a Q4_K block, each with its own 6-bit scale and minimum."""
SUB_BLOCK_VALUES = 32
"""Values in one sub-block."""

Q4K_BYTES = 144
"""Bytes of a Q4_K block: d (f16), dmin (f16), 12 bytes of packed scales, 128 bytes of nibbles."""
Q4K_SCALES_AT = 4
"""Offset of the packed 6-bit scales and minima."""
Q4K_NIBBLES_AT = 16
"""Offset of the nibbles."""

Q8K_BYTES = 292
"""Bytes of a Q8_K block: d (f32), 256 int8 quants, 16 int16 block sums."""
Q8K_SUM_VALUES = 16
"""Consecutive quants behind one block sum."""

Q6K_BYTES = 210
"""Bytes of a Q6_K block: 128 of low nibbles, 64 of high bit pairs, 16 int8 scales, d (f16)."""
Q6K_HIGH_AT = 128
"""Offset of the upper two bits of the quants."""
Q6K_SCALES_AT = 192
"""Offset of the signed scales, one for 16 values."""
Q6K_D_AT = 208
"""Offset of the super-scale, which stands at the end."""

SHORT_BLOCK_VALUES = 32
"""Values in one block of Q8_0, Q8_1 or Q4_1."""
Q8_0_BYTES = 34
"""Bytes of a Q8_0 block: d (f16), 32 int8 quants."""
Q8_1_BYTES = 36
"""Bytes of a Q8_1 block: d (f16), s = d times the sum of the quants (f16), 32 int8 quants."""
Q4_1_BYTES = 20
"""Bytes of a Q4_1 block: d (f16), m (f16), 16 bytes of nibbles, low ones first."""


class Stored(StrEnum):
    """Types in which weights are stored for products with quantised activations."""

    Q4_0 = "q4_0"
    Q4_1 = "q4_1"
    Q5_0 = "q5_0"
    Q5_1 = "q5_1"
    Q8_0 = "q8_0"
    Q4_K = "q4_k"
    Q5_K = "q5_k"
    Q6_K = "q6_k"


STORED_BYTES: dict[Stored, int] = {
    Stored.Q4_0: 18,
    Stored.Q4_1: Q4_1_BYTES,
    Stored.Q5_0: 22,
    Stored.Q5_1: 24,
    Stored.Q8_0: Q8_0_BYTES,
    Stored.Q4_K: Q4K_BYTES,
    Stored.Q5_K: 176,
    Stored.Q6_K: Q6K_BYTES,
}
"""Bytes of a block. Q4_0: d, 16 of nibbles. Q5_0: d, 4 of fifth bits, 16 of nibbles; Q5_1 has m
behind d. Q5_K: d, dmin, 12 of packed scales, 32 of fifth bits, 128 of nibbles."""
LONG = frozenset({Stored.Q4_K, Stored.Q5_K, Stored.Q6_K})
"""Types with 256 values in a block, whose activations are Q8_K; the others have 32, and Q8_0."""
WITH_MINIMUM = frozenset({Stored.Q4_1, Stored.Q5_1})
"""Types with 32 values and a minimum in a block: their activations are Q8_1."""


ACTIVATION_TYPES = ("q8_k", "q8_0", "q8_1")
"""Types of activations, by the names that kernels take."""


class Activations(NamedTuple):
    """Several vectors quantised to 8 bits, as the type of the weights asks for.

    scale is float32 (tokens, blocks), quants int8 (tokens, values). For Q8_K sums are those of 16
    consecutive quants, int16 (tokens, values / 16); for Q8_1 the stored s of each block, float32
    (tokens, blocks); for Q8_0 nothing reads them.
    """

    scale: NDArray[np.float32]
    quants: NDArray[np.int8]
    sums: NDArray[np.int16] | NDArray[np.float32]


class Q8K(NamedTuple):
    """Activations quantised to 8 bits, one scale per 256 values.

    Leading axes are free: `scale` is float32 (...,), `quants` int8 (..., 256), `bsums` int16
    (..., 16), the sums of 16 consecutive quants. The value is `scale * quants`.
    """

    scale: NDArray[np.float32]
    quants: NDArray[np.int8]
    bsums: NDArray[np.int16]


class Order(StrEnum):
    """Order of the float operations in a quantised dot product; the integers are exact in all."""

    SEQUENTIAL = "sequential"
    """One accumulator, sub-block after sub-block, no fused multiply-add."""
    AVX2_RUST = "avx2-rust"
    """The upstream Rust AVX2 route, for activations of the Rust convention: GGML_AVX2's order."""
    GGML_GENERIC = "ggml-generic"
    """ggml's portable route: eight lanes of every eighth value, fused multiply-add."""
    GGML_AVX2 = "ggml-avx2"
    """ggml's AVX2 route: eight lanes of four neighbours, fused multiply-add, tree at the end."""


class Rounding(StrEnum):
    """How ggml rounds activations to Q8_0 and Q8_1; the stored f16 scale is the same."""

    REFERENCE = "reference"
    """The portable form: times 1 / (max / 127), half away from zero."""
    AVX2 = "avx2"
    """The vector form: times 127 / max, half to even."""


class Pairing(StrEnum):
    """Which two elements of a head RoPE rotates together."""

    NORM = "norm"
    """Neighbours 2i and 2i+1 (llama models in GGUF files)."""
    NEOX = "neox"
    """Halves: i and i + dim/2."""
