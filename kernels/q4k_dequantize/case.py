"""Cases of Q4_K dequantisation, and the Q4_K blocks that other operations are tried on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import SEAMS, Case, Tolerance, generator
from pv.kernels.layout import Q4K_BYTES

Bytes = NDArray[np.uint8]

EXACT = Tolerance(
    0, "scale * nibble needs 21 bits and dmin * minimum 17: only the subtraction rounds, once"
)


def cases() -> list[Case]:
    """Return every case: seam counts, every scale byte and nibble, and hard super-scales."""
    return [
        *(Case(f"random-{n}", (random_blocks(f"dq-{n}", n),), EXACT, n <= 2) for n in SEAMS),
        Case("no-block", (np.empty((0, Q4K_BYTES), np.uint8),), EXACT),
        Case("leading-axes", (random_blocks("axes", 12).reshape(2, 3, 2, Q4K_BYTES),), EXACT),
        Case("every-scale-byte", (_every_scale_byte(),), EXACT),
        Case("every-nibble-pair", (_every_nibble_pair(),), EXACT),
        Case("hard-super-scales", (hard_scale_blocks(),), EXACT, quick=True),
        Case("strided-view", (random_blocks("strided", 10)[::-2],), EXACT),
        Case("unaligned-view", (_unaligned(),), EXACT),
    ]


def random_blocks(name: str, count: int) -> Bytes:
    """Return `count` blocks of random bytes whose super-scales are finite, of both signs."""
    rng = generator(name)
    blocks = rng.integers(0, 256, (count, Q4K_BYTES), dtype=np.uint8)
    halves = rng.normal(0, 0.02, (count, 2)).astype("<f2")
    blocks[:, :4] = halves.view(np.uint8)
    return blocks


def hard_scale_blocks() -> Bytes:
    """Return blocks with zero, subnormal, negative, largest, infinite and NaN super-scales."""
    words = (0x0000, 0x8000, 0x0001, 0x83FF, 0xB400, 0x7BFF, 0x7C00, 0x7E00)
    blocks = random_blocks("hard", len(words))
    blocks[:, :2] = np.array(words, "<u2")[:, None].view(np.uint8)
    blocks[:, 2:4] = np.array(words[3:] + words[:3], "<u2")[:, None].view(np.uint8)
    return blocks


def _every_scale_byte() -> Bytes:
    """Return 256 blocks in which each of the 12 scale bytes takes each of its values."""
    blocks = random_blocks("scale-bytes", 256)
    values = np.arange(256, dtype=np.uint8)
    blocks[:, 4:16] = values[:, None] + np.arange(0, 12 * 37, 37, dtype=np.uint8)
    return blocks


def _every_nibble_pair() -> Bytes:
    blocks = random_blocks("nibbles", 2)
    blocks[:, 16:] = np.arange(256, dtype=np.uint8).reshape(2, 128)
    return blocks


def _unaligned() -> Bytes:
    """Return blocks that start at an odd address, as a tensor in a mapped file may."""
    buffer = np.zeros(3 * Q4K_BYTES + 1, dtype=np.uint8)
    view = buffer[1:].reshape(3, Q4K_BYTES)
    view[:] = random_blocks("unaligned", 3)
    return view
