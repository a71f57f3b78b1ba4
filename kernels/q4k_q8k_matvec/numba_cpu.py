"""Q4_K matrix times Q8_K vector in compiled loops, in every float order that is in use."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_array
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES, Q8K, Order
from pv.kernels.q4k_dequantize.numba_cpu import (
    BYTES_2D,
    FLOATS_2D,
    half_pairs,
    minimum_at,
    scale_at,
)

_F = np.float32

_SIGNATURE = types.void(
    BYTES_2D,
    FLOATS_2D,
    types.Array(types.float32, 1, "C", readonly=True),
    types.Array(types.int8, 2, "C", readonly=True),
    types.float32[::1],
)


def matvec(
    blocks: NDArray[np.uint8], activation: Q8K, order: Order = Order.SEQUENTIAL
) -> NDArray[np.float32]:
    """Multiply Q4_K rows, uint8 (rows, nb, 144), with a quantised vector of nb blocks.

    Returns float32 (rows,). Block sums are taken from the quants.

    Raises:
        BadInputError: wrong dtype or shape, no block at all, or an order that does not exist.
    """
    require_array("q4_k matrix", blocks, np.uint8, (None, None, Q4K_BYTES))
    rows, per_row = blocks.shape[:2]
    require_array("q8_k scale", activation.scale, np.float32, (max(per_row, 1),))
    require_array("q8_k quants", activation.quants, np.int8, (per_row, BLOCK_VALUES))
    if order not in _ROUTES:
        raise BadInputError(f"order: found {order!r}, expected one of {', '.join(Order)}")
    flat = np.ascontiguousarray(blocks).reshape(-1, Q4K_BYTES)
    scale = np.require(activation.scale, requirements=["C", "A"])
    out = np.empty(rows, dtype=np.float32)
    _ROUTES[order](flat, half_pairs(flat), scale, np.ascontiguousarray(activation.quants), out)
    return out


@intrinsic
def _fma(_context: Any, _a: Any, _b: Any, _c: Any) -> Any:
    """Fused multiply-add of float32: `a * b + c` rounded once."""
    signature = types.float32(types.float32, types.float32, types.float32)

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        return builder.fma(*operands)

    return signature, generate


@njit
def _sub_block_sums(
    block: NDArray[np.uint8], quants: NDArray[np.int8], j: int
) -> tuple[np.int32, np.int32]:
    """Return the sums of nibble * quant and of the quants over sub-block j."""
    products, total = np.int32(0), np.int32(0)
    shift = 4 * (j & 1)
    for i in range(32):
        nibble = np.int32((block[16 + 32 * (j >> 1) + i] >> shift) & 15)
        quant = np.int32(quants[32 * j + i])
        products += nibble * quant
        total += quant
    return products, total


@njit(_SIGNATURE)
def _sequential(
    blocks: NDArray[np.uint8],
    halves: NDArray[np.float32],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    out: NDArray[np.float32],
) -> None:
    per_row = scale.shape[0]
    for row in range(out.shape[0]):
        total = _F(0)
        for b in range(per_row):
            block = blocks[row * per_row + b]
            d, dmin = halves[row * per_row + b, 0], halves[row * per_row + b, 1]
            for j in range(8):
                products, sums = _sub_block_sums(block, quants[b], j)
                step = (d * _F(scale_at(block, j))) * scale[b]
                offset = (dmin * _F(minimum_at(block, j))) * scale[b]
                total += step * _F(products) - offset * _F(sums)
        out[row] = total


@njit
def _add_lanes(
    block: NDArray[np.uint8],
    quants: NDArray[np.int8],
    neighbours: bool,
    lanes: NDArray[np.int32],
    minima: NDArray[np.int32],
) -> None:
    """Fill eight lanes of scale * nibble * quant and four of minimum * sum of quants."""
    lanes[:] = 0
    minima[:] = 0
    for j in range(8):
        scale = np.int32(scale_at(block, j))
        shift = 4 * (j & 1)
        total = np.int32(0)
        for i in range(32):
            nibble = np.int32((block[16 + 32 * (j >> 1) + i] >> shift) & 15)
            quant = np.int32(quants[32 * j + i])
            lane = i >> 2 if neighbours else i & 7
            lanes[lane] += scale * nibble * quant
            total += quant
        minima[j >> 1] += np.int32(minimum_at(block, j)) * total


@njit(_SIGNATURE)
def _generic(
    blocks: NDArray[np.uint8],
    halves: NDArray[np.float32],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    out: NDArray[np.float32],
) -> None:
    per_row = scale.shape[0]
    lanes, minima = np.zeros(8, np.int32), np.zeros(4, np.int32)
    acc = np.zeros(8, np.float32)
    for row in range(out.shape[0]):
        acc[:] = 0
        total = _F(0)
        for b in range(per_row):
            at = row * per_row + b
            _add_lanes(blocks[at], quants[b], False, lanes, minima)
            step, offset = halves[at, 0] * scale[b], halves[at, 1] * scale[b]
            for lane in range(8):
                acc[lane] = _fma(step, _F(lanes[lane]), acc[lane])
            total = _fma(-offset, _F(minima[0] + minima[1] + minima[2] + minima[3]), total)
        for lane in range(8):
            total += acc[lane]
        out[row] = total


@njit(_SIGNATURE)
def _avx2(
    blocks: NDArray[np.uint8],
    halves: NDArray[np.float32],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    out: NDArray[np.float32],
) -> None:
    per_row = scale.shape[0]
    lanes, minima = np.zeros(8, np.int32), np.zeros(4, np.int32)
    acc, low = np.zeros(8, np.float32), np.zeros(4, np.float32)
    for row in range(out.shape[0]):
        acc[:] = 0
        low[:] = 0
        for b in range(per_row):
            at = row * per_row + b
            _add_lanes(blocks[at], quants[b], True, lanes, minima)
            step, offset = halves[at, 0] * scale[b], -scale[b] * halves[at, 1]
            for lane in range(8):
                acc[lane] = _fma(step, _F(lanes[lane]), acc[lane])
            for lane in range(4):
                low[lane] = _fma(offset, _F(minima[lane]), low[lane])
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
