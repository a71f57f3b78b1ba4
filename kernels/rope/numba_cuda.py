"""RoPE on a CUDA device: one warp a token and head.

Cosines and sines come from the host, computed in float64: a float32 angle at position 100,000 would
be wrong in its third digit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda, types
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_array
from pv.kernels.device.numba_cuda import WARP, empty, grid_for, to_device
from pv.kernels.layout import Pairing


def rope(
    x: NDArray[np.float32],
    positions: NDArray[np.integer[Any]],
    base: float,
    pairing: Pairing = Pairing.NORM,
    *,
    grid: int | None = None,
) -> NDArray[np.float32]:
    """Turn pair i of every head by `position * base ** (-2 i / dim)` radians.

    x is float32 (tokens, heads, dim) with an even dim, positions integer (tokens,).

    Raises:
        BadInputError: wrong dtype or shape, an odd dim, a base not above 0, or an unknown pairing.
    """
    require_array("x", x, np.float32, (None, None, None))
    tokens, heads, dim = x.shape
    _require(x, positions, base, pairing)
    if x.size == 0:
        return np.empty(x.shape, dtype=np.float32)
    pairs = dim // 2
    angles = np.outer(positions, base ** (-np.arange(pairs) / pairs))
    tables = [to_device(f(angles).astype(np.float32)) for f in (np.cos, np.sin)]
    step, gap = (2, 1) if pairing == Pairing.NORM else (1, pairs)
    out = empty((tokens * heads, dim), np.float32)
    rows = to_device(np.ascontiguousarray(x).reshape(tokens * heads, dim))
    _rope[grid_for(tokens * heads, grid), WARP](rows, *tables, heads, step, gap, out)
    return np.asarray(out.copy_to_host()).reshape(x.shape)


def _require(
    x: NDArray[np.float32], positions: NDArray[np.integer[Any]], base: float, pairing: Pairing
) -> None:
    if x.shape[-1] % 2 or x.shape[-1] == 0:
        raise BadInputError(f"x: found shape {x.shape}, expected an even last axis above 0")
    if positions.dtype.kind not in "iu" or positions.shape != x.shape[:1]:
        raise BadInputError(
            f"positions: found {positions.dtype.name} {positions.shape}, expected integers "
            f"({x.shape[0]},), one for each token"
        )
    if not (math.isfinite(base) and base > 0):
        raise BadInputError(f"base: found {base}, expected a finite number above 0")
    if pairing not in set(Pairing):
        raise BadInputError(f"pairing: found {pairing!r}, expected one of {', '.join(Pairing)}")


@cuda.jit
def _rope(x: Any, cosine: Any, sine: Any, heads: Any, step: Any, gap: Any, out: Any) -> None:
    lane = cuda.threadIdx.x
    for row in range(cuda.blockIdx.x, x.shape[0], cuda.gridDim.x):
        token = row // heads
        for pair in range(lane, cosine.shape[1], 32):
            first = pair * step
            a, b = x[row, first], x[row, first + gap]
            c, s = cosine[token, pair], sine[token, pair]
            out[row, first] = a * c - b * s
            out[row, first + gap] = a * s + b * c


_FLOATS = types.float32[:, ::1]
COMPILED = (
    (
        _rope,
        types.void(_FLOATS, _FLOATS, _FLOATS, types.int64, types.int64, types.int64, _FLOATS),
    ),
)
"""Kernels with their argument types, for compilation without a device."""
