"""Q4_K matrix times Q8_K vector in AVX2 instructions, in the float order of ggml's AVX2 route.

Import only where `numba_compile.has_vectors()`. Integers are exact: 2 * 15 * 128 fits the 16 bits
of a pair, and 8 * 63 * 4 * 15 * 128 the 32 bits of a lane.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from pv.kernels.block_matmat.numba_unpack import six_bits
from pv.kernels.layout import Q4K_BYTES, Q4K_NIBBLES_AT
from pv.kernels.processor.numba_compile import compiled
from pv.kernels.processor.numba_vectors import (
    F32,
    F32X4,
    F32X8,
    I8X32,
    I16X8,
    I16X16,
    I32X8,
    I64,
    Emitter,
)  # fmt: skip

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
    with emit.repeat(count, F32X8, F32X4) as (index, (high, low)):
        block = b.add(at, b.mul(index, step))
        emit.fetch_ahead(block, Q4K_BYTES)
        y = b.add(quants, b.mul(index, I64(256)))
        s = emit.load(scale, b.mul(index, I64(4)), F32)
        scales, minima = six_bits(emit, block)
        totals = emit.load(sums, b.mul(index, I64(16)), I16X8)

        offset = b.fmul(b.fneg(s), emit.half(block, 2))
        lowered = emit.floats(emit.pair_products(minima, totals))
        b.store(emit.fma(emit.splat(offset, F32X4), lowered, b.load(low)), low)

        factor = b.fmul(s, emit.half(block, 0))
        lanes = emit.floats(_lanes(emit, block, y, scales))
        b.store(emit.fma(emit.splat(factor, F32X8), lanes, b.load(high)), high)
    return b.fadd(emit.fold_eight(b.load(high)), emit.fold_four(b.load(low)))


def _lanes(emit: Emitter, block: ir.Value, y: ir.Value, scales: ir.Value) -> ir.Value:
    """Return scale * nibble * quant, in each of eight lanes summed over four neighbours, i32."""
    b = emit.builder
    total = ir.Constant(I32X8, None)
    fifteen, zeros = emit.splat(15, I8X32), ir.Constant(I8X32, None)
    for chunk in range(4):
        packed = emit.load(block, Q4K_NIBBLES_AT + 32 * chunk, I8X32)
        upper = b.and_(
            b.bitcast(b.lshr(b.bitcast(packed, I16X16), emit.splat(4, I16X16)), I8X32), fifteen
        )
        for half, nibbles in enumerate((b.and_(packed, fifteen), upper)):
            j = 2 * chunk + half
            pairs = emit.pair_products_u8(nibbles, emit.load(y, 32 * j, I8X32))
            # Byte j of either half and a zero, eight times: one shuffle within the halves.
            factor = b.bitcast(emit.pick(scales, [j, 32] * 8 + [16 + j, 32] * 8, zeros), I16X16)
            total = b.add(total, emit.pair_products(factor, pairs))
    return total


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
    (per_row,); quants: int8 (per_row, 256); sums: int16 (per_row, 8), of each 32 quants.
    """
    for row in range(out.shape[0]):
        at = weights + np.uintp(row * row_step)
        out[row] = _row(at, block_step, scale, quants, sums, per_row)
