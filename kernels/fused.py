"""The fused multiply-add of float32 in NumPy, which has none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def multiply_add(a: Floats, b: Floats, c: Floats) -> Floats:
    """Return `a * b + c` rounded once, float32 of the common shape.

    The product of two float32 is exact in float64. Their sum is rounded to odd there (the exact
    error tells which way), which makes the second rounding, to float32, the only one that counts.
    """
    product = a.astype(np.float64) * b.astype(np.float64)
    addend = np.broadcast_to(c.astype(np.float64), product.shape)
    total = product + addend
    part = total - product
    error = (product - (total - part)) + (addend - part)
    even = (total.view(np.int64) & 1) == 0
    towards = np.where(error > 0, np.inf, -np.inf)
    adjust = np.isfinite(total) & (error != 0) & even
    return np.where(adjust, np.nextafter(total, towards), total).astype(np.float32)
