"""Q6_K blocks to float32 in AVX2 instructions, bit for bit what ggml gives.

Import only where `numba_compile.has_vectors()`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from pv.kernels.layout import Q6K_D_AT, Q6K_HIGH_AT, Q6K_SCALES_AT
from pv.kernels.processor.numba_compile import compiled
from pv.kernels.processor.numba_vectors import F32X8, I8, I32X8, Emitter, vector


@intrinsic
def _block(_context: Any, _block: Any, _out: Any) -> Any:
    """One block: 210 bytes at `block` to 256 float32 at `out`."""
    signature = types.void(types.uintp, types.uintp)

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        _emit_block(Emitter(builder), *operands)
        return ir.Constant(ir.IntType(8).as_pointer(), None)  # how Numba spells "no value"

    return signature, generate


def _emit_block(emit: Emitter, block: ir.Value, out: ir.Value) -> None:
    b = emit.builder
    d = emit.splat(emit.half(block, Q6K_D_AT), F32X8)
    steps = []
    for half in range(2):
        stored = b.sext(emit.load(block, Q6K_SCALES_AT + 8 * half, vector(I8, 8)), I32X8)
        steps.append(b.fmul(d, emit.floats(stored)))
    for half in range(2):
        for part in range(4):  # eight values of each quarter at a time
            high = _eight(emit, block, Q6K_HIGH_AT + 32 * half + 8 * part)
            lows = [_eight(emit, block, 64 * half + 32 * side + 8 * part) for side in range(2)]
            for quarter in range(4):
                quants = _quants(emit, lows[quarter & 1], high, quarter)
                step = emit.pick(steps[half], [2 * quarter + part // 2] * 8)
                place = 128 * half + 32 * quarter + 8 * part
                emit.store(out, 4 * place, b.fmul(step, emit.floats(quants)))


def _eight(emit: Emitter, block: ir.Value, offset: int) -> ir.Value:
    """Return eight bytes as i32 x 8."""
    return emit.builder.zext(emit.load(block, offset, vector(I8, 8)), I32X8)


def _quants(emit: Emitter, low: ir.Value, high: ir.Value, quarter: int) -> ir.Value:
    """Return eight quants, -32 to 31, from the bytes that hold their nibbles and bit pairs."""
    b = emit.builder
    nibbles = b.and_(b.lshr(low, emit.splat(4 * (quarter >> 1), I32X8)), emit.splat(15, I32X8))
    pairs = b.and_(b.lshr(high, emit.splat(2 * quarter, I32X8)), emit.splat(3, I32X8))
    quants = b.or_(nibbles, b.shl(pairs, emit.splat(4, I32X8)))
    return b.sub(quants, emit.splat(32, I32X8))


@compiled(types.void(types.uintp, types.intp, types.uintp, types.intp), nogil=True)
def blocks(first: int, step: int, out: int, count: int) -> None:
    """Write the weights of `count` blocks, `step` bytes apart, as float32 from `out` on."""
    for i in range(count):
        _block(first + np.uintp(i * step), out + np.uintp(i * 1024))
