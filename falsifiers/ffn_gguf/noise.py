"""The noise that rounding activations to 8 bits must inject, predicted from weights and steps.

Nothing here is fitted: a quantiser that rounds to the nearest of equally spaced values leaves an
error close to uniform over one step. The derivations stand in docs/derivations.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.layout import BLOCK_VALUES as BLOCK

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_AT_ONCE = 1 << 19
"""Products that are held at a time: 4 MB as float64."""
LARGEST_QUANT = 127
"""Quant of the largest magnitude in a block, so that the step is that magnitude over 127."""


@dataclass(frozen=True, slots=True)
class WeightEnergy:
    """What the columns of a weight matrix do to independent errors, by block of columns."""

    traces: Doubles
    """Sum of squared weights of each block of 256 columns, float64 (nb,)."""
    overlaps: Doubles
    """Squared Frobenius norm of W_b' W_c for every two blocks, float64 (nb, nb)."""


def weight_energy(weights: Floats) -> WeightEnergy:
    """Measure a matrix, float32 (rows, nb * 256).

    Raises:
        BadInputError: the columns are not whole blocks.
    """
    rows, columns = weights.shape
    if columns == 0 or columns % BLOCK:
        raise BadInputError(
            f"weights: {columns} columns, expected a positive multiple of {BLOCK}",
            advice="only such a matrix can be multiplied with Q8_K activations",
        )
    count = columns // BLOCK
    blocks = weights.reshape(rows, count, BLOCK).transpose(1, 0, 2)
    overlaps, traces = np.zeros((count, count)), np.zeros(count)
    # ||W_b' W_c||^2 is the inner product of W_b W_b' and W_c W_c': some rows of these at a time,
    # with themselves and, as they are symmetric, with the later ones twice.
    step = max(1, _AT_ONCE // (count * rows))
    for first in range(0, rows, step):
        some, later = blocks[:, first : first + step], blocks[:, first + step :]
        own = some @ some.transpose(0, 2, 1)
        traces += np.einsum("bii->b", own, dtype=np.float64)
        for strips, times in ((own, 1.0), (some @ later.transpose(0, 2, 1), 2.0)):
            flat = strips.reshape(count, -1).astype(np.float64)
            overlaps += times * (flat @ flat.T)
    return WeightEnergy(traces, overlaps)


def steps(activations: Floats) -> Doubles:
    """Return the quantisation step of every block, float64 (tokens, nb).

    Computed here from the activations (tokens, nb * 256), and not taken from the quantiser: a
    wrong scale there must not move the prediction.
    """
    blocks = activations.reshape(len(activations), -1, BLOCK)
    return np.asarray(np.abs(blocks).max(axis=-1), dtype=np.float64) / LARGEST_QUANT


def predicted(energy: WeightEnergy, step: Doubles) -> Doubles:
    """Return sqrt(sum_j step_j^2 / 12 * sum_i W_ij^2) of every token, float64 (tokens,)."""
    return np.asarray(np.sqrt(step**2 @ energy.traces / 12.0))


def effective_rank(energy: WeightEnergy, step: Doubles) -> Doubles:
    """Return tr(M)^2 / tr(M^2) of every token, M = D W' W D with D = diag(step); (tokens,).

    The number of independent directions that share the injected noise: the more, the less the
    noise of one token scatters.
    """
    squared = step**2
    spread = np.einsum("tb,bc,tc->t", squared, energy.overlaps, squared)
    return np.asarray((squared @ energy.traces) ** 2 / spread)


def upper_bound(rank: Doubles, tail: float) -> Doubles:
    """Return what measured / predicted exceeds with probability `tail` at most, (tokens,).

    Cantelli's inequality with the variance 2 / rank of the squared ratio; no distribution assumed.
    """
    return np.asarray(np.sqrt(1.0 + np.sqrt((1.0 / tail - 1.0) * 2.0 / rank)))
