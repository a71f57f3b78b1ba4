"""What storing activations in few bits must do to a product, predicted from operands alone.

Nothing here is fitted and nothing is taken from the code on trial: steps come from the activations,
weights from the file. The derivation stands in docs/derivations.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.kernels.layout import BLOCK_VALUES, SHORT_BLOCK_VALUES
from pv.tensors.ggml_types import GgmlType

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

UNIT: Final = 2.0**-24
"""Unit roundoff of float32."""
_LARGEST_QUANT: Final = 127
_PROBES: Final = 8
_SEED: Final = 6


class Grid(NamedTuple):
    """How activations are stored before an integer product."""

    block: int
    """Values that share one step, the largest magnitude over 127."""
    half: bool = False
    """Whether the step is stored as float16."""
    sums: bool = False
    """Whether the block's sum is stored as float16, to meet the minimum of the weights."""


GRIDS: Final[Mapping[GgmlType, Grid]] = MappingProxyType(
    {
        GgmlType.Q4_K: Grid(BLOCK_VALUES),
        GgmlType.Q6_K: Grid(BLOCK_VALUES),
        GgmlType.Q4_1: Grid(SHORT_BLOCK_VALUES, half=True, sums=True),
        GgmlType.Q8_0: Grid(SHORT_BLOCK_VALUES, half=True),
    }
)
"""Type of the weights to the grid on which ggml puts the activations that meet them."""


class Noise(NamedTuple):
    """The error of a product whose activations were stored on a grid."""

    certain: Doubles
    """What every rounding to the nearest does alike, float64 (tokens, rows)."""
    power: Doubles
    """Expected squared L2 norm of the rest, (tokens,)."""
    scatter: Doubles
    """Squared Frobenius norm of its covariance, (tokens,): half the variance of that norm."""
    rounding: Doubles
    """Largest L2 norm of what float32 adds to the products of blocks, (tokens,)."""


class Judged(NamedTuple):
    """An error beside its noise; tokens count alike, whatever their size."""

    ratio: float
    """Root mean square over tokens of measured over predicted: 1 where the model holds."""
    over: float
    """The same over the largest that chance explains: above 1 it does not."""


def judged(noise: Noise, error: Doubles, tail: float) -> Judged:
    """Set an error (tokens, rows) against its noise.

    `tail` is the probability with which a sound product goes over, at most.
    """
    scale = np.maximum(noise.power, np.square(noise.rounding))
    scale = np.where(scale > 0, scale, np.finfo(np.float64).tiny)
    square = np.square(error - noise.certain).sum(axis=1) / scale
    power, scatter = noise.power / scale, noise.scatter / np.square(scale)
    t = -np.log(tail)
    largest = np.sqrt(scatter.max())  # no eigenvalue of the covariance is larger
    chance = power.sum() + 2.0 * np.sqrt(t * scatter.sum()) + 2.0 * t * largest
    rounding = np.sqrt((np.square(noise.rounding) / scale).sum())
    measured = np.sqrt(square.sum())
    expected = np.sqrt(power.sum()) or 1.0
    return Judged(float(measured / expected), float(measured / (np.sqrt(chance) + rounding)))


class Matrix(NamedTuple):
    """A matrix of weights as it is read: in slices of rows, because all of it may not fit."""

    rows: int
    slices: Callable[[], Iterable[tuple[slice, Floats]]]
    """Rows and their weights, float32 (rows, columns), together all of it."""
    minima: Floats | None = None
    """Of the blocks of weights, (rows, columns / block), for a grid that stores sums."""


def predicted(matrix: Matrix, x: Floats, grid: Grid) -> Noise:
    """Predict the error of activations (tokens, columns) times a matrix."""
    blocks = x.reshape(len(x), -1, grid.block).astype(np.float64)
    step = np.abs(blocks).max(axis=-1, keepdims=True) / _LARGEST_QUANT
    # Below half a step nothing is left to chance: the quant is 0 and the error the value itself.
    lost = np.abs(blocks) < step / 2
    change = _stored(step) / np.where(step > 0, step, 1.0) - (step > 0) if grid.half else 0.0 * step
    shift = np.where(lost, -blocks, change * blocks).reshape(x.shape)
    deviation = np.where(lost, 0.0, step / np.sqrt(12.0)).reshape(x.shape)
    certain, columns, scatter = _through(matrix, shift, deviation)
    power = np.square(deviation) @ columns
    if grid.sums and matrix.minima is not None:
        sums = np.where(lost, 0.0, blocks).sum(axis=-1)
        certain -= (change[..., 0] * sums) @ matrix.minima.T.astype(np.float64)
        # The stored sum errs by one rounding of float16, uniform over its last place.
        height = np.square(matrix.minima, dtype=np.float64).sum(axis=0)
        more = np.square(_last_place(sums)) / 12.0 @ height
        power, scatter = power + more, scatter + np.square(more)
    size = np.sqrt(columns.sum()) * np.linalg.norm(x.astype(np.float64), axis=1)
    return Noise(certain, power, scatter, (blocks.shape[1] + 8) * UNIT * size)


def _through(
    matrix: Matrix, shift: Doubles, deviation: Doubles
) -> tuple[Doubles, Doubles, Doubles]:
    """Return W shift (tokens, rows), squared column norms of W, and the scatter of each token.

    The scatter is the squared Frobenius norm of M = D W' W D, D = diag(deviation): the mean of
    |M z|^2 over vectors z of random signs.
    """
    tokens, width = deviation.shape
    signs = np.random.default_rng(_SEED).choice([-1.0, 1.0], size=(_PROBES, 1, width))
    drawn = (signs * deviation).reshape(-1, width).astype(np.float32)
    shifted = shift.astype(np.float32)
    certain = np.empty((tokens, matrix.rows))
    columns, back = np.zeros(width), np.zeros(drawn.shape)
    for rows, weights in matrix.slices():
        certain[:, rows] = shifted @ weights.T
        columns += np.einsum("ij,ij->j", weights, weights, dtype=np.float64)
        back += (drawn @ weights.T) @ weights
    found = back.reshape(_PROBES, tokens, width) * deviation
    return certain, columns, np.square(found).sum(axis=-1).mean(axis=0)


def _stored(step: Doubles) -> Doubles:
    """Return steps as float16 holds them; one beyond its range stays, so that it is seen."""
    with np.errstate(over="ignore"):
        half = step.astype(np.float32).astype(np.float16).astype(np.float64)
    return np.where(np.isfinite(half), half, step)


def _last_place(values: Doubles) -> Doubles:
    """Return the distance between float16 numbers around each value."""
    _, exponent = np.frexp(np.abs(values))
    return np.asarray(np.ldexp(1.0, np.maximum(exponent, -13) - 11))
