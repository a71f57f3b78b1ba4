"""What storing activations in few bits must do to a product, predicted from operands alone.

Nothing here is fitted and nothing is taken from the code on trial: steps come from the activations,
weights from the file. The derivation stands in docs/derivations.md.
"""

from __future__ import annotations

from collections.abc import Mapping
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
    """The error of a product whose activations were stored on a grid; W is (rows, columns)."""

    certain: Doubles
    """What every rounding to the nearest does alike, float64 (tokens, rows)."""
    power: Doubles
    """Expected squared L2 norm of the rest, (tokens,)."""
    scatter: Doubles
    """Squared Frobenius norm of its covariance, (tokens,): half the variance of that norm."""
    rounding: Doubles
    """Largest L2 norm of what float32 adds to the products of blocks, (tokens,)."""

    def limit(self, tail: float) -> float:
        """Return the L2 norm over all tokens that is exceeded with probability `tail` at most."""
        t = -np.log(tail)
        largest = np.sqrt(self.scatter.max())  # no eigenvalue is larger
        square = self.power.sum() + 2.0 * np.sqrt(t * self.scatter.sum()) + 2.0 * t * largest
        return float(np.sqrt(square) + np.sqrt(np.square(self.rounding).sum()))


def predicted(weights: Floats, minima: Floats | None, x: Floats, grid: Grid) -> Noise:
    """Predict the error of `x` (tokens, columns) times `weights` (rows, columns).

    `minima` are those of the blocks of weights, float32 (rows, columns / block), for a grid that
    stores sums.
    """
    blocks = x.reshape(len(x), -1, grid.block).astype(np.float64)
    step = np.abs(blocks).max(axis=-1, keepdims=True) / _LARGEST_QUANT
    # Below half a step there is no chance left: the quant is 0 and the error the value itself.
    lost = np.abs(blocks) < step / 2
    kept = np.where(lost, 0.0, blocks)
    change = _stored(step) / np.where(step > 0, step, 1.0) - (step > 0) if grid.half else 0.0 * step
    certain = _product(np.where(lost, -blocks, change * blocks), weights)
    deviation = np.where(lost, 0.0, step / np.sqrt(12.0))
    power, scatter = _power(weights, deviation.reshape(x.shape))
    if grid.sums and minima is not None:
        sums = kept.sum(axis=-1)
        certain -= (change[..., 0] * sums) @ minima.T.astype(np.float64)
        # The stored sum errs by one rounding of float16, uniform over its last place.
        more = np.square(_last_place(sums)) / 12.0 @ np.square(minima, dtype=np.float64).sum(axis=0)
        power, scatter = power + more, scatter + np.square(more)
    size = np.linalg.norm(weights) * np.linalg.norm(x.astype(np.float64), axis=1)
    return Noise(certain, power, scatter, (blocks.shape[1] + 8) * UNIT * size)


def _product(x: Doubles, weights: Floats) -> Doubles:
    found = x.reshape(len(x), -1).astype(np.float32) @ weights.T
    return np.asarray(found, dtype=np.float64)


def _power(weights: Floats, deviation: Doubles) -> tuple[Doubles, Doubles]:
    """Return trace and squared Frobenius norm of D W' W D of every token, D = diag(deviation).

    The trace is exact; the norm is the mean of |D W' W D z|^2 over vectors z of random signs.
    """
    columns = np.einsum("ij,ij->j", weights, weights, dtype=np.float64)
    power = np.square(deviation) @ columns
    signs = np.random.default_rng(_SEED).choice([-1.0, 1.0], size=(_PROBES, deviation.shape[1]))
    drawn = (signs[:, None] * deviation).reshape(-1, deviation.shape[1]).astype(np.float32)
    back = ((drawn @ weights.T) @ weights).reshape(_PROBES, *deviation.shape) * deviation
    return power, np.square(back).sum(axis=-1).mean(axis=0)


def _stored(step: Doubles) -> Doubles:
    """Return steps as float16 holds them; one beyond its range stays, so that it is seen."""
    with np.errstate(over="ignore"):
        half = step.astype(np.float32).astype(np.float16).astype(np.float64)
    return np.where(np.isfinite(half), half, step)


def _last_place(values: Doubles) -> Doubles:
    """Return the distance between float16 numbers around each value."""
    _, exponent = np.frexp(np.abs(values))
    return np.asarray(np.ldexp(1.0, np.maximum(exponent, -13) - 11))
