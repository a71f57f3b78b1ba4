"""Float operations whose order or rounding is part of a question."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Wide = NDArray[np.float64]

UNIT = 2.0**-24
"""Unit roundoff of float32."""

_FLOOR = 1e-9  # divisor of the published relative differences where |A| vanishes


def fold(terms: Floats) -> Floats:
    """Add the last axis in index order, each sum rounded to float32."""
    return np.asarray(np.add.accumulate(terms, axis=-1, dtype=np.float32)[..., -1])


def fused(a: Floats, b: Floats, c: Floats) -> Floats:
    """Return a * b + c: the product of two float32 is exact in float64, the sum rounds."""
    return np.asarray(
        (a.astype(np.float64) * b.astype(np.float64) + c.astype(np.float64)).astype(np.float32)
    )


def normalise(x: Floats) -> Floats:
    """Divide by `max(sqrt(mean(x * x)), 1e-9)`, the mean folded in index order; float32 (n,)."""
    root = np.sqrt(fold(x * x) / np.float32(x.size))
    return np.asarray(x / np.maximum(root, np.float32(_FLOOR)), dtype=np.float32)


def vector_rel_diff(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Return `||a - b||_2 / max(||a||_2, 1e-9)`: difference in their dtype, norms in float64."""
    return norm(a - b) / max(norm(a), _FLOOR)


def scalar_rel_diff(a: Floats, b: Floats) -> Floats:
    """Return `|A - B| / max(|A|, 1e-9)` in float32, element by element."""
    return np.asarray(np.abs(a - b) / np.maximum(np.abs(a), np.float32(_FLOOR)))


def norm(x: NDArray[Any]) -> float:
    """Return the Euclidean norm, accumulated in float64."""
    wide = x.astype(np.float64)
    return float(np.sqrt((wide * wide).sum()))


def bit_pattern(value: Any) -> int:
    """Return the bits of one float32 as an unsigned integer."""
    return int(np.float32(value).view(np.uint32))
