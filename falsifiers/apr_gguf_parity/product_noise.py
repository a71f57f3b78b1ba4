"""What the production engine's product with one matrix may differ from the exact one by.

The exact product is float64, from the same weights and activations. What is allowed is what
storing the activations in 8 bits must do, predicted from operands alone, and float32 rounding:
docs/derivations.md 6.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.forward.interface import Floats
from pv.forward.rounding_noise import GRIDS, UNIT, Matrix, Noise, predicted
from pv.forward.trunk import Trunk
from pv.tensors.ggml_types import GgmlType

Doubles = NDArray[np.float64]


class Product(NamedTuple):
    """One product of activations (tokens, inputs) with a matrix, in float64."""

    exact: Doubles
    """(tokens, outputs)"""
    expected: Doubles
    """Root of the expected squared L2 norm of the error, (tokens,); 0 where nothing is stored."""
    largest: Doubles
    """What the L2 norm of the error exceeds with the probability of the tail at most, (tokens,)."""


def judged_product(trunk: Trunk, tensor: str, x: Floats, tail: float) -> Product:
    """Return exact product and allowed error; raises `BadInputError` where none is derived."""
    info = trunk.model.tensor(tensor)
    rows = info.shape[0]
    exact, sizes = np.empty((len(x), rows)), np.empty((len(x), rows))
    wide = x.astype(np.float64)
    for taken, weights in trunk.slices(tensor):
        exact[:, taken] = wide @ weights.T.astype(np.float64)
        sizes[:, taken] = np.abs(wide) @ np.abs(weights.T.astype(np.float64))
    summed = (info.shape[1] + 8) * UNIT * np.linalg.norm(sizes, axis=1)
    if info.type is GgmlType.F32:
        return Product(exact, np.zeros(len(x)), summed)
    if info.type not in GRIDS:
        known = ", ".join(each.name for each in GRIDS)
        raise BadInputError(f"tensor {tensor}: type is {info.type.name}, expected F32, {known}")
    matrix = Matrix(rows, lambda: trunk.slices(tensor), _minima(trunk, tensor, info.type))
    noise = predicted(matrix, x, GRIDS[info.type])
    certain = np.linalg.norm(noise.certain, axis=1)
    expected = np.sqrt(certain**2 + noise.power)
    return Product(exact, expected, certain + _chance(noise, tail) + noise.rounding + summed)


def _chance(noise: Noise, tail: float) -> Doubles:
    """Return the bound of a quadratic form in sub-Gaussian errors: derivations 1.3."""
    t = -math.log(tail)
    spread = np.sqrt(noise.scatter)
    return np.asarray(np.sqrt(noise.power + 2.0 * math.sqrt(t) * spread + 2.0 * t * spread))


def _minima(trunk: Trunk, tensor: str, kind: GgmlType) -> Floats | None:
    """Return the minima of Q4_1 blocks, (rows, blocks): those that meet a stored sum."""
    if kind is not GgmlType.Q4_1:
        return None
    halves = np.ascontiguousarray(trunk.blocks(tensor)[..., 2:4]).view("<f2")
    return np.asarray(halves[..., 0], np.float32)
