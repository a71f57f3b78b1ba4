"""Cases of Q6_K dequantisation, and the Q6_K blocks that other operations are tried on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import SEAMS, Case, Tolerance, generator
from pv.kernels.layout import Q6K_BYTES, Q6K_D_AT, Q6K_HIGH_AT, Q6K_SCALES_AT

Bytes = NDArray[np.uint8]

EXACT = Tolerance(0, "d * scale needs 19 bits: only the product with the quant rounds, once")


def cases() -> list[Case]:
    """Return every case: seam counts, every byte of each field, and hard super-scales."""
    return [
        *(Case(f"random-{n}", (random_blocks(f"q6-{n}", n),), EXACT, n <= 2) for n in SEAMS),
        Case("no-block", (np.empty((0, Q6K_BYTES), np.uint8),), EXACT),
        Case("leading-axes", (random_blocks("q6-axes", 12).reshape(2, 3, 2, Q6K_BYTES),), EXACT),
        Case("every-scale-byte", (_every_byte(slice(Q6K_SCALES_AT, Q6K_D_AT)),), EXACT),
        Case("every-low-byte", (_every_byte(slice(0, Q6K_HIGH_AT)),), EXACT),
        Case("every-high-byte", (_every_byte(slice(Q6K_HIGH_AT, Q6K_SCALES_AT)),), EXACT),
        Case("hard-super-scales", (hard_scale_blocks(),), EXACT, quick=True),
        Case("zeros", (np.zeros((2, Q6K_BYTES), np.uint8),), EXACT, quick=True),
        Case("strided-view", (random_blocks("q6-strided", 10)[::-2],), EXACT),
        Case("unaligned-view", (_unaligned(),), EXACT),
    ]


def random_blocks(name: str, count: int) -> Bytes:
    """Return `count` blocks of random bytes, uint8 (count, 210), super-scales finite and signed."""
    rng = generator(name)
    blocks = rng.integers(0, 256, (count, Q6K_BYTES), dtype=np.uint8)
    blocks[:, Q6K_D_AT:] = rng.normal(0, 0.01, (count, 1)).astype("<f2").view(np.uint8)
    return blocks


def hard_scale_blocks() -> Bytes:
    """Return blocks with zero, subnormal, negative, largest, infinite and NaN super-scales."""
    words = np.array((0x0000, 0x8000, 0x0001, 0x83FF, 0xB400, 0x7BFF, 0x7C00, 0x7E00), "<u2")
    blocks = random_blocks("q6-hard", len(words))
    blocks[:, Q6K_D_AT:] = words[:, None].view(np.uint8)
    return blocks


def _every_byte(field: slice) -> Bytes:
    """Return 256 blocks in which each byte of a field takes each of its values."""
    blocks = random_blocks("q6-bytes", 256)
    width = field.stop - field.start
    shifts = (37 * np.arange(width)).astype(np.uint8)
    blocks[:, field] = np.arange(256, dtype=np.uint8)[:, None] + shifts
    return blocks


def _unaligned() -> Bytes:
    """Return blocks that start at an odd address, as a tensor in a mapped file may."""
    buffer = np.zeros(3 * Q6K_BYTES + 1, dtype=np.uint8)
    view = buffer[1:].reshape(3, Q6K_BYTES)
    view[:] = random_blocks("q6-unaligned", 3)
    return view
