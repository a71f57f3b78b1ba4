"""Q4_K matrix times Q8_K vector, compiled, in every float order that is in use.

Each order has portable loops; the order of ggml's AVX2 route also has its vector instructions,
which give the same bits.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_array
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES, Q8K, Order
from pv.kernels.processor.numba_compile import compiled, takes_vectors
from pv.kernels.processor.numba_floats import fma
from pv.kernels.processor.views import packed
from pv.kernels.q4k_dequantize.numba_cpu import (
    BYTES_2D,
    FLOATS_2D,
    half_pairs,
    unpack,
)

_F = np.float32

_SIGNATURE = types.void(
    BYTES_2D,
    FLOATS_2D,
    types.Array(types.float32, 1, "C", readonly=True),
    types.Array(types.int8, 2, "C", readonly=True),
    types.int32[:, ::1],
    types.float32[::1],
)


def matvec(
    blocks: NDArray[np.uint8],
    activation: Q8K,
    order: Order = Order.SEQUENTIAL,
    *,
    vectors: bool | None = None,
) -> NDArray[np.float32]:
    """Multiply Q4_K rows, uint8 (rows, nb, 144), with a quantised vector of nb blocks.

    Returns float32 (rows,), the same bits whichever code runs. Block sums are taken from the
    quants. The weights are read where they are, read-only, mapped, unaligned or strided; only
    loops over a strided view pack it, one row at a time. `vectors` chooses between vector
    instructions and loops; by default the processor decides. Threads may run it at once.

    Raises:
        BadInputError: wrong dtype or shape, no block at all, or an order that does not exist.
        MissingError: vectors are asked for and the order or the processor has none.
    """
    require_array("q4_k matrix", blocks, np.uint8, (None, None, Q4K_BYTES))
    per_row = blocks.shape[1]
    require_array("q8_k scale", activation.scale, np.float32, (max(per_row, 1),))
    require_array("q8_k quants", activation.quants, np.int8, (per_row, BLOCK_VALUES))
    if order not in _ROUTES:
        raise BadInputError(f"order: found {order!r}, expected one of {', '.join(Order)}")
    scale = np.require(activation.scale, requirements=["C", "A"])
    quants = np.ascontiguousarray(activation.quants)
    use = takes_vectors(f"q4k_q8k_matvec, order {order}", vectors, order in _VECTOR_ORDERS)
    if use and blocks.strides[2] == 1:
        return _by_vectors(blocks, scale, quants)
    return _by_loops(blocks, scale, quants, order)


def _by_vectors(
    blocks: NDArray[np.uint8], scale: NDArray[np.float32], quants: NDArray[np.int8]
) -> NDArray[np.float32]:
    # Compiling these instructions aborts the process where the processor lacks them.
    from pv.kernels.q4k_q8k_matvec import numba_avx2  # noqa: PLC0415 - needs vectors

    rows, per_row = blocks.shape[:2]
    sums = quants.reshape(per_row, 8, 32).sum(axis=-1, dtype=np.int16)  # at most 32 * 128
    out = np.empty(rows, dtype=np.float32)
    places = (part.ctypes.data for part in (scale, quants, sums))
    numba_avx2.rows(blocks.ctypes.data, *blocks.strides[:2], *places, per_row, out)
    return out


def _by_loops(
    blocks: NDArray[np.uint8],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    order: Order,
) -> NDArray[np.float32]:
    sums = quants.reshape(-1, 8, 32).sum(axis=-1, dtype=np.int32)
    out = np.empty(len(blocks), dtype=np.float32)
    for part, place in packed(blocks, out, 1):
        flat = part.reshape(-1, Q4K_BYTES)
        _ROUTES[order](flat, half_pairs(flat), scale, quants, sums, place)
    return out


@compiled(_SIGNATURE, nogil=True)
def _sequential(
    blocks: NDArray[np.uint8],
    halves: NDArray[np.float32],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    sums: NDArray[np.int32],
    out: NDArray[np.float32],
) -> None:
    per_row = scale.shape[0]
    scales, minima = np.empty(8, np.int32), np.empty(8, np.int32)
    products = np.empty(8, np.int32)
    for row in range(out.shape[0]):
        total = _F(0)
        for b in range(per_row):
            at = row * per_row + b
            unpack(blocks, at, scales, minima)
            for chunk in range(4):
                low, high = np.int32(0), np.int32(0)
                for i in range(32):
                    byte = np.int32(blocks[at, 16 + 32 * chunk + i])
                    low += (byte & np.int32(15)) * np.int32(quants[b, 64 * chunk + i])
                    high += (byte >> np.int32(4)) * np.int32(quants[b, 64 * chunk + 32 + i])
                products[2 * chunk], products[2 * chunk + 1] = low, high
            for j in range(8):
                step = (halves[at, 0] * _F(scales[j])) * scale[b]
                offset = (halves[at, 1] * _F(minima[j])) * scale[b]
                total += step * _F(products[j]) - offset * _F(sums[b, j])
        out[row] = total


@njit
def _add_positions(
    blocks: NDArray[np.uint8],
    at: int,
    scales: NDArray[np.int32],
    quants: NDArray[np.int8],
    b: int,
    positions: NDArray[np.int32],
) -> None:
    """Sum scale * nibble * quant over the sub-blocks, for each of the 32 positions in them."""
    for i in range(32):
        positions[i] = 0
    for chunk in range(4):
        low, high = scales[2 * chunk], scales[2 * chunk + 1]
        for i in range(32):
            byte = np.int32(blocks[at, 16 + 32 * chunk + i])
            first = np.int32(low * (byte & np.int32(15)))
            second = np.int32(high * (byte >> np.int32(4)))
            positions[i] += np.int32(first * np.int32(quants[b, 64 * chunk + i]))
            positions[i] += np.int32(second * np.int32(quants[b, 64 * chunk + 32 + i]))


@compiled(_SIGNATURE, nogil=True)
def _generic(
    blocks: NDArray[np.uint8],
    halves: NDArray[np.float32],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    sums: NDArray[np.int32],
    out: NDArray[np.float32],
) -> None:
    per_row = scale.shape[0]
    scales, minima = np.empty(8, np.int32), np.empty(8, np.int32)
    positions, acc = np.empty(32, np.int32), np.empty(8, np.float32)
    for row in range(out.shape[0]):
        total = _F(0)
        for lane in range(8):
            acc[lane] = 0
        for b in range(per_row):
            at = row * per_row + b
            unpack(blocks, at, scales, minima)
            _add_positions(blocks, at, scales, quants, b, positions)
            step, offset = halves[at, 0] * scale[b], halves[at, 1] * scale[b]
            for lane in range(8):
                pairs = positions[lane] + positions[lane + 8]
                pairs += positions[lane + 16] + positions[lane + 24]
                acc[lane] = fma(step, _F(pairs), acc[lane])
            lowered = np.int32(0)
            for j in range(8):
                lowered += np.int32(minima[j] * sums[b, j])
            total = fma(-offset, _F(lowered), total)
        for lane in range(8):
            total += acc[lane]
        out[row] = total


@compiled(_SIGNATURE, nogil=True)
def _avx2(
    blocks: NDArray[np.uint8],
    halves: NDArray[np.float32],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    sums: NDArray[np.int32],
    out: NDArray[np.float32],
) -> None:
    per_row = scale.shape[0]
    scales, minima = np.empty(8, np.int32), np.empty(8, np.int32)
    positions = np.empty(32, np.int32)
    acc, low = np.empty(8, np.float32), np.empty(4, np.float32)
    for row in range(out.shape[0]):
        for lane in range(8):
            acc[lane] = 0
        for lane in range(4):
            low[lane] = 0
        for b in range(per_row):
            at = row * per_row + b
            unpack(blocks, at, scales, minima)
            _add_positions(blocks, at, scales, quants, b, positions)
            step, offset = halves[at, 0] * scale[b], -scale[b] * halves[at, 1]
            for lane in range(8):
                four = positions[4 * lane] + positions[4 * lane + 1]
                four += positions[4 * lane + 2] + positions[4 * lane + 3]
                acc[lane] = fma(step, _F(four), acc[lane])
            for lane in range(4):
                j = 2 * lane
                lowered = minima[j] * sums[b, j] + minima[j + 1] * sums[b, j + 1]
                low[lane] = fma(offset, _F(lowered), low[lane])
        for lane in range(4):
            acc[lane] = acc[lane + 4] + acc[lane]
        high = (acc[0] + acc[2]) + (acc[1] + acc[3])
        out[row] = high + ((low[0] + low[2]) + (low[1] + low[3]))


_ROUTES = {
    Order.SEQUENTIAL: _sequential,
    Order.AVX2_RUST: _avx2,
    Order.GGML_GENERIC: _generic,
    Order.GGML_AVX2: _avx2,
}
_VECTOR_ORDERS = frozenset({Order.GGML_AVX2, Order.AVX2_RUST})
