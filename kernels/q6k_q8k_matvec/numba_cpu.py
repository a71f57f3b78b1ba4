"""Q6_K matrix times Q8_K vector, compiled, in the two float orders of ggml.

Each order has portable loops; that of ggml's AVX2 route also has its vector instructions, which
give the same bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_array
from pv.kernels.layout import BLOCK_VALUES, Q6K_BYTES, Q8K, Order
from pv.kernels.processor.numba_compile import compiled, takes_vectors
from pv.kernels.processor.numba_floats import fma
from pv.kernels.processor.views import packed
from pv.kernels.q6k_dequantize.numba_cpu import BYTES_2D, FLOATS_1D, halves, unpack

_F = np.float32

_SIGNATURE = types.void(
    BYTES_2D,
    FLOATS_1D,
    FLOATS_1D,
    types.Array(types.int8, 2, "C", readonly=True),
    types.int16[:, ::1],
    types.float32[::1],
)


def matvec(
    blocks: NDArray[np.uint8],
    activation: Q8K,
    order: Order = Order.GGML_AVX2,
    *,
    vectors: bool | None = None,
) -> NDArray[np.float32]:
    """Multiply Q6_K rows, uint8 (rows, nb, 210), with a quantised vector of nb blocks.

    Returns float32 (rows,), the same bits whichever code runs. Block sums are taken from the
    quants. The weights are read where they are, read-only, mapped, unaligned or strided; only
    loops over a strided view pack it, one row at a time. `vectors` chooses between vector
    instructions and loops; by default the processor decides. Threads may run it at once.

    Raises:
        BadInputError: wrong dtype or shape, no block at all, or an order that does not exist.
        MissingError: vectors are asked for and the order or the processor has none.
    """
    require_array("q6_k matrix", blocks, np.uint8, (None, None, Q6K_BYTES))
    per_row = blocks.shape[1]
    require_array("q8_k scale", activation.scale, np.float32, (max(per_row, 1),))
    require_array("q8_k quants", activation.quants, np.int8, (per_row, BLOCK_VALUES))
    if order not in _ROUTES:
        raise BadInputError(f"order: found {order!r}, expected one of {', '.join(_ROUTES)}")
    scale = np.require(activation.scale, requirements=["C", "A"])
    quants = np.ascontiguousarray(activation.quants)
    sums = quants.reshape(per_row, 16, 16).sum(axis=-1, dtype=np.int16)  # at most 16 * 128
    use = takes_vectors(f"q6k_q8k_matvec, order {order}", vectors, order == Order.GGML_AVX2)
    out = np.empty(len(blocks), dtype=np.float32)
    if use and blocks.strides[2] == 1:
        _by_vectors(blocks, (scale, quants, sums), out)
    else:
        _by_loops(blocks, (scale, quants, sums), order, out)
    return out


def _by_vectors(
    blocks: NDArray[np.uint8], parts: tuple[NDArray[Any], ...], out: NDArray[np.float32]
) -> None:
    # Compiling these instructions aborts the process where the processor lacks them.
    from pv.kernels.q6k_q8k_matvec import numba_avx2  # noqa: PLC0415 - needs vectors

    places = (part.ctypes.data for part in parts)
    numba_avx2.rows(blocks.ctypes.data, *blocks.strides[:2], *places, blocks.shape[1], out)


def _by_loops(
    blocks: NDArray[np.uint8],
    parts: tuple[NDArray[Any], ...],
    order: Order,
    out: NDArray[np.float32],
) -> None:
    for rows, place in packed(blocks, out, 1):
        flat = rows.reshape(-1, Q6K_BYTES)
        _ROUTES[order](flat, halves(flat), *parts, place)


@njit
def _scale(blocks: NDArray[np.uint8], b: int, group: int) -> np.int32:
    return np.int32(np.int8(blocks[b, 192 + group]))


@njit
def _add_positions(
    blocks: NDArray[np.uint8],
    at: int,
    weights: NDArray[np.int32],
    quants: NDArray[np.int8],
    b: int,
    positions: NDArray[np.int32],
) -> None:
    """Sum scale * weight * quant over the eight parts of a block, for the 32 positions in them."""
    for i in range(32):
        positions[i] = 0
    for part in range(8):
        for group in range(2):
            scale = _scale(blocks, at, 2 * part + group)
            for k in range(16):
                i = 32 * part + 16 * group + k
                product = np.int32(weights[i] * np.int32(quants[b, i]))
                positions[16 * group + k] += np.int32(scale * product)


@compiled(_SIGNATURE, nogil=True)
def _generic(
    blocks: NDArray[np.uint8],
    halves: NDArray[np.float32],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    sums: NDArray[np.int16],  # noqa: ARG001 - both routes are called alike
    out: NDArray[np.float32],
) -> None:
    per_row = scale.shape[0]
    weights, positions = np.empty(256, np.int32), np.empty(32, np.int32)
    acc = np.empty(8, np.float32)
    for row in range(out.shape[0]):
        acc[:] = 0
        for b in range(per_row):
            at = row * per_row + b
            unpack(blocks, at, weights)
            for i in range(256):
                weights[i] -= np.int32(32)
            _add_positions(blocks, at, weights, quants, b, positions)
            step = halves[at] * scale[b]
            for lane in range(8):
                pairs = positions[lane] + positions[lane + 8]
                pairs += positions[lane + 16] + positions[lane + 24]
                acc[lane] += step * _F(pairs)  # rounded twice, as in ggml
        total = _F(0)
        for lane in range(8):
            total += acc[lane]
        out[row] = total


@compiled(_SIGNATURE, nogil=True)
def _avx2(
    blocks: NDArray[np.uint8],
    halves: NDArray[np.float32],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    sums: NDArray[np.int16],
    out: NDArray[np.float32],
) -> None:
    per_row = scale.shape[0]
    weights, positions = np.empty(256, np.int32), np.empty(32, np.int32)
    acc = np.empty(8, np.float32)
    for row in range(out.shape[0]):
        acc[:] = 0
        for b in range(per_row):
            at = row * per_row + b
            unpack(blocks, at, weights)
            _add_positions(blocks, at, weights, quants, b, positions)
            step = halves[at] * scale[b]
            for lane in range(8):
                four = positions[4 * lane] + positions[4 * lane + 1]
                four += positions[4 * lane + 2] + positions[4 * lane + 3]
                # The offset of two sub-blocks, not of the values in this lane.
                first = np.int32(_scale(blocks, at, 2 * lane) * np.int32(sums[b, 2 * lane]))
                first += _scale(blocks, at, 2 * lane + 1) * np.int32(sums[b, 2 * lane + 1])
                acc[lane] = fma(step, _F(np.int32(four - np.int32(32) * first)), acc[lane])
        for lane in range(4):
            acc[lane] = acc[lane + 4] + acc[lane]
        out[row] = (acc[0] + acc[2]) + (acc[1] + acc[3])


_ROUTES = {Order.GGML_GENERIC: _generic, Order.GGML_AVX2: _avx2}
