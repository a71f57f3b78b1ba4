"""Softmax in NumPy, accumulated in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_float

Floats = NDArray[np.floating[Any]]


def softmax(x: Floats) -> Floats:
    """Return `exp(x - max) / sum(exp(x - max))` over the last axis.

    x is float32 or float64 (..., n); minus infinity masks an element (its probability is 0); a row
    of nothing but minus infinity has no distribution and becomes NaN. The arithmetic is float64;
    the answer has x's dtype.

    Raises:
        BadInputError: wrong dtype, or an empty last axis.
    """
    require_float("x", x)
    wide = x.astype(np.float64)
    with np.errstate(invalid="ignore"):  # -inf minus -inf, in a fully masked row
        powers = np.exp(wide - wide.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), dtype=x.dtype)
