"""RMSNorm in NumPy, accumulated in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_array, require_float

Floats = NDArray[np.floating[Any]]


def rms_norm(x: Floats, weight: Floats, eps: float) -> Floats:
    """Return `x / sqrt(mean(x * x) + eps) * weight` over the last axis.

    x is float32 or float64 (..., n), weight of the same dtype (n,), eps not negative. The
    arithmetic is float64; the answer has x's dtype.

    Raises:
        BadInputError: wrong dtype or shape, or a negative or non-finite eps.
    """
    require_float("x", x)
    require_array("weight", weight, x.dtype, (x.shape[-1],))
    if not (np.isfinite(eps) and eps >= 0):
        raise BadInputError(f"eps: found {eps}, expected a finite number of at least 0")
    wide = x.astype(np.float64)
    mean_square = np.mean(wide * wide, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):  # a zero row with eps 0 is 0/0: NaN
        normed = wide / np.sqrt(mean_square + eps) * weight
    return np.asarray(normed, dtype=x.dtype)
