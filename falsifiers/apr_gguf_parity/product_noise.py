"""What the production engine's product with one matrix may differ from the exact one by.

The exact product is float64, from the same weights and activations. What is allowed is what
storing the activations in 8 bits must do, predicted from operands alone, and float32 rounding:
docs/derivations.md 6. Nothing of it is taken from the engine: which type stores how is ggml's rule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.forward.interface import Floats
from pv.forward.trunk import Trunk
from pv.tensors.ggml_types import GgmlType

Doubles = NDArray[np.float64]

UNIT = 2.0**-24
"""Unit roundoff of float32."""
_LARGEST_QUANT = 127
_PROBES = 8
_SEED = 6


class Storage(NamedTuple):
    """How activations are stored to meet weights of one type."""

    block: int
    """Values that share one step, the largest magnitude over 127."""
    half: bool = False
    """Whether the step is kept as float16."""
    sums: bool = False
    """Whether the block's sum is kept as float16, to meet the minima of the weights."""


_SUPER_BLOCKS, _PLAIN, _WITH_MINIMA = Storage(256), Storage(32, half=True), Storage(32, True, True)
STORAGE: Mapping[GgmlType, Storage] = MappingProxyType(
    {
        **dict.fromkeys((GgmlType.Q4_0, GgmlType.Q5_0, GgmlType.Q8_0), _PLAIN),
        **dict.fromkeys((GgmlType.Q4_1, GgmlType.Q5_1), _WITH_MINIMA),
        **dict.fromkeys((GgmlType.Q4_K, GgmlType.Q5_K, GgmlType.Q6_K), _SUPER_BLOCKS),
    }
)
"""By the type of the weights."""


class Product(NamedTuple):
    """One product of activations (tokens, inputs) with a matrix, in float64."""

    exact: Doubles
    """(tokens, outputs)"""
    expected: Doubles
    """Root of the expected squared L2 norm of the error, (tokens,); 0 where nothing is stored."""
    largest: Doubles
    """What the L2 norm of the error exceeds with the probability of the tail at most, (tokens,)."""


class Error(NamedTuple):
    """The error of stored activations, before any matrix; all float64 (tokens, inputs)."""

    certain: Doubles
    """What storing to the nearest does whatever chance does."""
    deviation: Doubles
    """Standard deviation of the rest."""
    change: Doubles
    """Relative error of the step that is kept, of each block: (tokens, blocks)."""
    sums: Doubles
    """Of what is not stored as 0, of each block."""


def judged_product(trunk: Trunk, tensor: str, x: Floats, tail: float) -> Product:
    """Return exact product and allowed error; raises `BadInputError` where none is derived."""
    info = trunk.model.tensor(tensor)
    if info.type is not GgmlType.F32 and info.type not in STORAGE:
        known = ", ".join(each.name for each in STORAGE)
        raise BadInputError(f"tensor {tensor}: type is {info.type.name}, expected F32, {known}")
    exact, summed = _exact(trunk, tensor, x.astype(np.float64))
    if info.type is GgmlType.F32:
        return Product(exact, np.zeros(len(x)), summed)
    storage = STORAGE[info.type]
    error = stored(x.astype(np.float64), storage)
    certain, power, scatter = _through(trunk, tensor, error)
    if storage.sums:
        minima = _minima(trunk, tensor)
        # What the kept step does to the minima's part is done by the kept sum instead.
        certain -= (error.change * error.sums) @ minima.T
        more = np.square(_last_place(error.sums)) / 12.0 @ np.square(minima).sum(axis=0)
        power, scatter = power + more, scatter + np.square(more)
    sure = np.linalg.norm(certain, axis=1)
    t, spread = -math.log(tail), np.sqrt(scatter)
    chance = np.sqrt(power + 2.0 * math.sqrt(t) * spread + 2.0 * t * spread)
    return Product(exact, np.sqrt(sure**2 + power), sure + chance + 2.0 * summed)


def stored(x: Doubles, storage: Storage) -> Error:
    """Return what storing activations (tokens, inputs) must do to them."""
    blocks = x.reshape(len(x), -1, storage.block)
    step = np.abs(blocks).max(axis=-1, keepdims=True) / _LARGEST_QUANT
    lost = np.abs(blocks) < step / 2
    kept = step.astype(np.float16).astype(np.float64) if storage.half else step
    change = np.where(step > 0, kept / np.where(step > 0, step, 1.0) - 1.0, 0.0)
    return Error(
        np.where(lost, -blocks, change * blocks).reshape(x.shape),
        np.where(lost, 0.0, step / math.sqrt(12.0)).reshape(x.shape),
        change[..., 0],
        np.where(lost, 0.0, blocks).sum(axis=-1),
    )


def _exact(trunk: Trunk, tensor: str, x: Doubles) -> tuple[Doubles, Doubles]:
    """Return the product (tokens, rows), and the largest L2 norm of float32 rounding, (tokens,)."""
    rows, columns = trunk.model.tensor(tensor).shape
    exact, sizes = np.empty((len(x), rows)), np.empty((len(x), rows))
    for taken, weights in trunk.slices(tensor):
        wide = weights.T.astype(np.float64)
        exact[:, taken], sizes[:, taken] = x @ wide, np.abs(x) @ np.abs(wide)
    return exact, (columns + 8) * UNIT * np.linalg.norm(sizes, axis=1)


def _through(trunk: Trunk, tensor: str, error: Error) -> tuple[Doubles, Doubles, Doubles]:
    """Return the certain error behind the matrix, power and scatter of the rest.

    The scatter is the squared Frobenius norm of M = D W' W D with D = diag(deviation): the mean of
    |M z|^2 over vectors z of random signs.
    """
    tokens, width = error.deviation.shape
    signs = np.random.default_rng(_SEED).choice([-1.0, 1.0], size=(_PROBES, 1, width))
    drawn = (signs * error.deviation).reshape(-1, width)
    certain = np.empty((tokens, trunk.model.tensor(tensor).shape[0]))
    columns, back = np.zeros(width), np.zeros(drawn.shape)
    for taken, weights in trunk.slices(tensor):
        wide = weights.astype(np.float64)
        certain[:, taken] = error.certain @ wide.T
        columns += np.square(wide).sum(axis=0)
        back += (drawn @ wide.T) @ wide
    reached = back.reshape(_PROBES, tokens, width) * error.deviation
    scatter = np.square(reached).sum(axis=-1).mean(axis=0)
    return certain, np.square(error.deviation) @ columns, scatter


def _minima(trunk: Trunk, tensor: str) -> Doubles:
    """Return the minima of Q4_1 or Q5_1 blocks, (rows, blocks): the second float16 of each."""
    halves = np.ascontiguousarray(trunk.blocks(tensor)[..., 2:4]).view("<f2")
    return np.asarray(halves[..., 0], np.float64)


def _last_place(values: Doubles) -> Doubles:
    """Return the distance between float16 numbers around each value."""
    _, exponent = np.frexp(np.abs(values))
    return np.asarray(np.ldexp(1.0, np.maximum(exponent, -13) - 11))
