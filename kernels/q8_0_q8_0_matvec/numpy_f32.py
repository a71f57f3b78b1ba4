"""Q8_0 matrix times Q8_0 vector in NumPy float32, in the two float orders of ggml.

All rows advance together: each NumPy operation on floats is one operation of the scalar routine.

The vector routine multiplies |q_w| with q_y under the sign of q_w. Where q_w is negative and q_y
is -128 the sign is lost, as 128 is no int8: ggml's quantisers never write -128 beside a scale
other than 0, but the bytes of a file may.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_array
from pv.kernels.fused import multiply_add
from pv.kernels.layout import Q8_0_BYTES, Order

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

ORDERS = (Order.GGML_GENERIC, Order.GGML_AVX2)
"""The orders that exist for this product."""


def matvec(blocks: Bytes, activation: Bytes, order: Order = Order.GGML_AVX2) -> Floats:
    """Multiply Q8_0 rows, uint8 (rows, nb, 34), with blocks, uint8 (nb, 34); float32 (rows,).

    Raises:
        BadInputError: wrong dtype or shape, no block at all, or an order that does not exist.
    """
    require_array("q8_0 matrix", blocks, np.uint8, (None, None, Q8_0_BYTES))
    require_array("q8_0 activation", activation, np.uint8, (max(blocks.shape[1], 1), Q8_0_BYTES))
    if order not in ORDERS:
        raise BadInputError(f"order: found {order!r}, expected one of {', '.join(ORDERS)}")
    with np.errstate(invalid="ignore", over="ignore"):
        steps = _halves(blocks) * _halves(activation)
        route = _generic if order == Order.GGML_GENERIC else _avx2
        return route(steps, _quants(blocks), _quants(activation))


def _generic(steps: Floats, w: NDArray[np.int8], y: NDArray[np.int8]) -> Floats:
    """One accumulator, block after block; product and sum are rounded apart."""
    sums = (w.astype(np.int32) * y.astype(np.int32)).sum(axis=-1, dtype=np.int32)
    total = np.zeros(len(w), np.float32)
    for b in range(w.shape[1]):
        total = total + steps[:, b] * sums[:, b].astype(np.float32)
    return total


def _avx2(steps: Floats, w: NDArray[np.int8], y: NDArray[np.int8]) -> Floats:
    """Eight lanes of four neighbours, fused; pairs added as the register folds."""
    signed = np.where(w < 0, np.negative(y), np.where(w > 0, y, np.int8(0)))
    terms = np.abs(w.astype(np.int32)) * signed.astype(np.int32)
    lanes = terms.reshape(*w.shape[:2], 8, 4).sum(axis=-1, dtype=np.int32).astype(np.float32)
    acc = np.zeros((len(w), 8), np.float32)
    for b in range(w.shape[1]):
        acc = multiply_add(steps[:, b, None], lanes[:, b], acc)
    half = acc[:, 4:] + acc[:, :4]
    return (half[:, 0] + half[:, 2]) + (half[:, 1] + half[:, 3])


def _halves(blocks: Bytes) -> Floats:
    return np.ascontiguousarray(blocks[..., :2]).view("<f2")[..., 0].astype(np.float32)


def _quants(blocks: Bytes) -> NDArray[np.int8]:
    return np.ascontiguousarray(blocks[..., 2:]).view(np.int8)
