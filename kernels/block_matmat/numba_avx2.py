"""Quantised matrix times up to four quantised vectors in AVX2 instructions, all stored types.

Import only where `numba_compile.has_vectors()`. A block of weights is unpacked once for all vectors
of a tile. The float order is that of ggml's AVX2 routines, for each element alone; integers are
exact: pairs of products fit 16 bits (at most 2 * 128 * 127), lanes fit 32.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from pv.kernels.block_matmat.numba_unpack import Sums, add_long, add_short
from pv.kernels.layout import LONG, STORED_BYTES, Stored
from pv.kernels.processor.numba_compile import compiled
from pv.kernels.processor.numba_vectors import F32, F32X4, F32X8, I32, I64, Emitter

_ADDRESS = types.intp
_KINDS = tuple(Stored)

TILE = 4
"""Vectors that a block of weights is unpacked for at once; a rest of one goes alone."""
_CHUNK_BYTES = 1 << 17
"""Weights that stay in the second cache while all tiles of vectors pass over them."""

_LOWS = {Stored.Q4_K: F32X4, Stored.Q5_K: F32, Stored.Q4_1: F32X4, Stored.Q5_1: F32X4}
"""What the minima of a row are added up in, in the types that have them."""


@intrinsic(prefer_literal=True)
def _row(
    _context: Any, kind: Any, width: Any, _at: Any, _count: Any, _y: Any, _out: Any, _step: Any
) -> Any:
    """One row at `at` times `width` vectors: results go to `out`, `step` bytes apart."""
    if not isinstance(kind, types.IntegerLiteral) or not isinstance(width, types.IntegerLiteral):
        return None
    stored, vectors = _KINDS[kind.literal_value], width.literal_value
    places = types.UniTuple(_ADDRESS, 3)
    signature = types.void(kind, width, _ADDRESS, types.intp, places, _ADDRESS, types.intp)

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        _, _, at, count, places, out, step = operands
        given = [builder.extract_value(places, k) for k in range(3)]
        _emit_row(Emitter(builder), stored, vectors, (at, count, out, step), given)

    return signature, generate


def _emit_row(
    emit: Emitter, kind: Stored, vectors: int, places: tuple[ir.Value, ...], given: list[ir.Value]
) -> None:
    at, count, out, step = places
    b = emit.builder
    lows = _LOWS.get(kind)
    kinds = [F32X8] * vectors + ([lows] * vectors if lows else [])
    nbytes = I64(STORED_BYTES[kind])
    with emit.repeat(count, *kinds) as (index, sums):
        block = b.add(at, b.mul(index, nbytes))
        if vectors == 1:  # each weight is used once: memory is what takes the time
            emit.fetch_ahead(block, STORED_BYTES[kind])
        multiply = add_long if kind in LONG else add_short
        multiply(emit, kind, block, Sums(index, count, given, sums[:vectors], sums[vectors:]))
    for vector in range(vectors):
        total = emit.fold_eight(b.load(sums[vector]))
        if lows:
            low = b.load(sums[vectors + vector])
            total = b.fadd(total, _folded_low(emit, kind, low))
        emit.store(b.add(out, b.mul(I64(vector), step)), 0, total)


def _folded_low(emit: Emitter, kind: Stored, low: ir.Value) -> ir.Value:
    """Return the sum of the minima of a row."""
    if kind is Stored.Q5_K:
        return low
    if kind is Stored.Q4_K:
        return emit.fold_four(low)
    return emit.builder.extract_element(low, I32(1))  # where the minimum stands in a block


@compiled(nogil=True)
def _rows(
    kind: int,
    width: int,
    weights: int,
    row_bytes: int,
    per_row: int,
    rows: tuple[int, int],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    sums: NDArray[Any],
    out: NDArray[np.float32],
) -> None:
    chunk = max(1, _CHUNK_BYTES // row_bytes)
    for first in range(rows[0], rows[1], chunk):
        for token in range(0, out.shape[0], width):
            y = (
                np.intp(scale.ctypes.data) + token * scale.strides[0],
                np.intp(quants.ctypes.data) + token * quants.strides[0],
                np.intp(sums.ctypes.data) + token * sums.strides[0],
            )
            place = np.intp(out.ctypes.data) + token * out.strides[0]
            for row in range(first, min(first + chunk, rows[1])):
                at = weights + row * row_bytes
                _row(kind, width, at, per_row, y, place + 4 * row, out.strides[0])


_LOCK = threading.Lock()


@cache
def kernel(kind: Stored, width: int) -> Callable[..., None]:
    """Return the compiled loop of a type for tiles of 1 or `TILE` vectors, compiled when asked.

    It is called with the address of the weights, bytes and blocks of a row, (first row, last row),
    scale, quants and sums of a multiple of the width of vectors, and out, float32 (vectors, rows),
    all in C order; it checks nothing.
    """

    def vectors(element: Any) -> Any:
        return types.Array(element, 2, "C", readonly=True)

    signature = (
        types.literal(_KINDS.index(kind)),
        types.literal(width),
        *[types.intp] * 3,
        types.UniTuple(types.intp, 2),
        vectors(types.float32),
        vectors(types.int8),
        vectors(types.int16 if kind in LONG else types.float32),
        types.float32[:, ::1],
    )
    with _LOCK:
        _rows.compile(signature)
    return partial(_rows.overloads[signature].entry_point, _KINDS.index(kind), width)
