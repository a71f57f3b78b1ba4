"""Cases of Q8_K quantisation: ties of rounding and of sign, empty blocks, the ends of float32."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import SEAMS, Case, Tolerance, generator

Floats = NDArray[np.float32]

EXACT = Tolerance(0, "one product and one rounding to an integer: nothing is left to choice")


def cases() -> list[Case]:
    """Return every case; both conventions take the same inputs."""
    rng = generator("q8k-quantize")
    normal = rng.normal(size=(33, 256)).astype(np.float32)
    return [
        *(Case(f"normal-{n}", (_normal(n),), EXACT, n <= 2) for n in SEAMS[:8]),
        Case("rounding-ties", (rounding_ties(),), EXACT, quick=True),
        Case("sign-ties", (sign_ties(),), EXACT, quick=True),
        Case("empty-and-nearly", (_nearly_empty(),), EXACT, quick=True),
        Case("subnormal", (normal * np.float32(1e-40),), EXACT),
        Case("largest", (normal * np.float32(7e37),), EXACT),
        Case("no-block", (np.empty((0, 256), np.float32),), EXACT),
        Case("leading-axes", (normal[:12].reshape(2, 3, 2, 256),), EXACT),
        Case("strided-view", (normal[::-3],), EXACT),
    ]


def rounding_ties() -> Floats:
    """Return blocks of n + 1/2 under a pivot of 127, so that every product is an exact tie."""
    ties = np.arange(-127, 127, dtype=np.float32)[:254] + np.float32(0.5)
    blocks = np.zeros((4, 256), dtype=np.float32)
    blocks[:, 1:255] = ties
    blocks[:, 0] = (127, -127, 127, -127)
    # Just beside the tie: adding one half first would round these up.
    blocks[2:, 1:255] = np.nextafter(ties, np.float32(0))
    return blocks


def sign_ties() -> Floats:
    """Return blocks whose largest magnitude stands twice, with opposite signs, in both orders."""
    blocks = generator("sign-ties").normal(size=(4, 256)).astype(np.float32)
    blocks[0, [3, 200]] = (9, -9)
    blocks[1, [3, 200]] = (-9, 9)
    blocks[2, [0, 255]] = (-9, 9)
    blocks[3, [31, 32]] = (9, -9)
    return blocks


def _nearly_empty() -> Floats:
    """Return zeros of both signs, and blocks just below, at and just above a pivot of 1e-10."""
    edge = np.float32(1e-10)
    blocks = np.zeros((6, 256), dtype=np.float32)
    blocks[1] = -0.0
    below, above = np.nextafter(edge, np.float32(0)), np.nextafter(edge, np.float32(1))
    blocks[2:5, 7] = (below, edge, above)
    blocks[2:5, 8] = -edge / 3
    blocks[5, 255] = np.float32(1e-45)  # the smallest there is: its factor overflows
    return blocks


def _normal(count: int) -> Floats:
    return generator(f"q8k-{count}").normal(size=(count, 256)).astype(np.float32)
