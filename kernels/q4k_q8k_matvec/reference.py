"""Q4_K matrix times Q8_K vector in NumPy, in every float order that is in use.

The integers are exact in any order; the orders differ only in the float operations that follow.
All rows advance together: each NumPy operation below is one operation of the scalar routine.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_array
from pv.kernels.fused import multiply_add
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES, Order
from pv.kernels.q4k_dequantize.reference import nibbles, sub_scales, super_scales

__all__ = ["Activation", "IntegerSums", "Order", "integer_sums", "matvec", "matvec_f64"]

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


class Activation(Protocol):
    """A quantised vector of nb blocks: scale float32 (nb,), quants int8 (nb, 256).

    Stored block sums are an acceleration only; here the sums are taken from the quants.
    """

    @property
    def scale(self) -> NDArray[np.float32]:
        """Scale of each block."""

    @property
    def quants(self) -> NDArray[np.int8]:
        """Quants of each block."""


class IntegerSums(NamedTuple):
    """The exact integer parts of a product, before any scale is applied."""

    products: Ints
    """Sum of nibble * quant over each sub-block, int32 (rows, nb, 8)."""
    quants: Ints
    """Sum of the quants over each sub-block, int32 (nb, 8)."""


def matvec(
    blocks: NDArray[np.uint8], activation: Activation, order: Order = Order.SEQUENTIAL
) -> Floats:
    """Multiply Q4_K rows, uint8 (rows, nb, 144), with a quantised vector; float32 (rows,).

    Raises:
        BadInputError: wrong dtype or shape, no block at all, or an order that does not exist.
    """
    _require(blocks, activation)
    with np.errstate(invalid="ignore", over="ignore"):
        match order:
            case Order.SEQUENTIAL:
                return _sequential(blocks, activation)
            case Order.GGML_GENERIC:
                return _generic(blocks, activation)
            case Order.GGML_AVX2 | Order.AVX2_RUST:
                return _avx2(blocks, activation)
    raise BadInputError(f"order: found {order!r}, expected one of {', '.join(Order)}")


def integer_sums(blocks: NDArray[np.uint8], activation: Activation) -> IntegerSums:
    """Return the exact integer sums of every sub-block.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    _require(blocks, activation)
    products = _terms(blocks, activation).sum(axis=-1, dtype=np.int32)
    return IntegerSums(products, _quant_sums(activation))


def matvec_f64(blocks: NDArray[np.uint8], activation: Activation) -> NDArray[np.float64]:
    """Multiply with exact integers and every scale, product and sum in float64; float64 (rows,).

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    products, minima = _scaled_f64(blocks, activation, integer_sums(blocks, activation))
    with np.errstate(invalid="ignore"):  # infinite weights of both signs: NaN
        return np.asarray((products - minima).sum(axis=-1))


def absolute_terms(blocks: NDArray[np.uint8], activation: Activation) -> NDArray[np.float64]:
    """Return the sum of |terms| of each row, float64 (rows,): what rounding errors scale with.

    The terms are the two scaled sums of every sub-block, with each element's magnitude in them.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    _require(blocks, activation)
    magnitudes = np.abs(activation.quants.astype(np.int32)).reshape(-1, 8, 32).sum(axis=-1)
    sums = IntegerSums(np.abs(_terms(blocks, activation)).sum(axis=-1), magnitudes)
    products, minima = _scaled_f64(blocks, activation, sums)
    return np.asarray((np.abs(products) + np.abs(minima)).sum(axis=-1))


