"""Quantised matrix times up to four quantised vectors in AVX2 instructions, all stored types.

Import only where `numba_compile.has_vectors()`. A block of weights is unpacked once for all vectors
of a tile. The float order is that of ggml's AVX2 routines, for each element alone; integers are
exact: pairs of products fit 16 bits (at most 2 * 128 * 127), lanes fit 32.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from pv.kernels.block_matmat.numba_unpack import Sums, add_long, add_short
from pv.kernels.layout import LONG, STORED_BYTES, Stored
from pv.kernels.processor.numba_compile import compiled
from pv.kernels.processor.numba_vectors import F32, F32X4, F32X8, I64, Emitter

_ADDRESS = types.intp  # an unsigned one times a signed number would be a float
_KINDS = tuple(Stored)

TILE = 4
"""Vectors that a block of weights is unpacked for at once; a rest of one goes alone."""
_CHUNK_BYTES = 1 << 17
"""Weights that stay in the second cache while all tiles of vectors pass over them."""


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
    lows = {Stored.Q4_K: F32X4, Stored.Q5_K: F32, Stored.Q4_1: F32, Stored.Q5_1: F32}.get(kind)
    kinds = [F32X8] * vectors + ([lows] * vectors if lows else [])
    nbytes = I64(STORED_BYTES[kind])
    with emit.repeat(count, *kinds) as (index, sums):
        block = b.add(at, b.mul(index, nbytes))
        multiply = add_long if kind in LONG else add_short
        multiply(emit, kind, block, Sums(index, count, given, sums[:vectors], sums[vectors:]))
    for vector in range(vectors):
        total = emit.fold_eight(b.load(sums[vector]))
        if lows:
            low = b.load(sums[vectors + vector])
            total = b.fadd(total, emit.fold_four(low) if lows is F32X4 else low)
        emit.store(b.add(out, b.mul(I64(vector), step)), 0, total)


@compiled(nogil=True)
def _rows(
    kind: int,
    width: int,
    weights: int,
    row_bytes: int,
    rows: tuple[int, int],
    per_row: int,
    given: tuple[int, int, int],
    strides: tuple[int, int, int],
    tokens: int,
    out: int,
    out_step: int,
) -> None:
    chunk = max(1, _CHUNK_BYTES // row_bytes)
    for first in range(rows[0], rows[1], chunk):
        for token in range(0, tokens, width):
            y = (
                given[0] + token * strides[0],
                given[1] + token * strides[1],
                given[2] + token * strides[2],
            )
            place = out + token * out_step
            for row in range(first, min(first + chunk, rows[1])):
                at = weights + row * row_bytes
                _row(kind, width, at, per_row, y, place + 4 * row, out_step)


_LOCK = threading.Lock()


@cache
def kernel(kind: Stored, width: int) -> Callable[..., None]:
    """Return the compiled loop of a type for tiles of 1 or `TILE` vectors, compiled when asked.

    It is called with addresses and strides in bytes and checks nothing: weights, bytes of a row,
    (first row, last row), blocks of a row, (scale, quants, sums), their strides from vector to
    vector, vectors (a multiple of the width), out, stride of out from vector to vector.
    """
    signature = (
        types.literal(_KINDS.index(kind)),
        types.literal(width),
        _ADDRESS,
        _ADDRESS,
        types.UniTuple(types.intp, 2),
        types.intp,
        types.UniTuple(_ADDRESS, 3),
        types.UniTuple(_ADDRESS, 3),
        types.intp,
        _ADDRESS,
        _ADDRESS,
    )
    with _LOCK:
        _rows.compile(signature)
    entry = _rows.overloads[signature].entry_point
    number = _KINDS.index(kind)
    return lambda *arguments: entry(number, width, *arguments)
