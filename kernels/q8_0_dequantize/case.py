"""Cases of Q8_0 dequantisation, and the Q8_0 blocks that other operations are tried on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import SEAMS, Case, Tolerance, generator
from pv.kernels.layout import Q8_0_BYTES

Bytes = NDArray[np.uint8]

EXACT = Tolerance(0, "d * q needs 19 bits: nothing rounds")

HARD_HALVES = (0x0000, 0x8000, 0x0001, 0x83FF, 0xB400, 0x7BFF, 0x7C00, 0x7E00)
"""Words of f16: both zeros, subnormal ones, a negative one, the largest, infinity and NaN."""


def cases() -> list[Case]:
    """Return every case: seam counts, every quant, and hard scales."""
    return [
        *(Case(f"random-{n}", (random_blocks(f"q8_0-{n}", n),), EXACT, n <= 8) for n in SEAMS),
        Case("no-block", (np.empty((0, Q8_0_BYTES), np.uint8),), EXACT),
        Case("leading-axes", (random_blocks("q8_0-axes", 12).reshape(2, 3, 2, -1),), EXACT),
        Case("every-quant", (_every_quant(),), EXACT),
        Case("hard-scales", (hard_scale_blocks(),), EXACT, quick=True),
        Case("zeros", (np.zeros((2, Q8_0_BYTES), np.uint8),), EXACT, quick=True),
        Case("strided-view", (random_blocks("q8_0-strided", 10)[::-2],), EXACT),
        Case("unaligned-view", (_unaligned(),), EXACT),
    ]


def random_blocks(name: str, count: int) -> Bytes:
    """Return `count` blocks, uint8 (count, 34), scales finite and of both signs."""
    rng = generator(name)
    blocks = rng.integers(0, 256, (count, Q8_0_BYTES), dtype=np.uint8)
    blocks[:, :2] = rng.normal(0, 0.02, (count, 1)).astype("<f2").view(np.uint8)
    return blocks


def hard_scale_blocks() -> Bytes:
    """Return a block for each of `HARD_HALVES`."""
    blocks = random_blocks("q8_0-hard", len(HARD_HALVES))
    blocks[:, :2] = np.array(HARD_HALVES, "<u2")[:, None].view(np.uint8)
    return blocks


def _every_quant() -> Bytes:
    blocks = random_blocks("q8_0-quants", 8)
    blocks[:, 2:] = np.arange(256, dtype=np.uint8).reshape(8, 32)
    return blocks


def _unaligned() -> Bytes:
    """Return blocks that start at an odd address, as a tensor in a mapped file may."""
    buffer = np.zeros(3 * Q8_0_BYTES + 1, dtype=np.uint8)
    view = buffer[1:].reshape(3, Q8_0_BYTES)
    view[:] = random_blocks("q8_0-unaligned", 3)
    return view
