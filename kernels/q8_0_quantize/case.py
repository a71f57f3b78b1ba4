"""Cases of quantisation in blocks of 32: ties, signs, empty blocks, the ends of float32."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import SEAMS, Case, Tolerance, generator

Floats = NDArray[np.float32]

EXACT = Tolerance(0, "one product and one rounding to an integer: nothing is left to choice")


def cases() -> list[Case]:
    """Return every case; every format and rounding in blocks of 32 takes the same inputs."""
    rng = generator("short-quantize")
    normal = rng.normal(size=(33, 32)).astype(np.float32)
    return [
        *(Case(f"normal-{n}", (_normal(n),), EXACT, n <= 8) for n in SEAMS),
        Case("rounding-ties", (rounding_ties(),), EXACT, quick=True),
        Case("sign-ties", (sign_ties(),), EXACT, quick=True),
        Case("empty-and-nearly", (_nearly_empty(),), EXACT, quick=True),
        Case("equal-values", (_equal_values(),), EXACT, quick=True),
        Case("subnormal", (normal * np.float32(1e-40),), EXACT),
        Case("below-the-factor", (normal * np.float32(1e-37),), EXACT),
        Case("subnormal-scale", (normal * np.float32(1e-5),), EXACT),
        Case("beyond-f16", (normal * np.float32(5e6),), EXACT),
        Case("largest", (normal * np.float32(3e37),), EXACT),
        Case("no-block", (np.empty((0, 32), np.float32),), EXACT),
        Case("leading-axes", (normal[:12].reshape(2, 3, 2, 32),), EXACT),
        Case("strided-view", (normal[::-3],), EXACT),
        Case("unaligned-view", (_unaligned(normal),), EXACT),
    ]


def rounding_ties() -> Floats:
    """Return blocks of n + 1/2 under a largest value of 127, and values just beside the ties."""
    ties = np.arange(-124, 124, dtype=np.float32) + np.float32(0.5)
    blocks = np.zeros((16, 32), dtype=np.float32)
    blocks[:8, 1:] = ties.reshape(8, 31)
    # Just beside the tie: adding one half first would round these up.
    blocks[8:, 1:] = np.nextafter(ties, np.float32(0)).reshape(8, 31)
    blocks[:, 0] = np.where(np.arange(16) % 2, -127, 127)
    return blocks


def sign_ties() -> Floats:
    """Return blocks whose largest magnitude stands twice, with opposite signs, in both orders."""
    blocks = generator("short-signs").normal(size=(4, 32)).astype(np.float32)
    blocks[0, [3, 20]] = (9, -9)
    blocks[1, [3, 20]] = (-9, 9)
    blocks[2, [0, 31]] = (-9, 9)
    blocks[3, [15, 16]] = (9, -9)
    return blocks


def _nearly_empty() -> Floats:
    """Return zeros of both signs, and blocks of one value, the smallest there is among them."""
    blocks = np.zeros((8, 32), dtype=np.float32)
    blocks[1] = -0.0
    blocks[2:6, 7] = (1e-45, -1e-45, 1e-10, -3.0)
    blocks[6, ::2], blocks[7, 1::2] = -0.0, -0.0  # which zero is the smallest?
    return blocks


def _equal_values() -> Floats:
    """Return blocks of one value throughout: the range of a format with a minimum is empty."""
    return np.repeat(np.array([[1], [-1], [1e-30], [-7e4]], np.float32), 32, axis=1)


def _normal(count: int) -> Floats:
    return generator(f"short-{count}").normal(size=(count, 32)).astype(np.float32)


def _unaligned(values: Floats) -> Floats:
    """Return values at an address that no float should have."""
    buffer = np.zeros(values.nbytes + 1, np.uint8)
    view = buffer[1:].view(np.float32).reshape(values.shape)
    view[:] = values
    return view
