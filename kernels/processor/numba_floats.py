"""Words for compiled float32 loops that Python has none for: fused multiply-add, float16, e^x.

float16 is converted by the processor (`numba_compile.has_vectors`). Loops over these become vector
code, and each element has the bits it would have alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

_F = np.float32
_ROUNDER = _F(float.fromhex("0x1.8p23"))
_LOG2_E = _F(float.fromhex("0x1.715476p+0"))
_LN2_HIGH = _F(float.fromhex("0x1.62e4p-1"))
_LN2_LOW = _F(float.fromhex("0x1.7f7d1cp-20"))
_ONE = _F(float.fromhex("0x1.ffffecp-1"))
_TWO = _F(float.fromhex("0x1.fffdb6p-2"))
_THREE = _F(float.fromhex("0x1.555e66p-3"))
_FOUR = _F(float.fromhex("0x1.573e2ep-5"))
_FIVE = _F(float.fromhex("0x1.0e4020p-7"))
_LARGEST = _F(192)


@intrinsic
def fma(_context: Any, _a: Any, _b: Any, _c: Any) -> Any:
    """Fused multiply-add of float32: `a * b + c` rounded once."""
    signature = types.float32(types.float32, types.float32, types.float32)

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        return builder.fma(*operands)

    return signature, generate


@intrinsic
def from_half(_context: Any, _word: Any) -> Any:
    """Return a float16, given by its bits, as float32."""

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        return builder.fpext(builder.bitcast(operands[0], ir.HalfType()), ir.FloatType())

    return types.float32(types.uint16), generate


@intrinsic
def as_half(_context: Any, _value: Any) -> Any:
    """Return a float32 as float16 holds it."""

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        return builder.fpext(builder.fptrunc(operands[0], ir.HalfType()), ir.FloatType())

    return types.float32(types.float32), generate


@intrinsic
def _power_of_two(_context: Any, _n: Any) -> Any:
    """Return 2^n for a whole n of float32 within ±192: zero and infinity where it has no such."""

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        wide, bits = ir.DoubleType(), ir.IntType(64)
        exponent = builder.add(builder.fptosi(operands[0], bits), bits(1023))
        power = builder.bitcast(builder.shl(exponent, bits(52)), wide)
        return builder.fptrunc(power, ir.FloatType())

    return types.float32(types.float32), generate


@njit
def exponential(x: Any) -> Any:
    """Return e^x: the power of two nearest, times a polynomial of what is left."""
    nearest = fma(x, _LOG2_E, _ROUNDER) - _ROUNDER
    within = abs(nearest) <= _LARGEST  # not NaN either
    n = nearest if within else _F(0)
    b = fma(-n, _LN2_LOW, fma(-n, _LN2_HIGH, x))
    high = fma(fma(b, _FIVE, _FOUR), b * b, fma(b, _THREE, _TWO))
    small = fma(high, b * b, b * _ONE)
    power = _power_of_two(n)
    found = fma(power, small, power)
    beyond = _F(np.inf) if nearest > _F(0) else _F(0)
    return found if within else beyond
