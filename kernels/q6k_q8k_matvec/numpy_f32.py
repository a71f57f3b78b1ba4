"""Q6_K matrix times Q8_K vector in NumPy float32, in the two float orders of ggml.

All rows advance together: each NumPy operation on floats is one operation of the scalar routine.
Unlike that for Q4_K, the portable routine as published rounds product and sum apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_array
from pv.kernels.fused import multiply_add
from pv.kernels.layout import BLOCK_VALUES, Q6K_BYTES, Q6K_D_AT, Q6K_HIGH_AT, Q6K_SCALES_AT, Order
from pv.kernels.q6k_q8k_matvec.reference import Activation

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

ORDERS = (Order.GGML_GENERIC, Order.GGML_AVX2)
"""The orders that exist for this product."""


def matvec(
    blocks: NDArray[np.uint8], activation: Activation, order: Order = Order.GGML_AVX2
) -> Floats:
    """Multiply Q6_K rows, uint8 (rows, nb, 210), with a quantised vector; float32 (rows,).

    Raises:
        BadInputError: wrong dtype or shape, no block at all, or an order that does not exist.
    """
    require_array("q6_k matrix", blocks, np.uint8, (None, None, Q6K_BYTES))
    per_row = max(blocks.shape[1], 1)
    require_array("q8_k scale", activation.scale, np.float32, (per_row,))
    require_array("q8_k quants", activation.quants, np.int8, (per_row, BLOCK_VALUES))
    if order not in ORDERS:
        raise BadInputError(f"order: found {order!r}, expected one of {', '.join(ORDERS)}")
    lanes = _generic_lanes if order == Order.GGML_GENERIC else _avx2_lanes
    sums = lanes(blocks, activation.quants.astype(np.int32)).astype(np.float32)
    d = np.ascontiguousarray(blocks[..., Q6K_D_AT:]).view("<f2")[..., 0].astype(np.float32)
    acc = np.zeros((len(blocks), 8), dtype=np.float32)
    with np.errstate(invalid="ignore", over="ignore"):
        for b, s in enumerate(activation.scale):
            step = (d[:, b] * s)[:, None]
            if order == Order.GGML_GENERIC:
                acc = acc + step * sums[:, b]
            else:
                acc = multiply_add(step, sums[:, b], acc)
        return _in_turn(acc) if order == Order.GGML_GENERIC else _as_registers_fold(acc)


def _generic_lanes(blocks: NDArray[np.uint8], y: Ints) -> Ints:
    """Sum scale * q * y over every eighth value, int32 (rows, nb, 8)."""
    terms = _scales(blocks)[..., None] * ((_stored(blocks) - 32) * y.reshape(-1, 16, 16))
    return np.asarray(terms.reshape(*blocks.shape[:2], 32, 8).sum(axis=-2, dtype=np.int32))


def _avx2_lanes(blocks: NDArray[np.uint8], y: Ints) -> Ints:
    """Sum scale * (q + 32) * y over four neighbours of each 32; take off two of the offsets.

    The offset 32 * scale * sum(y) of sub-blocks 2k and 2k + 1 is taken off in lane k, wherever
    their values went: the total is the same, the lanes are not.
    """
    leading = blocks.shape[:2]
    y = y.reshape(-1, 16, 16)
    scales = _scales(blocks)
    terms = scales[..., None] * (_stored(blocks) * y)
    lanes = terms.reshape(*leading, 8, 8, 4).sum(axis=(-3, -1), dtype=np.int32)
    offsets = (scales * y.sum(axis=-1)).reshape(*leading, 8, 2).sum(axis=-1, dtype=np.int32)
    return np.asarray(lanes - 32 * offsets)


def _scales(blocks: NDArray[np.uint8]) -> Ints:
    stored = np.ascontiguousarray(blocks[..., Q6K_SCALES_AT:Q6K_D_AT])
    return stored.view(np.int8).astype(np.int32)


def _stored(blocks: NDArray[np.uint8]) -> Ints:
    """Return q + 32 in the order of the weights, int32 (rows, nb, 16, 16), 0 to 63."""
    low = blocks[..., :Q6K_HIGH_AT].astype(np.int32)
    high = blocks[..., Q6K_HIGH_AT:Q6K_SCALES_AT].astype(np.int32)
    quarters = []
    for half in range(2):
        for quarter in range(4):
            start = 64 * half + 32 * (quarter % 2)
            nibble = (low[..., start : start + 32] >> (4 * (quarter // 2))) & 15
            pair = (high[..., 32 * half : 32 * half + 32] >> (2 * quarter)) & 3
            quarters.append(nibble | pair << 4)
    return np.concatenate(quarters, axis=-1).reshape(*blocks.shape[:2], 16, 16)


def _in_turn(acc: Floats) -> Floats:
    total = np.zeros(len(acc), dtype=np.float32)
    for lane in range(8):
        total = total + acc[:, lane]
    return total


def _as_registers_fold(acc: Floats) -> Floats:
    half = acc[:, 4:] + acc[:, :4]
    return (half[:, 0] + half[:, 2]) + (half[:, 1] + half[:, 3])
