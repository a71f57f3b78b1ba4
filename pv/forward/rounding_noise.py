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

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

UNIT: Final = 2.0**-24
"""Unit roundoff of float32."""
_LARGEST_QUANT: Final = 127
_VECTORS: Final = 16
"""Random vectors, at least, from which the scatter over all tokens is estimated."""
MODEL_RATIO: Final = 1.2
"""Measured over predicted that the noise model itself may be off by, however large the sample."""
_SEED: Final = 6


class Grid(NamedTuple):
    """How activations are stored before a product."""

    block: int
    """Values that share one step, the largest magnitude over 127."""
    half: bool = False
    """Whether the step is stored as float16."""
    sums: bool = False
    """Whether the block's sum is stored as float16, to meet the minimum of the weights."""
    digits: int = 0
    """Binary digits of each value where values are floats themselves, with no step in common."""


GRIDS: Final[Mapping[str, Grid]] = MappingProxyType(
    {
        "q8_k": Grid(BLOCK_VALUES),
        "q8_0": Grid(SHORT_BLOCK_VALUES, half=True),
        "q8_1": Grid(SHORT_BLOCK_VALUES, half=True, sums=True),
        "f16": Grid(1, digits=11),
        "bf16": Grid(1, digits=8),
    }
)
"""By the name of the type that activations are stored as; any other keeps them as they are."""


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


class Measure(NamedTuple):
    """An error beside its noise; tokens count alike, whatever their size."""

    ratio: float
    """Root mean square of measured over predicted: 1 where the model holds."""
    over: float
    """Measured over the largest that chance explains: above 1 it does not."""
    resolution: float
    """Smallest relative scale fault that would have gone over."""


def measure(
    square: float,
    signal: float,
    power: float,
    *,
    scatter: float,
    largest: float,
    rounding: float,
    tail: float,
) -> Measure:
    """Set squared norms against the tail of a quadratic form in bounded variables.

    `power` is its mean, `scatter` the squared Frobenius norm of its covariance, `largest` no less
    than its largest eigenvalue, `rounding` the norm of what is bounded beside it.
    """
    t = -np.log(tail)
    chance = power + 2.0 * np.sqrt(t * scatter) + 2.0 * t * largest
    limit = np.sqrt(max(chance, MODEL_RATIO**2 * power)) + rounding
    measured = np.sqrt(square)
    expected = np.sqrt(power) if power > 0 else limit
    resolution = np.sqrt((limit**2 - power) / signal) if signal > 0 else np.inf
    return Measure(float(measured / expected), float(measured / limit), float(resolution))


def judged(noise: Noise, error: Doubles, exact: Floats, tail: float) -> Measure:
    """Set an error (tokens, rows) of a product against its noise.

    `tail` is the probability with which a sound product goes over, at most.
    """
    scale = np.maximum(noise.power, np.square(noise.rounding))
    scale = np.where(scale > 0, scale, np.finfo(np.float64).tiny)
    square = np.square(error - noise.certain).sum(axis=1) / scale
    signal = np.square(exact, dtype=np.float64).sum(axis=1) / scale
    scatter = noise.scatter / np.square(scale)
    largest = np.sqrt(scatter.max())  # no eigenvalue of the covariance is larger
    rounding = float(np.sqrt((np.square(noise.rounding) / scale).sum()))
    power = (noise.power / scale).sum()
    return measure(
        square.sum(),
        signal.sum(),
        power,
        scatter=scatter.sum(),
        largest=largest,
        rounding=rounding,
        tail=tail,
    )


class Matrix(NamedTuple):
    """A matrix of weights as it is read: in slices of rows, because all of it may not fit."""

    rows: int
    slices: Callable[[], Iterable[tuple[slice, Floats]]]
    """Rows and their weights, float32 (rows, columns), together all of it."""
    minima: Floats | None = None
    """Of the blocks of weights, (rows, columns / block), for a grid that stores sums."""


