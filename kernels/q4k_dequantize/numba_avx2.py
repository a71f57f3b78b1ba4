"""Q4_K blocks to float32 in AVX2 instructions, bit for bit what ggml gives.

Import only where `numba_compile.has_vectors()`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from pv.kernels.layout import Q4K_NIBBLES_AT, Q4K_SCALES_AT
from pv.kernels.processor.numba_compile import compiled
from pv.kernels.processor.numba_vectors import F32X8, I8, I32X4, I32X8, Emitter, vector


@intrinsic
def _block(_context: Any, _block: Any, _out: Any) -> Any:
    """One block: 144 bytes at `block` to 256 float32 at `out`."""
    signature = types.void(types.uintp, types.uintp)

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        _emit_block(Emitter(builder), *operands)
        return ir.Constant(ir.IntType(8).as_pointer(), None)  # how Numba spells "no value"

    return signature, generate


def _emit_block(emit: Emitter, block: ir.Value, out: ir.Value) -> None:
    b = emit.builder
    scales, minima = _six_bits(emit, block)
    steps = b.fmul(emit.splat(emit.half(block, 0), F32X8), scales)
    offsets = b.fmul(emit.splat(emit.half(block, 2), F32X8), minima)
    fifteen, four = emit.splat(15, I32X8), emit.splat(4, I32X8)
    for j in range(8):  # in the order of the weights, so that lines are written whole
        step, offset = (emit.pick(each, [j] * 8) for each in (steps, offsets))
        for part in range(4):
            at = Q4K_NIBBLES_AT + 32 * (j // 2) + 8 * part
            pairs = b.zext(emit.load(block, at, vector(I8, 8)), I32X8)
            nibbles = b.lshr(pairs, four) if j % 2 else b.and_(pairs, fifteen)
            weights = b.fsub(b.fmul(step, emit.floats(nibbles)), offset)
            emit.store(out, 4 * (32 * j + 8 * part), weights)


def _six_bits(emit: Emitter, block: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Return the eight scales and the eight minima as float32 x 8."""
    b = emit.builder
    first, second, third = (
        b.zext(emit.load(block, Q4K_SCALES_AT + 4 * i, vector(I8, 4)), I32X4) for i in range(3)
    )
    six, low, four = (emit.splat(value, I32X4) for value in (63, 15, 4))

    def top(word: ir.Value) -> ir.Value:
        return b.shl(b.lshr(word, emit.splat(6, I32X4)), four)

    scales = b.and_(first, six), b.or_(b.and_(third, low), top(first))
    minima = b.and_(second, six), b.or_(b.lshr(third, four), top(second))
    return tuple(emit.floats(emit.pick(pair[0], range(8), pair[1])) for pair in (scales, minima))


@compiled(types.void(types.uintp, types.intp, types.uintp, types.intp), nogil=True)
def blocks(first: int, step: int, out: int, count: int) -> None:
    """Write the weights of `count` blocks, `step` bytes apart, as float32 from `out` on."""
    for i in range(count):
        _block(first + np.uintp(i * step), out + np.uintp(i * 1024))
