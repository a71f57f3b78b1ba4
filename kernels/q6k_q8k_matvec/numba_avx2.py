"""Q6_K matrix times Q8_K vector in AVX2 instructions, in the float order of ggml's AVX2 route.

Import only where `numba_compile.has_vectors()`. Integers are exact: 2 * 63 * 128 fits the 16 bits
of a pair, and 8 * 128 * 4 * 63 * 128 with 32 * 32 * 128 * 128 taken off the 32 bits of a lane.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from pv.kernels.layout import Q6K_BYTES, Q6K_D_AT, Q6K_HIGH_AT, Q6K_SCALES_AT
from pv.kernels.processor.numba_compile import compiled
from pv.kernels.processor.numba_vectors import (
    F32,
    F32X8,
    I8X16,
    I8X32,
    I16X16,
    I32X8,
    I64,
    Emitter,
)

_ADDRESS = types.uintp


@intrinsic
def _row(
    _context: Any, _at: Any, _step: Any, _scale: Any, _quants: Any, _sums: Any, _count: Any
) -> Any:
    """One row: blocks at `at`, `step` bytes apart, times `count` blocks of the activation."""
    signature = types.float32(_ADDRESS, types.intp, *[_ADDRESS] * 3, types.intp)

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        return _emit_row(Emitter(builder), *operands)

    return signature, generate


def _emit_row(
    emit: Emitter,
    at: ir.Value,
    step: ir.Value,
    scale: ir.Value,
    quants: ir.Value,
    sums: ir.Value,
    count: ir.Value,
) -> ir.Value:
    b = emit.builder
    with emit.repeat(count, F32X8) as (index, (acc,)):
        block = b.add(at, b.mul(index, step))
        emit.fetch_ahead(block, Q6K_BYTES)
        y = b.add(quants, b.mul(index, I64(256)))
        factor = b.fmul(emit.load(scale, b.mul(index, I64(4)), F32), emit.half(block, Q6K_D_AT))
        stored = emit.load(block, Q6K_SCALES_AT, I8X16)
        totals = emit.load(sums, b.mul(index, I64(32)), I16X16)
        offsets = emit.pair_products(b.sext(stored, I16X16), totals)
        lanes = b.sub(_lanes(emit, block, y, stored), b.shl(offsets, emit.splat(5, I32X8)))
        wide = emit.splat(factor, F32X8)
        b.store(emit.fma(wide, emit.floats(lanes), b.load(acc)), acc)
    return emit.fold_eight(b.load(acc))


def _lanes(emit: Emitter, block: ir.Value, y: ir.Value, scales: ir.Value) -> ir.Value:
    """Return scale * (q + 32) * quant, in each of eight lanes summed over four neighbours, i32."""
    b = emit.builder
    total = ir.Constant(I32X8, None)
    # Scales of first halves of 32 values below, of second halves above: spread within the halves.
    factors = b.sext(emit.pick(scales, [*range(0, 16, 2), *range(1, 16, 2)]), I16X16)
    for half in range(2):
        high = emit.load(block, Q6K_HIGH_AT + 32 * half, I8X32)
        lows = [emit.load(block, 64 * half + 32 * side, I8X32) for side in range(2)]
        for quarter in range(4):
            quants = _quants(emit, lows[quarter & 1], high, quarter)
            part = 4 * half + quarter
            pairs = emit.pair_products_u8(quants, emit.load(y, 32 * part, I8X32))
            spread = emit.pick(factors, [part] * 8 + [8 + part] * 8)
            total = b.add(total, emit.pair_products(spread, pairs))
    return total


def _quants(emit: Emitter, low: ir.Value, high: ir.Value, quarter: int) -> ir.Value:
    """Return 32 quants before 32 is taken off, u8, from their nibbles and bit pairs.

    Bytes have no shift of their own: words are shifted, and what crosses over is masked away.
    """
    b = emit.builder

    def shifted(value: ir.Value, places: int) -> ir.Value:
        """To the right where places > 0, else to the left."""
        words = b.bitcast(value, I16X16)
        by = emit.splat(abs(places), I16X16)
        return b.bitcast(b.lshr(words, by) if places > 0 else b.shl(words, by), I8X32)

    nibbles = low if quarter < 2 else shifted(low, 4)
    pairs = high if quarter == 2 else shifted(high, 2 * quarter - 4)
    return b.or_(b.and_(nibbles, emit.splat(15, I8X32)), b.and_(pairs, emit.splat(0x30, I8X32)))


@compiled(
    types.void(_ADDRESS, types.intp, types.intp, *[_ADDRESS] * 3, types.intp, types.float32[::1]),
    nogil=True,
)
def rows(
    weights: int,
    row_step: int,
    block_step: int,
    scale: int,
    quants: int,
    sums: int,
    per_row: int,
    out: NDArray[np.float32],
) -> None:
    """Fill out, float32 (rows,), from addresses; nothing is checked here.

    weights: the first block, rows `row_step` and blocks `block_step` bytes apart; scale: float32
    (per_row,); quants: int8 (per_row, 256); sums: int16 (per_row, 16), of each 16 quants.
    """
    for row in range(out.shape[0]):
        at = weights + np.uintp(row * row_step)
        out[row] = _row(at, block_step, scale, quants, sums, per_row)
