"""Cases of SwiGLU: seam sizes, gates at which the exponential overflows or vanishes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import SEAMS, Case, Tolerance, generator

_SMALLEST_NORMAL = 2.0**-126

TOLERANCE = Tolerance(12, "exponential within 4 units, sum, quotient and product one each, doubled")


def cases() -> list[Case]:
    """Return every case."""
    edge = np.array([0, -0.0, 1e-30, 1, -1, 20, -20, 80, -80, 100, -100, 3e38, -3e38], np.float32)
    return [
        *(Case(f"length-{n}", _pair(n), TOLERANCE, quick=n in (1, 33)) for n in SEAMS),
        Case(
            "edges", (edge, np.linspace(-1, 1, len(edge), dtype=np.float32)), TOLERANCE, quick=True
        ),
        Case("two-axes", _pair(3, 32), TOLERANCE),
    ]


def magnitude(expected: NDArray[np.float64], *arguments: Any) -> NDArray[np.float64]:
    """Return what the tolerance multiplies.

    Below a gate of -88.7 the float32 exponential is infinite and the answer, which is smaller than
    |gate| * 2**-126 times up, may be lost whole.
    """
    gate, up = (np.abs(a.astype(np.float64)) for a in arguments)
    lost: NDArray[np.float64] = _SMALLEST_NORMAL * (1 + gate) * (1 + up)
    return np.abs(expected) + lost * 2.0**24


def _pair(*shape: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rng = generator(f"swiglu-{shape}")
    gate, up = rng.normal(0, 3, shape), rng.normal(size=shape)
    return gate.astype(np.float32), up.astype(np.float32)