def _scaled_f64(
    blocks: NDArray[np.uint8], activation: Activation, sums: IntegerSums
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the product part and the minimum part of each block, float64 (rows, nb)."""
    d, dmin = (part.astype(np.float64) for part in super_scales(blocks))
    s = activation.scale.astype(np.float64)
    scales, minima = sub_scales(blocks)
    with np.errstate(invalid="ignore"):  # an infinite scale times a sum of 0: NaN
        products = d * s * (scales * sums.products).sum(axis=-1)
        return products, dmin * s * (minima * sums.quants).sum(axis=-1)


def _sequential(blocks: NDArray[np.uint8], activation: Activation) -> Floats:
    """Fold sub-block after sub-block into one accumulator, each operation rounded once."""
    d, dmin = super_scales(blocks)
    scales, minima = sub_scales(blocks)
    sums = integer_sums(blocks, activation)
    total = np.zeros(len(blocks), dtype=np.float32)
    for b, s in enumerate(activation.scale):
        for j in range(8):
            step = (d[:, b] * scales[:, b, j].astype(np.float32)) * s
            offset = (dmin[:, b] * minima[:, b, j].astype(np.float32)) * s
            product = step * sums.products[:, b, j].astype(np.float32)
            minimum = offset * sums.quants[b, j].astype(np.float32)
            total = total + (product - minimum)
    return total


def _generic(blocks: NDArray[np.uint8], activation: Activation) -> Floats:
    """Eight lanes, lane = position mod 8; minima in one accumulator; lanes added in turn."""
    d, dmin = super_scales(blocks)
    scales, minima = sub_scales(blocks)
    terms = scales[..., None] * _terms(blocks, activation)
    lanes = terms.reshape(*blocks.shape[:2], 32, 8).sum(axis=-2)
    offsets = (minima * _quant_sums(activation)).sum(axis=-1)
    acc = np.zeros((len(blocks), 8), dtype=np.float32)
    total = np.zeros(len(blocks), dtype=np.float32)
    for b, s in enumerate(activation.scale):
        acc = multiply_add((d[:, b] * s)[:, None], lanes[:, b].astype(np.float32), acc)
        total = multiply_add(-(dmin[:, b] * s), offsets[:, b].astype(np.float32), total)
    for lane in range(8):
        total = total + acc[:, lane]
    return total


def _avx2(blocks: NDArray[np.uint8], activation: Activation) -> Floats:
    """Eight lanes of four neighbours and four of two minima; pairs added as the registers fold."""
    d, dmin = super_scales(blocks)
    scales, minima = sub_scales(blocks)
    terms = scales[..., None] * _terms(blocks, activation)
    lanes = terms.reshape(*blocks.shape[:2], 8, 8, 4).sum(axis=(-3, -1))
    offsets = (minima * _quant_sums(activation)).reshape(*blocks.shape[:2], 4, 2).sum(axis=-1)
    acc = np.zeros((len(blocks), 8), dtype=np.float32)
    low = np.zeros((len(blocks), 4), dtype=np.float32)
    for b, s in enumerate(activation.scale):
        acc = multiply_add((d[:, b] * s)[:, None], lanes[:, b].astype(np.float32), acc)
        low = multiply_add((-s * dmin[:, b])[:, None], offsets[:, b].astype(np.float32), low)
    half = acc[:, 4:] + acc[:, :4]
    return _fold_four(half) + _fold_four(low)


def _fold_four(lanes: Floats) -> Floats:
    return (lanes[:, 0] + lanes[:, 2]) + (lanes[:, 1] + lanes[:, 3])


def _terms(blocks: NDArray[np.uint8], activation: Activation) -> Ints:
    """Return nibble * quant of every element, int32 (rows, nb, 8, 32)."""
    quants = activation.quants.astype(np.int32).reshape(-1, 8, 32)
    return nibbles(blocks).astype(np.int32) * quants


def _quant_sums(activation: Activation) -> Ints:
    return np.asarray(activation.quants.reshape(-1, 8, 32).sum(axis=-1, dtype=np.int32))


def _require(blocks: NDArray[np.uint8], activation: Activation) -> None:
    require_array("q4_k matrix", blocks, np.uint8, (None, None, Q4K_BYTES))
    per_row = max(blocks.shape[1], 1)
    require_array("q8_k scale", activation.scale, np.float32, (per_row,))
    require_array("q8_k quants", activation.quants, np.int8, (per_row, BLOCK_VALUES))
