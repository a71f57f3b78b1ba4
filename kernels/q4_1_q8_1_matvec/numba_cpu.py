"""Q4_1 matrix times Q8_1 vector in compiled loops, in the two float orders of ggml."""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_array
from pv.kernels.layout import Q4_1_BYTES, Q8_1_BYTES, Order
from pv.kernels.processor.numba_compile import compiled
from pv.kernels.processor.numba_floats import fma
from pv.kernels.processor.views import packed
from pv.kernels.q8_0_dequantize.numba_cpu import BYTES_2D, FLOATS_2D, halves

_F = np.float32
_SIGNATURE = types.void(BYTES_2D, FLOATS_2D, BYTES_2D, FLOATS_2D, types.float32[::1])


def matvec(
    blocks: NDArray[np.uint8], activation: NDArray[np.uint8], order: Order = Order.GGML_AVX2
) -> NDArray[np.float32]:
    """Multiply Q4_1 rows, uint8 (rows, nb, 20), with blocks, uint8 (nb, 36); float32 (rows,).

    Weights in C order are read where they are, read-only, mapped or unaligned; others are packed
    one row at a time. Threads may run it at once.

    Raises:
        BadInputError: wrong dtype or shape, no block at all, or an order that does not exist.
    """
    require_array("q4_1 matrix", blocks, np.uint8, (None, None, Q4_1_BYTES))
    require_array("q8_1 activation", activation, np.uint8, (max(blocks.shape[1], 1), Q8_1_BYTES))
    if order not in _ROUTES:
        raise BadInputError(f"order: found {order!r}, expected one of {', '.join(_ROUTES)}")
    y = np.ascontiguousarray(activation)
    out = np.empty(len(blocks), dtype=np.float32)
    for rows, place in packed(blocks, out, 1):
        flat = rows.reshape(-1, Q4_1_BYTES)
        _ROUTES[order](flat, halves(flat, 2), y, halves(y, 2), place)
    return out


@compiled(_SIGNATURE, nogil=True)
def _generic(
    blocks: NDArray[np.uint8],
    fields: NDArray[np.float32],
    y: NDArray[np.uint8],
    y_fields: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    per_row = y.shape[0]
    for row in range(out.shape[0]):
        total = _F(0)
        for b in range(per_row):
            at = row * per_row + b
            whole = np.int32(0)
            for i in range(16):
                byte = np.int32(blocks[at, 4 + i])
                whole += (byte & np.int32(15)) * np.int32(np.int8(y[b, 4 + i]))
                whole += (byte >> np.int32(4)) * np.int32(np.int8(y[b, 20 + i]))
            low = fields[at, 1] * y_fields[b, 1]
            total += fma(fields[at, 0] * y_fields[b, 0], _F(whole), low)
        out[row] = total


@compiled(_SIGNATURE, nogil=True)
def _avx2(
    blocks: NDArray[np.uint8],
    fields: NDArray[np.float32],
    y: NDArray[np.uint8],
    y_fields: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    per_row = y.shape[0]
    terms, acc = np.empty(32, np.int32), np.empty(8, np.float32)
    for row in range(out.shape[0]):
        low = _F(0)
        for lane in range(8):
            acc[lane] = 0
        for b in range(per_row):
            at = row * per_row + b
            for i in range(16):
                byte = np.int32(blocks[at, 4 + i])
                terms[i] = (byte & np.int32(15)) * np.int32(np.int8(y[b, 4 + i]))
                terms[16 + i] = (byte >> np.int32(4)) * np.int32(np.int8(y[b, 20 + i]))
            low = fma(fields[at, 1], y_fields[b, 1], low)
            step = fields[at, 0] * y_fields[b, 0]
            for lane in range(8):
                four = terms[4 * lane] + terms[4 * lane + 1]
                four += terms[4 * lane + 2] + terms[4 * lane + 3]
                acc[lane] = fma(step, _F(four), acc[lane])
        for lane in range(4):
            acc[lane] = acc[lane + 4] + acc[lane]
        out[row] = ((acc[0] + acc[2]) + (acc[1] + acc[3])) + low


_ROUTES = {Order.GGML_GENERIC: _generic, Order.GGML_AVX2: _avx2}
