"""RoPE in NumPy: each pair of elements turned by an angle that grows with the position."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_array, require_float
from pv.kernels.layout import Pairing

__all__ = ["Pairing", "rope"]

Floats = NDArray[np.floating[Any]]


def rope(
    x: Floats,
    positions: NDArray[np.integer[Any]],
    base: float,
    pairing: Pairing = Pairing.NORM,
    *,
    divisors: NDArray[np.float64] | None = None,
    magnitude: float = 1.0,
) -> Floats:
    """Turn pair i of every head by `position * base ** (-2 i / dim) / divisors[i]` radians.

    x is float32 or float64 (tokens, heads, dim) with an even dim, positions integer (tokens,), base
    above 0, divisors float64 (dim / 2,), all 1 by default. What is turned is multiplied by the
    magnitude. The arithmetic is float64; the answer has x's shape and dtype.

    Raises:
        BadInputError: wrong dtype or shape, an odd dim, a base not above 0, or an unknown pairing.
    """
    _require(x, positions, base, pairing)
    pairs = x.shape[-1] // 2
    frequency = base ** (-np.arange(pairs) / pairs)
    if divisors is not None:
        require_array("divisors", divisors, np.float64, (pairs,))
        frequency = frequency / divisors
    angle = positions[:, None, None] * frequency
    first, second = _members(x.shape[-1], pairing)
    a, b = x[..., first].astype(np.float64), x[..., second].astype(np.float64)
    turned = np.empty_like(x)
    cosine, sine = magnitude * np.cos(angle), magnitude * np.sin(angle)
    turned[..., first] = a * cosine - b * sine
    turned[..., second] = a * sine + b * cosine
    return turned


def _members(dim: int, pairing: Pairing) -> tuple[slice, slice]:
    """Return where the first and the second element of the pairs stand."""
    if pairing == Pairing.NORM:
        return slice(0, dim, 2), slice(1, dim, 2)
    return slice(0, dim // 2), slice(dim // 2, dim)


def _require(x: Floats, positions: NDArray[np.integer[Any]], base: float, pairing: Pairing) -> None:
    require_float("x", x)
    if x.ndim != 3 or x.shape[-1] % 2:
        raise BadInputError(
            f"x: found shape {x.shape}, expected (tokens, heads, dim) with even dim"
        )
    if positions.dtype.kind not in "iu" or positions.shape != x.shape[:1]:
        raise BadInputError(
            f"positions: found {positions.dtype.name} {positions.shape}, expected integers "
            f"({x.shape[0]},), one for each token"
        )
    if not (np.isfinite(base) and base > 0):
        raise BadInputError(f"base: found {base}, expected a finite number above 0")
    if pairing not in set(Pairing):
        raise BadInputError(f"pairing: found {pairing!r}, expected one of {', '.join(Pairing)}")
