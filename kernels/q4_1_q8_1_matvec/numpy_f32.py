"""Q4_1 matrix times Q8_1 vector in NumPy float32, in the two float orders of ggml.

All rows advance together: each NumPy operation on floats is one operation of the scalar routine.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_array
from pv.kernels.fused import multiply_add
from pv.kernels.layout import Q4_1_BYTES, Q8_1_BYTES, Order

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

ORDERS = (Order.GGML_GENERIC, Order.GGML_AVX2)
"""The orders that exist for this product."""


def matvec(blocks: Bytes, activation: Bytes, order: Order = Order.GGML_AVX2) -> Floats:
    """Multiply Q4_1 rows, uint8 (rows, nb, 20), with blocks, uint8 (nb, 36); float32 (rows,).

    Raises:
        BadInputError: wrong dtype or shape, no block at all, or an order that does not exist.
    """
    require_array("q4_1 matrix", blocks, np.uint8, (None, None, Q4_1_BYTES))
    require_array("q8_1 activation", activation, np.uint8, (max(blocks.shape[1], 1), Q8_1_BYTES))
    if order not in ORDERS:
        raise BadInputError(f"order: found {order!r}, expected one of {', '.join(ORDERS)}")
    w, y = _fields(blocks), _fields(activation)
    low = blocks[..., 4:]
    nibbles = np.concatenate([low & 15, low >> 4], axis=-1).astype(np.int32)
    terms = nibbles * np.ascontiguousarray(activation[..., 4:]).view(np.int8).astype(np.int32)
    with np.errstate(invalid="ignore", over="ignore"):
        return (_generic if order == Order.GGML_GENERIC else _avx2)(w, y, terms)


def _generic(w: Floats, y: Floats, terms: NDArray[np.int32]) -> Floats:
    """One accumulator; the minimum is rounded, the product fused onto it, both added at once."""
    steps, minima = w[..., 0] * y[..., 0], w[..., 1] * y[..., 1]
    sums = terms.sum(axis=-1, dtype=np.int32).astype(np.float32)
    total = np.zeros(len(w), np.float32)
    for b in range(w.shape[1]):
        total = total + multiply_add(steps[:, b], sums[:, b], minima[:, b])
    return total


def _avx2(w: Floats, y: Floats, terms: NDArray[np.int32]) -> Floats:
    """Eight lanes of four neighbours and the minima beside them, all fused."""
    steps = w[..., 0] * y[..., 0]
    lanes = terms.reshape(*w.shape[:2], 8, 4).sum(axis=-1, dtype=np.int32).astype(np.float32)
    acc, low = np.zeros((len(w), 8), np.float32), np.zeros(len(w), np.float32)
    for b in range(w.shape[1]):
        low = multiply_add(w[:, b, 1], y[b, 1], low)
        acc = multiply_add(steps[:, b, None], lanes[:, b], acc)
    half = acc[:, 4:] + acc[:, :4]
    return ((half[:, 0] + half[:, 2]) + (half[:, 1] + half[:, 3])) + low


def _fields(blocks: Bytes) -> Floats:
    return np.ascontiguousarray(blocks[..., :4]).view("<f2").astype(np.float32)
