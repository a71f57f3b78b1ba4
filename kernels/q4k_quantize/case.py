"""Cases of Q4_K quantisation: distributions, degenerate sub-blocks, and the ends of float32."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import Case, Tolerance, generator

Floats = NDArray[np.float32]

EXACT = Tolerance(0, "the search compares errors; one other rounding can choose another trial")


def cases() -> list[Case]:
    """Return every case."""
    rng = generator("q4k-quantize")
    normal = rng.normal(size=(40, 256)).astype(np.float32)
    outlier = normal.copy()
    outlier[:, ::97] *= 200
    return [
        Case("one-block", (normal[:1],), EXACT, quick=True),
        Case("normal", (normal,), EXACT),
        Case("uniform", (rng.uniform(-1, 1, (17, 256)).astype(np.float32),), EXACT),
        Case("outlier", (outlier,), EXACT),
        Case("positive", (np.abs(normal),), EXACT),
        Case("negative", (-np.abs(normal),), EXACT),
        Case("degenerate", (_degenerate(),), EXACT, quick=True),
        Case("tiny", (normal * np.float32(1e-9),), EXACT),
        Case("subnormal", (normal * np.float32(1e-40),), EXACT),
        Case("huge", (normal * np.float32(1e6),), EXACT),
        Case("beyond-f16", (normal * np.float32(1e9),), EXACT),
        Case("no-block", (np.empty((0, 256), np.float32),), EXACT),
        Case("leading-axes", (normal[:12].reshape(2, 3, 2, 256),), EXACT),
        Case("strided-view", (normal[::-3],), EXACT),
        Case("transposed-view", (np.asfortranarray(normal[:5]),), EXACT),
    ]


def _degenerate() -> Floats:
    """Return blocks of zeros, constants, one spike, two values, a ramp and signed zeros."""
    blocks = np.zeros((8, 256), dtype=np.float32)
    blocks[1] = 1
    blocks[2] = -1
    blocks[3, 100] = 7
    blocks[4, ::2] = 3
    blocks[5] = np.arange(-128, 128) / 32
    blocks[6] = -0.0
    blocks[7, :32] = 1e-6  # one sub-block so small beside the next that its step becomes 0
    blocks[7, 32:64] = np.linspace(-1e3, 1e3, 32)
    return blocks
