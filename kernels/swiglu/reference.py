"""SwiGLU in NumPy, computed in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_array, require_float

Floats = NDArray[np.floating[Any]]


def swiglu(gate: Floats, up: Floats) -> Floats:
    """Return `gate / (1 + exp(-gate)) * up`, element by element.

    Both are float32 or float64 of one shape (..., n). The arithmetic is float64; the answer has
    their dtype.

    Raises:
        BadInputError: wrong dtype, or two shapes or dtypes that differ.
    """
    require_float("gate", gate)
    require_array("up", up, gate.dtype, gate.shape)
    wide = gate.astype(np.float64)
    with np.errstate(over="ignore"):  # exp(-gate) = inf gives 0, the right limit
        return (wide / (1.0 + np.exp(-wide)) * up).astype(gate.dtype)