class _Kept(NamedTuple):
    """What storing does to activations (tokens, columns), all float64."""

    certain: Doubles
    """What every rounding to the nearest does alike."""
    deviation: Doubles
    """Standard deviation of the rest."""
    sums: Doubles
    """Of the blocks, (tokens, blocks)."""
    moved: Doubles
    """What the stored step moves values by that a stored sum does not follow, (tokens, blocks)."""


def predicted(matrix: Matrix, x: Floats, grid: Grid) -> Noise:
    """Predict the error of activations (tokens, columns) times a matrix."""
    wide = x.astype(np.float64)
    kept = _rounded(wide, grid) if grid.digits else _on_grid(wide, grid)
    certain, columns, scatter = _through(matrix, kept.certain, kept.deviation)
    power = np.square(kept.deviation) @ columns
    if matrix.minima is not None:
        certain -= kept.moved @ matrix.minima.T.astype(np.float64)
        # The stored sum errs by one rounding of float16, uniform over its last place.
        height = np.square(matrix.minima, dtype=np.float64).sum(axis=0)
        more = np.square(last_place(kept.sums)) / 12.0 @ height
        power, scatter = power + more, scatter + np.square(more)
    size = np.sqrt(columns.sum()) * np.linalg.norm(wide, axis=1)
    return Noise(certain, power, scatter, (x.shape[1] / grid.block + 8) * UNIT * size)


def _on_grid(wide: Doubles, grid: Grid) -> _Kept:
    blocks = wide.reshape(len(wide), -1, grid.block)
    step = np.abs(blocks).max(axis=-1, keepdims=True) / _LARGEST_QUANT
    change = _half(step) / np.where(step > 0, step, 1.0) - (step > 0) if grid.half else 0.0 * step
    # Below half a step nothing is left to chance: the quant is 0 and the error the value itself.
    lost = np.abs(blocks) < step / 2
    certain = np.where(lost, -blocks, change * blocks)
    deviation = np.where(lost, 0.0, step / np.sqrt(12.0))
    sums = np.where(lost, 0.0, blocks).sum(axis=-1)
    return _Kept(
        certain.reshape(wide.shape), deviation.reshape(wide.shape), sums, change[..., 0] * sums
    )


def _rounded(wide: Doubles, grid: Grid) -> _Kept:
    none = np.zeros_like(wide)
    return _Kept(none, last_place(wide, grid.digits) / np.sqrt(12.0), none, none)


def _through(
    matrix: Matrix, shift: Doubles, deviation: Doubles
) -> tuple[Doubles, Doubles, Doubles]:
    """Return W shift (tokens, rows), squared column norms of W, and the scatter of each token.

    The scatter is the squared Frobenius norm of M = D W' W D, D = diag(deviation): the mean of
    |M z|^2 over vectors z of random signs.
    """
    tokens, width = deviation.shape
    probes = -(-_VECTORS // tokens)
    signs = np.random.default_rng(_SEED).choice([-1.0, 1.0], size=(probes, tokens, width))
    drawn = (signs * deviation).reshape(-1, width).astype(np.float32)
    shifted = shift.astype(np.float32)
    certain = np.empty((tokens, matrix.rows))
    columns, back = np.zeros(width), np.zeros(drawn.shape)
    for rows, weights in matrix.slices():
        certain[:, rows] = shifted @ weights.T
        columns += np.einsum("ij,ij->j", weights, weights, dtype=np.float64)
        back += (drawn @ weights.T) @ weights
    found = back.reshape(probes, tokens, width) * deviation
    return certain, columns, np.square(found).sum(axis=-1).mean(axis=0)


def _half(step: Doubles) -> Doubles:
    """Return steps as float16 holds them; one beyond its range stays, so that it is seen."""
    with np.errstate(over="ignore"):
        half = step.astype(np.float32).astype(np.float16).astype(np.float64)
    return np.where(np.isfinite(half), half, step)


def last_place(values: Floats | Doubles, digits: int = 11) -> Doubles:
    """Return the distance between floats of so many digits around each value; 11: float16."""
    _, exponent = np.frexp(np.abs(values))
    return np.asarray(np.ldexp(1.0, np.maximum(exponent, -13) - digits))
