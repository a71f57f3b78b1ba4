"""Cases of softmax: seam lengths, saturation, near ties, masks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import SEAMS, Case, Tolerance, generator

_SMALLEST_NORMAL = 2.0**-126


def tolerance(length: int) -> Tolerance:
    """Return the bound for float32 exponentials, sums of 32 lanes and a tree."""
    return Tolerance(
        length / 32 + 120,
        "rounding x - max (below 104 where the exponential is not 0) moves the exponential by up "
        "to 104 units; exponential, sum and quotient add the rest",
    )


def cases() -> list[Case]:
    """Return every case."""
    rows = {
        "saturated": [-1.5, 0.5, -0.8, 80.0, 1.2, -0.3, 0.7],
        "near-ties": [3.0, 3.0000002, 2.9999998, 3.0, 3.0000005],
        "masked": [-np.inf, 1.0, -np.inf, 2.0],
        "far-apart": [-3e38, 3e38, 0.0],
    }
    return [
        *(_case(f"length-{n}", n) for n in SEAMS),
        *(Case(name, (np.array([row], np.float32),), tolerance(len(row)), quick=True)
          for name, row in rows.items()),
        Case("outliers", (_outliers(),), tolerance(576)),
    ]  # fmt: skip


def magnitude(expected: NDArray[np.float64], *_arguments: Any) -> NDArray[np.float64]:
    """Return what the tolerance multiplies; below 2**-126 rounding is absolute."""
    return np.abs(expected) + _SMALLEST_NORMAL


def _case(name: str, length: int) -> Case:
    x = generator(name).normal(0, 3, (3, length)).astype(np.float32)
    return Case(name, (x,), tolerance(length), length in (1, 33, 129))


def _outliers() -> NDArray[np.float32]:
    x = generator("softmax-outliers").normal(size=(4, 576)).astype(np.float32)
    x[:, ::191] *= 30
    return x
