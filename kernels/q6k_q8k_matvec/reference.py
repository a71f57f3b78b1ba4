"""Q6_K matrix times Q8_K vector in NumPy float64, over exact integers."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.layout import BLOCK_VALUES, Q6K_BYTES
from pv.kernels.q6k_dequantize.reference import quants, scales, super_scales

Wide = NDArray[np.float64]


class Activation(Protocol):
    """A quantised vector of nb blocks: scale float32 (nb,), quants int8 (nb, 256)."""

    @property
    def scale(self) -> NDArray[np.float32]:
        """Scale of each block."""

    @property
    def quants(self) -> NDArray[np.int8]:
        """Quants of each block."""


def matvec(blocks: NDArray[np.uint8], activation: Activation) -> Wide:
    """Multiply Q6_K rows, uint8 (rows, nb, 210), with a quantised vector; float64 (rows,).

    The integer sums are exact, every scale, product and sum is one of float64.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    shares = _scaled(blocks, activation, integer_sums(blocks, activation))
    return np.asarray(shares.sum(axis=-1))


def integer_sums(blocks: NDArray[np.uint8], activation: Activation) -> NDArray[np.int64]:
    """Return the sum of quant * quant over each 16 values, int64 (rows, nb, 16).

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    return np.asarray(_terms(blocks, activation).sum(axis=-1))


def absolute_terms(blocks: NDArray[np.uint8], activation: Activation) -> Wide:
    """Return what rounding errors of a row scale with, float64 (rows,).

    It is the sum of |d * s| * |scale| * |y| * (|q + 32| + 32): vector code keeps q + 32 and the 32
    in sums of their own, which are exact but may be taken apart by the order of the lanes.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    _require(blocks, activation)
    weights = quants(blocks).astype(np.int64) + 64
    y = np.abs(activation.quants.astype(np.int64))
    sums = (weights * y).reshape(*blocks.shape[:2], 16, 16).sum(axis=-1)
    factors = super_scales(blocks) * activation.scale.astype(np.float64)
    with np.errstate(invalid="ignore"):  # an infinite scale times zero
        terms = np.abs(factors)[..., None] * np.abs(scales(blocks).astype(np.float64)) * sums
    return np.asarray(terms.sum(axis=(-2, -1)))


def _scaled(blocks: NDArray[np.uint8], activation: Activation, sums: NDArray[np.int64]) -> Wide:
    """Return each block's share of the product, float64 (rows, nb)."""
    whole = (scales(blocks).astype(np.int64) * sums).sum(axis=-1)
    with np.errstate(invalid="ignore"):  # infinite weights of both signs: NaN
        factors = super_scales(blocks) * activation.scale.astype(np.float64)
        return np.asarray(factors * whole)


def _terms(blocks: NDArray[np.uint8], activation: Activation) -> NDArray[np.int64]:
    _require(blocks, activation)
    terms = quants(blocks).astype(np.int64) * activation.quants.astype(np.int64)
    return terms.reshape(*blocks.shape[:2], 16, 16)


def _require(blocks: NDArray[np.uint8], activation: Activation) -> None:
    require_array("q6_k matrix", blocks, np.uint8, (None, None, Q6K_BYTES))
    per_row = max(blocks.shape[1], 1)
    require_array("q8_k scale", activation.scale, np.float32, (per_row,))
    require_array("q8_k quants", activation.quants, np.int8, (per_row, BLOCK_VALUES))
