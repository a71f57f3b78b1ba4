"""Cases of RoPE: both pairings, seam sizes, far positions, position 0."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import Case, Tolerance, generator
from pv.kernels.layout import Pairing

TOLERANCE = Tolerance(4, "cosine, sine, product and sum each round once")

_SHAPES = ((1, 1, 2), (2, 1, 4), (3, 2, 6), (1, 1, 64), (7, 9, 64), (2, 3, 66))


def cases() -> list[Case]:
    """Return every case."""
    return [
        *(_case(f"{pairing}-{'x'.join(map(str, shape))}", shape, pairing)
          for shape in _SHAPES for pairing in Pairing),
        *(Case(f"{pairing}-far", (_x("far", (3, 2, 64)), np.array([0, 8191, 131071]), 1e5, pairing),
               TOLERANCE) for pairing in Pairing),
    ]  # fmt: skip


def magnitude(
    _expected: NDArray[np.float64], x: NDArray[Any], _positions: Any, _base: float, pairing: Pairing
) -> NDArray[np.float64]:
    """Return what the tolerance multiplies: |a| + |b| of the pair an element belongs to."""
    tokens, heads, dim = x.shape
    split = (dim // 2, 2) if pairing == Pairing.NORM else (2, dim // 2)
    axis = -1 if pairing == Pairing.NORM else -2
    pairs = np.abs(x.astype(np.float64)).reshape(tokens, heads, *split)
    total = np.broadcast_to(pairs.sum(axis=axis, keepdims=True), pairs.shape)
    return total.reshape(x.shape)


def _case(name: str, shape: tuple[int, int, int], pairing: Pairing) -> Case:
    positions = np.arange(shape[0]) * 3
    arguments = (_x(name, shape), positions, 10000.0, pairing)
    return Case(name, arguments, TOLERANCE, int(np.prod(shape)) <= 64)


def _x(name: str, shape: tuple[int, int, int]) -> NDArray[np.float32]:
    return generator(name).normal(size=shape).astype(np.float32)
