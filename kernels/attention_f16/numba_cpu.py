"""Attention and gate in compiled loops, with the bits of `pv.forward.float_order`.

Only where the processor has vector instructions: float16 is converted by it. Order and roundings
are those of ggml's AVX2 routines: four registers of eight lanes take the values in turn, with fused
multiply-add, then registers are added, then lanes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.processor.numba_compile import compiled

Floats = NDArray[np.float32]

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

_FLOATS_1D = types.Array(types.float32, 1, "C", readonly=True)
_FLOATS_3D = types.Array(types.float32, 3, "C", readonly=True)
_HALVES_3D = types.Array(types.uint16, 3, "C", readonly=True)


def attend(queries: Floats, keys: NDArray[np.float16], values: NDArray[np.float16]) -> Floats:
    """Attend causally: queries (t, heads, dim), keys and values (n, kv heads, dim), n >= t.

    Queries are what float16 holds, as the attention weights become. Query head h reads key-value
    head h // (heads / kv heads). Returns float32 (t, heads * dim); no token depends on the others.

    Raises:
        BadInputError: wrong dtype or shape.
    """
    tokens, heads, dim = queries.shape
    positions, shared = keys.shape[0], keys.shape[1]
    require_array("queries", queries, np.float32, (tokens, heads, dim))
    require_array("keys", keys, np.float16, (positions, shared, dim))
    require_array("values", values, np.float16, (positions, shared, dim))
    halves = (np.ascontiguousarray(each).view(np.uint16) for each in (keys, values))
    out = np.empty((tokens, heads * dim), np.float32)
    _attend(np.ascontiguousarray(queries), *halves, _F(1.0 / np.sqrt(dim)), out)
    return out


def silu(x: Floats) -> Floats:
    """Return `x / (1 + exp(-x))`, float32 of x's shape."""
    flat = np.ascontiguousarray(x).reshape(-1)
    out = np.empty_like(flat)
    _silu(flat, out)
    return out.reshape(x.shape)


@intrinsic
def _fma(_context: Any, _a: Any, _b: Any, _c: Any) -> Any:
    """Fused multiply-add of float32: `a * b + c` rounded once."""
    signature = types.float32(types.float32, types.float32, types.float32)

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        return builder.fma(*operands)

    return signature, generate


@intrinsic
def _from_half(_context: Any, _word: Any) -> Any:
    """Return a float16, given by its bits, as float32."""

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        return builder.fpext(builder.bitcast(operands[0], ir.HalfType()), ir.FloatType())

    return types.float32(types.uint16), generate


@intrinsic
def _as_half(_context: Any, _value: Any) -> Any:
    """Return a float32 as float16 holds it."""

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        return builder.fpext(builder.fptrunc(operands[0], ir.HalfType()), ir.FloatType())

    return types.float32(types.float32), generate


@njit
def _exponential(x: Any) -> Any:
    """Return e^x: the power of two nearest, times a polynomial of what is left."""
    n = _fma(x, _LOG2_E, _ROUNDER) - _ROUNDER
    if not abs(n) <= _LARGEST:  # NaN too
        return _F(np.inf) if n > _F(0) else _F(0)
    b = _fma(-n, _LN2_LOW, _fma(-n, _LN2_HIGH, x))
    high = _fma(_fma(b, _FIVE, _FOUR), b * b, _fma(b, _THREE, _TWO))
    small = _fma(high, b * b, b * _ONE)
    power = _F(math.ldexp(1.0, int(n)))
    return _fma(power, small, power)


@compiled(types.void(_FLOATS_1D, types.float32[::1]), error_model="numpy", nogil=True)
def _silu(x: Floats, out: Floats) -> None:
    for i in range(x.shape[0]):
        out[i] = x[i] / (_F(1) + _exponential(-x[i]))


@njit
def _folded(sums: Any, at: int) -> Any:
    """Return the sum of 32 lanes at `at`: registers first, then lanes in halves."""
    total = np.empty(8, np.float32)
    for lane in range(8):
        first = sums[lane, at] + sums[16 + lane, at]
        total[lane] = first + (sums[8 + lane, at] + sums[24 + lane, at])
    for lane in range(4):
        total[lane] += total[4 + lane]
    return (total[0] + total[1]) + (total[2] + total[3])


@njit
def _weigh(scores: Any, seen: int) -> None:
    """Turn scores into attention weights, as float16 holds them."""
    largest = scores[0]
    for p in range(1, seen):
        largest = max(largest, scores[p])
    total = 0.0
    for first in range(0, seen, 8):
        eight = np.zeros(8, np.float32)
        for p in range(first, min(first + 8, seen)):
            eight[p - first] = scores[p] = _exponential(scores[p] - largest)
        low = (eight[4] + eight[0]) + (eight[6] + eight[2])
        total += np.float64(low + ((eight[5] + eight[1]) + (eight[7] + eight[3])))
    factor = _F(1.0 / total)
    for p in range(seen):
        scores[p] = _as_half(scores[p] * factor)


@compiled(
    types.void(_FLOATS_3D, _HALVES_3D, _HALVES_3D, types.float32, types.float32[:, ::1]),
    error_model="numpy",
    nogil=True,
)
def _attend(queries: Any, keys: Any, values: Any, scale: Any, out: Any) -> None:
    tokens, heads, dim = queries.shape
    positions, shared = keys.shape[0], keys.shape[1]
    scores = np.empty(positions, np.float32)
    single, sums = np.empty((32, 1), np.float32), np.empty((32, dim), np.float32)
    for token in range(tokens):
        seen = positions - tokens + token + 1
        for head in range(heads):
            group = head // (heads // shared)
            for p in range(seen):
                single[:] = 0
                for base in range(0, dim, 32):
                    for i in range(base, min(base + 32, dim)):
                        key, lane = _from_half(keys[p, group, i]), i - base
                        single[lane, 0] = _fma(queries[token, head, i], key, single[lane, 0])
                scores[p] = _folded(single, 0) * scale
            _weigh(scores, seen)
            sums[:] = 0
            for p in range(seen):
                for i in range(dim):
                    value = _from_half(values[p, group, i])
                    sums[p % 32, i] = _fma(value, scores[p], sums[p % 32, i])
            for i in range(dim):
                out[token, head * dim + i] = _folded(sums, i)
