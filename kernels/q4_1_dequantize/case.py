"""Cases of Q4_1 dequantisation, and the Q4_1 blocks that other operations are tried on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import SEAMS, Case, Tolerance, generator
from pv.kernels.layout import Q4_1_BYTES
from pv.kernels.q8_0_dequantize.case import HARD_HALVES

Bytes = NDArray[np.uint8]

EXACT = Tolerance(0, "d * q needs 15 bits: only the addition rounds, once")


def cases() -> list[Case]:
    """Return every case: seam counts, every pair of nibbles, and hard scales."""
    return [
        *(Case(f"random-{n}", (random_blocks(f"q4_1-{n}", n),), EXACT, n <= 8) for n in SEAMS),
        Case("no-block", (np.empty((0, Q4_1_BYTES), np.uint8),), EXACT),
        Case("leading-axes", (random_blocks("q4_1-axes", 12).reshape(2, 3, 2, -1),), EXACT),
        Case("every-nibble-pair", (_every_nibble_pair(),), EXACT),
        Case("hard-scales", (hard_scale_blocks(),), EXACT, quick=True),
        Case("zeros", (np.zeros((2, Q4_1_BYTES), np.uint8),), EXACT, quick=True),
        Case("strided-view", (random_blocks("q4_1-strided", 10)[::-2],), EXACT),
        Case("unaligned-view", (_unaligned(),), EXACT),
    ]


def random_blocks(name: str, count: int) -> Bytes:
    """Return `count` blocks, uint8 (count, 20), scale and minimum finite and of both signs."""
    rng = generator(name)
    blocks = rng.integers(0, 256, (count, Q4_1_BYTES), dtype=np.uint8)
    blocks[:, :4] = rng.normal(0, 0.02, (count, 2)).astype("<f2").view(np.uint8)
    return blocks


def hard_scale_blocks() -> Bytes:
    """Return a block for each pair of hard scale and hard minimum."""
    words = np.array(HARD_HALVES, "<u2")
    blocks = random_blocks("q4_1-hard", len(words) ** 2)
    blocks[:, :2] = np.repeat(words, len(words))[:, None].view(np.uint8)
    blocks[:, 2:4] = np.tile(words, len(words))[:, None].view(np.uint8)
    return blocks


def _every_nibble_pair() -> Bytes:
    blocks = random_blocks("q4_1-nibbles", 16)
    blocks[:, 4:] = np.arange(256, dtype=np.uint8).reshape(16, 16)
    return blocks


def _unaligned() -> Bytes:
    """Return blocks that start at an odd address, as a tensor in a mapped file may."""
    buffer = np.zeros(3 * Q4_1_BYTES + 1, dtype=np.uint8)
    view = buffer[1:].reshape(3, Q4_1_BYTES)
    view[:] = random_blocks("q4_1-unaligned", 3)
    return view
